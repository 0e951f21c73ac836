"""Managed fields in Kubernetes' own form, from the paths the in-memory server keeps, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from helmkit.kube.memory.apply import Item, Path, key_names, managed_fields


def fields_v1(obj: Mapping[str, Any], paths: Iterable[Path]) -> dict[str, Any]:
    """Return paths of an object as `fieldsV1`."""
    root: dict[str, Any] = {}
    for path in sorted(paths, key=repr):
        place = root
        for step in _steps(obj, path):
            place = place.setdefault(step, {})
    return root


def paths_of(obj: Mapping[str, Any], fields: Mapping[str, Any]) -> set[Path]:
    """Return the paths of an object that `fieldsV1` names."""
    return {path for path in managed_fields(obj) if _named(fields, _steps(obj, path))}


def _named(fields: Mapping[str, Any], steps: Iterable[str]) -> bool:
    place = fields
    for step in steps:
        if step not in place:
            return False
        place = place[step]
        if not place:
            return True
    return True


def _steps(obj: Mapping[str, Any], path: Path) -> list[str]:
    steps, field = [], ""
    value: Any = obj
    for part in path:
        if isinstance(part, Item):
            entry, names = _find(value, field, part)
            steps.append("k:" + json.dumps(names, separators=(",", ":")))
            value = entry
        else:
            steps.append(f"f:{part}")
            value, field = (value.get(part) if isinstance(value, Mapping) else None) or {}, part
    return steps


def _find(entries: Any, field: str, item: Item) -> tuple[Any, dict[str, Any]]:
    for entry in entries if isinstance(entries, list) else ():
        names = key_names(field, entry)
        if names is not None and names[0] == item.key:
            return entry, names[1]
    return {}, {"key": list(item.key)}
