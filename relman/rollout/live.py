"""The last known state of the objects of one kind, kept by watch events and direct reads (no I/O)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from relman.core.diagnosis.snapshot import Object, metadata, name_of, uid_of


class LiveObjects:
    """Objects of one kind in one namespace, by name. It never goes back in time.

    A direct read may be ahead of the watch, which then delivers what is older: the older one is dropped. Resource
    versions of one kind are comparable numbers (etcd always gave such, Kubernetes 1.35 guarantees it); where they are
    not numbers, what comes last wins.
    """

    def __init__(self) -> None:
        self._objects: dict[str, Object] = {}

    def __iter__(self) -> Iterator[Object]:
        """Iterate over the objects."""
        return iter(self._objects.values())

    def get(self, name: str) -> Object | None:
        """Return the object of this name, None when there is none."""
        return self._objects.get(name)

    def replace_all(self, objects: Iterable[Mapping[str, Any]]) -> None:
        """Take over a whole list: what is not in it is gone."""
        fresh = {name_of(item): item for item in objects}
        for name, item in fresh.items():
            known = self._objects.get(name)
            if known is not None and _is_newer(known, item):
                fresh[name] = known
        self._objects = fresh

    def put(self, item: Object) -> bool:
        """Take over one object unless it is older than what is known; return whether it was taken."""
        known = self._objects.get(name_of(item))
        if known is not None and _is_newer(known, item):
            return False
        self._objects[name_of(item)] = item
        return True

    def remove(self, item: Object) -> bool:
        """Forget a deleted object, unless another one of its name has been made since; return whether it was there."""
        known = self._objects.get(name_of(item))
        if known is None or (uid_of(known) != uid_of(item) and _is_newer(known, item)):
            return False
        del self._objects[name_of(item)]
        return True


def _is_newer(one: Object, other: Object) -> bool:
    versions = (metadata(one).get("resourceVersion"), metadata(other).get("resourceVersion"))
    if not all(isinstance(version, str) and version.isdecimal() for version in versions):
        return False
    return int(str(versions[0])) > int(str(versions[1]))
