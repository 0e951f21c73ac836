"""Managed fields: who owns which field of an object, taken over from others, and cut out of an object (pure).

The format is `FieldsV1` (KEP-555): a trie of `f:name` for a key, `k:{...}` for an entry of a list that is merged by
keys, `v:value` for an entry of a set and `i:2` for one by its place; `.` stands for the map or the entry itself, and an
empty trie for everything below. Moving what client-side apply owned to an applier follows client-go's
`util/csaupgrade`, which kubectl uses for `--server-side`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

Fields = Mapping[str, Any]
"""A trie as in `fieldsV1`."""
Takes = Callable[[str, str], bool]
"""Tells of a manager and its subresource whether its fields are taken over."""

_SELF = "."


def owned_fields(obj: Mapping[str, Any], takes: Takes) -> dict[str, Any]:
    """Return what the managers that `takes` names own together, without what the object does not have.

    Entries in another API version of the kind count as well: what names no field here is left out.
    """
    fields: dict[str, Any] = {}
    for entry in (obj.get("metadata") or {}).get("managedFields") or ():
        if takes(str(entry.get("manager", "")), str(entry.get("subresource", ""))):
            fields = merge_fields(fields, entry.get("fieldsV1") or {})
    return _present(fields, obj)


def take_over(obj: Mapping[str, Any], manager: str, takes: Takes) -> list[dict[str, Any]]:
    """Return an object's `managedFields` after one applier took the fields of others over.

    Idempotent: an object whose fields it has already gets the same list back.

    Args:
        obj: The live object.
        manager: Who owns them afterwards, by server-side apply.
        takes: Whose fields; the rest keep theirs. `manager` itself need not be named.
    """
    entries = [dict(entry) for entry in (obj.get("metadata") or {}).get("managedFields") or ()]

    def taken(entry: Mapping[str, Any]) -> bool:
        name, subresource = str(entry.get("manager", "")), str(entry.get("subresource", ""))
        return takes(name, subresource) or (name == manager and not subresource)

    mine = [entry for entry in entries if taken(entry)]
    if len(mine) == 1 and (mine[0].get("manager"), mine[0].get("operation")) == (manager, "Apply"):
        return entries
    fields: dict[str, Any] = {}
    for entry in mine:
        fields = merge_fields(fields, entry.get("fieldsV1") or {})
    fields = _present(fields, obj)
    if not fields:
        return entries
    own: dict[str, Any] = {
        "manager": manager,
        "operation": "Apply",
        "apiVersion": obj.get("apiVersion"),
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }
    times = sorted(str(entry["time"]) for entry in mine if entry.get("time"))
    if times:
        own["time"] = times[-1]
    return [own, *(entry for entry in entries if not taken(entry))]


def merge_fields(one: Fields, other: Fields) -> dict[str, Any]:
    """Return the union of two tries; who owns everything below a field owns it also when the other owns a part."""
    merged = dict(one)
    for key, below in other.items():
        if key not in merged:
            merged[key] = below
        elif merged[key] and below:
            merged[key] = merge_fields(merged[key], below)
        elif key != _SELF:
            merged[key] = {}
    return merged


def extract_fields(value: Any, fields: Fields) -> Any:
    """Return the part of an object, or of something in one, that a trie names; entries of lists keep their order."""
    if not fields:
        return copy.deepcopy(value)
    inner = {key: below for key, below in fields.items() if key != _SELF}
    if isinstance(value, list):
        found = []
        for index, entry in enumerate(value):
            key = next((key for key in inner if _names_entry(key, entry, index)), None)
            if key is not None:
                keys = json.loads(key[2:]) if key.startswith("k:") else {}
                part = extract_fields(entry, inner[key])
                found.append({**{k: v for k, v in keys.items() if k in entry}, **part} if keys else part)
        return found
    if not isinstance(value, Mapping):
        return copy.deepcopy(value)
    chosen = {key[2:]: below for key, below in inner.items() if key.startswith("f:")}
    return {name: extract_fields(value[name], chosen[name]) for name in value if name in chosen}


def _present(fields: Fields, value: Any) -> dict[str, Any]:
    """Return a trie without what `value` does not have."""
    kept: dict[str, Any] = {}
    for key, below in fields.items():
        if key == _SELF:
            kept[key] = {}
            continue
        there, child = _child(value, key)
        if not there:
            continue
        left = _present(below, child)
        # Nothing left of a part must not become everything.
        if left or not below:
            kept[key] = left
    return kept


def _child(value: Any, key: str) -> tuple[bool, Any]:
    if key.startswith("f:"):
        return (True, value[key[2:]]) if isinstance(value, Mapping) and key[2:] in value else (False, None)
    if isinstance(value, list):
        for index, entry in enumerate(value):
            if _names_entry(key, entry, index):
                return True, entry
    return False, None


def _names_entry(key: str, entry: Any, index: int) -> bool:
    kind, _, rest = key.partition(":")
    if kind == "k":
        return isinstance(entry, Mapping) and json.loads(rest).items() <= entry.items()
    if kind == "v":
        return bool(json.loads(rest) == entry)
    return kind == "i" and rest == str(index)
