"""What an API server keeps: objects, their versions, who owns their fields, and a history for watches.

Deterministic: resource versions count up, UIDs and times follow from them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from helmkit.kube.kinds import Kind
from helmkit.kube.memory.apply import Manager, Path
from helmkit.kube.memory.copying import copy_data
from helmkit.kube.memory.managed import fields_v1

Key = tuple[str, str, str, str]
"""API version, plural, namespace (empty for cluster-wide kinds) and name."""
Object = dict[str, Any]

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_WITHOUT_GENERATION = frozenset({"v1", "coordination.k8s.io/v1", "rbac.authorization.k8s.io/v1", "storage.k8s.io/v1"})


@dataclass(frozen=True)
class Change:
    """One entry of the history."""

    version: int
    type: str
    kind: Kind
    before: Object | None
    after: Object
    """As it was last, when deleted."""


@dataclass
class Store:
    """The objects of a cluster."""

    version: int = 100
    objects: dict[Key, Object] = field(default_factory=dict)
    owners: dict[str, dict[Manager, set[Path]]] = field(default_factory=dict)
    """By UID."""
    history: list[Change] = field(default_factory=list)
    oldest: int = 0
    """Resource versions below this one are forgotten."""
    listeners: list[Callable[[Change], None]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _fields: dict[tuple[str, Manager], tuple[frozenset[Path], dict[str, Any]]] = field(default_factory=dict)

    def get(self, key: Key) -> Object | None:
        """Return an object; it must not be changed in place."""
        return self.objects.get(key)

    def select(self, kind: Kind, namespace: str | None) -> Iterator[Object]:
        """Yield the objects of a kind by namespace and name."""
        wanted = (kind.api_version, kind.plural)
        keys = [key for key in self.objects if key[:2] == wanted and namespace in (None, key[2])]
        yield from [self.objects[key] for key in sorted(keys)]

    def write(self, kind: Kind, key: Key, obj: Object) -> Object:
        """Store an object, new or changed, and tell the watches. A write that changes nothing is none."""
        before = self.objects.get(key)
        obj = copy_data(obj)
        if before is None:
            self._initialise(kind, obj)
        elif _content(before) == _content(obj) and self._managed(obj, before) == before["metadata"]["managedFields"]:
            return before
        elif _counts_generation(kind) and before.get("spec") != obj.get("spec"):
            obj["metadata"]["generation"] = before["metadata"].get("generation", 0) + 1
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        obj["metadata"]["managedFields"] = self._managed(obj, before)
        self.objects[key] = obj
        self._tell(Change(self.version, "ADDED" if before is None else "MODIFIED", kind, before, obj))
        return obj

    def remove(self, kind: Kind, key: Key) -> None:
        """Delete an object for good."""
        before = self.objects.pop(key)
        self.owners.pop(before["metadata"]["uid"], None)
        self.version += 1
        last = copy_data(before)
        last["metadata"]["resourceVersion"] = str(self.version)
        self._tell(Change(self.version, "DELETED", kind, before, last))

    def forget_history(self) -> None:
        """Forget what happened so far, as a real server does after five minutes: older watches get 410."""
        self.history.clear()
        self.oldest = self.version
        self._wake()

    def now(self) -> str:
        """Return the time, which follows from the resource version."""
        return (_EPOCH + timedelta(seconds=self.version)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def new_uid(self) -> str:
        """Return a UID that was never used."""
        return f"00000000-0000-4000-8000-{self.version + 1:012x}"

    def _initialise(self, kind: Kind, obj: Object) -> None:
        metadata = obj["metadata"]
        # The owners of its fields are recorded under its UID before it is stored.
        metadata.setdefault("uid", self.new_uid())
        metadata["creationTimestamp"] = self.now()
        if _counts_generation(kind):
            metadata["generation"] = 1

    def _managed(self, obj: Object, before: Object | None) -> list[dict[str, Any]]:
        uid = obj["metadata"]["uid"]
        times = {_manager(entry): entry for entry in (before or {}).get("metadata", {}).get("managedFields", ())}
        entries = []
        for manager, paths in self.owners.get(uid, {}).items():
            name, operation, subresource = manager
            entry = {"manager": name, "operation": operation, "fieldsType": "FieldsV1", "apiVersion": obj["apiVersion"]}
            entry["fieldsV1"] = self._rendered(obj, manager, paths)
            if subresource:
                entry["subresource"] = subresource
            known = times.get(manager)
            entry["time"] = known["time"] if known and known["fieldsV1"] == entry["fieldsV1"] else self.now()
            entries.append(entry)
        return entries

    def _rendered(self, obj: Object, manager: Manager, paths: set[Path]) -> dict[str, Any]:
        """Return the paths as `fieldsV1`, rendered anew only when they changed."""
        known = self._fields.get((obj["metadata"]["uid"], manager))
        if known is None or known[0] != paths:
            known = (frozenset(paths), fields_v1(obj, paths))
            self._fields[obj["metadata"]["uid"], manager] = known
        return known[1]

    def _tell(self, change: Change) -> None:
        self.history.append(change)
        self._wake()
        for listener in list(self.listeners):
            listener(change)

    def _wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


def _counts_generation(kind: Kind) -> bool:
    return kind.api_version not in _WITHOUT_GENERATION


def _content(obj: Mapping[str, Any]) -> dict[str, Any]:
    ignored = {"resourceVersion", "managedFields", "generation"}
    metadata = {key: value for key, value in obj["metadata"].items() if key not in ignored}
    return {**obj, "metadata": metadata}


def _manager(entry: Mapping[str, Any]) -> Manager:
    return (entry["manager"], entry["operation"], entry.get("subresource", ""))
