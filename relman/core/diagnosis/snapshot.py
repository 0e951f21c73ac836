"""The live objects of one namespace at one moment (core, pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Object = Mapping[str, Any]
"""A Kubernetes object as parsed JSON."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What the cluster said about one namespace. Holds references, never copies: treat the objects as read-only."""

    objects: Mapping[tuple[str, str], Object]
    """By kind and name."""
    events: Sequence[Object] = ()
    """core/v1 Events; empty when nobody asked for them."""
    logs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Last log lines of crashed containers, by pod and container name."""
    namespace: str = ""
    """Objects of other namespaces are not in here and are not judged; empty means "do not compare"."""

    @classmethod
    def of(cls, objects: Iterable[Object], *, events: Iterable[Object] = (), namespace: str = "") -> Snapshot:
        """Index `objects` by kind and name."""
        index = {(str(item.get("kind", "")), name_of(item)): item for item in objects}
        return cls(index, tuple(events), namespace=namespace)

    def get(self, kind: str, name: str) -> Object | None:
        """Return the object, or None when it is not there."""
        return self.objects.get((kind, name))

    def owned(self, kind: str, owner: Object) -> list[Object]:
        """Return the objects of `kind` whose controller is `owner`, by UID, oldest name first."""
        return self._by_owner.get((kind, uid_of(owner)), [])

    def events_of(self, item: Object) -> list[Object]:
        """Return the events about `item`, oldest first."""
        return self._by_subject.get(uid_of(item), [])

    @cached_property
    def _by_owner(self) -> dict[tuple[str, str], list[Object]]:
        index: dict[tuple[str, str], list[Object]] = {}
        for (kind, _), item in sorted(self.objects.items()):
            for reference in metadata(item).get("ownerReferences") or ():
                if reference.get("controller"):
                    index.setdefault((kind, str(reference.get("uid", ""))), []).append(item)
        return index

    @cached_property
    def _by_subject(self) -> dict[str, list[Object]]:
        index: dict[str, list[Object]] = {}
        for event in sorted(self.events, key=event_time):
            subject = event.get("involvedObject") or event.get("regarding") or {}
            index.setdefault(str(subject.get("uid", "")), []).append(event)
        return index


def metadata(item: Object) -> Mapping[str, Any]:
    """Return an object's metadata, empty when it has none."""
    return item.get("metadata") or {}


def name_of(item: Object) -> str:
    """Return an object's name."""
    return str(metadata(item).get("name", ""))


def uid_of(item: Object) -> str:
    """Return an object's UID."""
    return str(metadata(item).get("uid", ""))


def spec_of(item: Object) -> Mapping[str, Any]:
    """Return an object's spec, empty when it has none."""
    return item.get("spec") or {}


def status_of(item: Object) -> Mapping[str, Any]:
    """Return an object's status, empty when it has none."""
    return item.get("status") or {}


def is_terminating(item: Object) -> bool:
    """Return whether an object is being deleted."""
    return bool(metadata(item).get("deletionTimestamp"))


def is_observed(item: Object) -> bool:
    """Return whether an object's controller has seen its newest generation; kinds that do not tell count as seen."""
    generation = metadata(item).get("generation")
    if item.get("kind") in {"Job", "Pod", "PersistentVolumeClaim"} or not isinstance(generation, int):
        return True
    observed = status_of(item).get("observedGeneration")
    return isinstance(observed, int) and observed >= generation


def label(item: Object, name: str) -> str | None:
    """Return the value of a label, None when it is not set."""
    value = (metadata(item).get("labels") or {}).get(name)
    return None if value is None else str(value)


def reference(item: Object) -> str:
    """Return how an object is named to people: `Kind/name`."""
    return f"{item.get('kind', '')}/{name_of(item)}"


def condition(item: Object, name: str) -> Mapping[str, Any]:
    """Return the status condition of this type, empty when it is not there."""
    for entry in status_of(item).get("conditions") or ():
        if entry.get("type") == name:
            return entry  # type: ignore[no-any-return]
    return {}


def event_time(event: Object) -> str:
    """Return when an event was last seen, RFC 3339, so that plain text order is time order."""
    series = event.get("series") or {}
    return str(
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or metadata(event).get("creationTimestamp")
        or ""
    )


def event_text(event: Object) -> str:
    """Return an event's message."""
    return str(event.get("message") or event.get("note") or "")
