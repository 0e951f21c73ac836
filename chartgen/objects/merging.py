"""Lay a patch over an object as Kubernetes' strategic merge does it, lists by the names of their entries. Pure.

Maps merge by key (RFC 7386). Lists that Kubernetes keeps as maps (containers, env, ports, volumes) merge by the key
that tells their entries apart; all other lists are replaced. TOML has no null, so what is to go says
`{ "$patch" = "delete" }`, the word of kubectl's strategic merge patches, which works for map keys and for entries of
such lists alike; `"$patch" = "replace"` in a map puts the rest of that map in place of what was there.

The Go template `_patches.tpl` does the same with rendered objects; a property test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DIRECTIVE = "$patch"
DELETE = "delete"
REPLACE = "replace"

MERGE_KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "ports": ("name", "containerPort", "port"),
    "imagePullSecrets": ("name",),
    "secrets": ("name",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey",),
    "webhooks": ("name",),
}
"""By a list's field name what tells its entries apart: the first key that all entries of both lists have."""


def merge_patch(base: Any, over: Any, field: str = "") -> Any:
    """Return `base` with `over` laid on it; neither is changed.

    Args:
        base: What is there; None for nothing.
        over: The patch, or a part of it.
        field: The key under which both stand.

    >>> merge_patch({"env": [{"name": "A", "value": "1"}]}, {"env": [{"name": "B", "value": "2"}]})
    {'env': [{'name': 'A', 'value': '1'}, {'name': 'B', 'value': '2'}]}
    """
    if isinstance(over, Mapping):
        return _merge_maps(base if isinstance(base, Mapping) else {}, over)
    if isinstance(over, list):
        key = _key_of(field, base, over) if isinstance(base, list) else None
        return (
            _merge_lists(base, over, key) if key else [merge_patch(None, entry) for entry in over if not _goes(entry)]
        )
    return over


def _merge_maps(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = {} if over.get(DIRECTIVE) == REPLACE else dict(base)
    for key, value in over.items():
        if key == DIRECTIVE:
            continue
        if _goes(value):
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value, key)
    return result


def _merge_lists(base: list[Any], over: list[Any], key: str) -> list[Any]:
    result = {entry[key]: entry for entry in base}
    for entry in over:
        if _goes(entry):
            result.pop(entry[key], None)
        else:
            result[entry[key]] = merge_patch(result.get(entry[key]), entry)
    return list(result.values())


def _key_of(field: str, base: list[Any], over: list[Any]) -> str | None:
    entries = [*base, *over]
    if not base or not over or not all(isinstance(entry, Mapping) for entry in entries):
        return None
    return next((key for key in MERGE_KEYS.get(field, ()) if all(key in entry for entry in entries)), None)


def _goes(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get(DIRECTIVE) == DELETE
