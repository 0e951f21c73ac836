"""Server-side apply on dictionaries: who owns which field, what conflicts, what disappears.

A field is a path of map keys; items of lists that Kubernetes merges (env, containers, ports, …) are addressed by
their key, other lists are one field. Defaults, which a real server adds, are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Path = tuple["str | Item", ...]
Fields = dict[Path, Any]
Manager = tuple[str, str, str]
"""Name, operation (`Apply` or `Update`) and subresource."""

_MERGED_BY = {
    "containers": ("name",),
    "initContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "imagePullSecrets": ("name",),
    "volumeMounts": ("mountPath",),
    "ownerReferences": ("uid",),
    "conditions": ("type",),
}
_PORT_KEYS = ("containerPort", "port")
_NOT_MANAGED = frozenset(
    {"name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"}
)


@dataclass(frozen=True)
class Item:
    """An item of a merged list, by its key."""

    key: tuple[Any, ...]


def flatten(value: Any, path: Path = ()) -> Fields:
    """Return every field below `value`."""
    if isinstance(value, Mapping) and value:
        fields: Fields = {}
        for key, part in value.items():
            fields.update(flatten(part, (*path, str(key))))
        return fields
    if isinstance(value, list) and value and path and isinstance(path[-1], str):
        keys = [_key(path[-1], item) for item in value]
        if None not in keys and len(set(keys)) == len(keys):
            fields = {}
            for key, item in zip(keys, value, strict=True):
                fields.update(flatten(item, (*path, Item(key or ()))))
            return fields
    return {path: value}


def managed_fields(obj: Mapping[str, Any]) -> Fields:
    """Return the fields of an object that somebody can own."""
    return {
        path: value
        for path, value in flatten(obj).items()
        if path[0] not in {"apiVersion", "kind"} and not (path[0] == "metadata" and path[1] in _NOT_MANAGED)
    }


def unflatten(fields: Fields) -> dict[str, Any]:
    """Return the object with these fields; lists keep the order in which their items appear first."""
    root: dict[Any, Any] = {}
    for path, value in fields.items():
        place = root
        for step in path[:-1]:
            place = place.setdefault(step, {})
        place[path[-1]] = value
    built = _lists(root)
    return dict(built) if isinstance(built, dict) else {}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict) or not value:
        return value
    if all(isinstance(key, Item) for key in value):
        return [_lists(part) for part in value.values()]
    return {key: _lists(part) for key, part in value.items()}


def key_names(field: str, item: Any) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """Return the key of an entry of a merged list, and the fields it consists of; None when it has none."""
    key = _key(field, item)
    if key is None:
        return None
    names = [name for name in _PORT_KEYS if name in item][:1] if field == "ports" else _MERGED_BY[field]
    return key, {name: item[name] for name in names}


def _key(field: str, item: Any) -> tuple[Any, ...] | None:
    if not isinstance(item, Mapping):
        return None
    if field == "ports":
        number = next((item[key] for key in _PORT_KEYS if key in item), None)
        return None if number is None else (number, item.get("protocol", "TCP"))
    keys = _MERGED_BY.get(field, ())
    return tuple(item[key] for key in keys) if keys and all(key in item for key in keys) else None


def find_conflicts(
    live: Fields, wanted: Fields, owners: Mapping[Manager, set[Path]], manager: Manager
) -> list[tuple[str, Path]]:
    """Return the fields that others own and that `wanted` would change, with the owner's name."""
    return [
        (other[0], path)
        for other, owned in owners.items()
        if other != manager
        for path in wanted
        if path in owned and live.get(path) != wanted[path]
    ]


def merge(live: Fields, wanted: Fields, owners: dict[Manager, set[Path]], manager: Manager) -> Fields:
    """Return `live` with what `manager` applies, and change `owners` to match (as with force)."""
    before = owners.get(manager, set())
    others = {path for other, owned in owners.items() if other != manager for path in owned}
    dropped = before - set(wanted) - others
    merged = {path: value for path, value in live.items() if path not in dropped}
    for path, value in wanted.items():
        merged = {other: kept for other, kept in merged.items() if not _clashes(other, path)}
        merged[path] = value
    changed = {path for path in wanted if live.get(path) != wanted[path]}
    _take(owners, manager, changed)
    owners[manager] = set(wanted)
    return merged


def record_update(before: Fields, after: Fields, owners: dict[Manager, set[Path]], manager: Manager) -> None:
    """Change `owners` after a plain write: whoever changes a field owns it alone, nobody owns what is gone."""
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    _take(owners, manager, changed)
    owners[manager] = owners.get(manager, set()) | changed
    for known in list(owners):
        owners[known] &= set(after)
        if not owners[known]:
            del owners[known]


def render_path(path: Path) -> str:
    """Return a field as the API server's conflict messages write it."""
    parts = (f"[{','.join(map(repr, step.key))}]" if isinstance(step, Item) else f".{step}" for step in path)
    return "".join(parts)


def _take(owners: dict[Manager, set[Path]], manager: Manager, paths: Iterable[Path]) -> None:
    taken = set(paths)
    for other in list(owners):
        if other != manager:
            owners[other] -= taken
            if not owners[other]:
                del owners[other]


def _clashes(one: Path, other: Path) -> bool:
    """Tell whether one is the other's ancestor: then a map and a plain value stand in the same place."""
    shorter = min(len(one), len(other))
    return one != other and one[:shorter] == other[:shorter]
