"""Fields that people left in a workload by hand, and the object without them (pure).

An upgrade and a rollback set what the manifest states; what kubectl added beside it stays for ever, because nobody but
its field manager owns it. Only what a person's kubectl added to the pods' own specification is taken away: what
controllers and policies add elsewhere is theirs, and replicas may be an autoscaler's.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from relman.core.health import WORKLOADS

_TOOLS = ("kubectl",)
"""Field managers of people: `kubectl-set`, `kubectl-edit`, `kubectl-patch` and the like."""
_PLACE = ("f:spec", "f:template", "f:spec")


def strip_leftovers(stated: Mapping[str, Any], live: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return a live workload without what kubectl left in its pod template, and what that was, in words.

    Args:
        stated: As the manifest has it.
        live: As it is, with its managed fields.
    """
    if (live.get("apiVersion"), live.get("kind")) not in WORKLOADS:
        return dict(live), ()
    stripped: dict[str, Any] = copy.deepcopy(dict(live))
    removed: list[str] = []
    for entry in (live.get("metadata") or {}).get("managedFields") or ():
        manager = str(entry.get("manager", ""))
        fields = entry.get("fieldsV1") or {}
        for key in _PLACE:
            fields = fields.get(key) or {}
        if entry.get("subresource") or not manager.startswith(_TOOLS) or not fields:
            continue
        found: list[str] = []
        _strip(stripped["spec"]["template"]["spec"], fields, _pod_spec(stated), "spec.template.spec", found)
        removed += [f"{path}, set by {manager}, was removed" for path in found]
    return stripped, tuple(removed)


def _pod_spec(item: Mapping[str, Any]) -> Any:
    return ((item.get("spec") or {}).get("template") or {}).get("spec") or {}


def _strip(live: Any, fields: Mapping[str, Any], stated: Any, path: str, removed: list[str]) -> None:
    """Take from `live`, in place, what `fields` owns and `stated` does not state."""
    for key, below in fields.items():
        kind, _, rest = key.partition(":")
        inner = {name: part for name, part in (below or {}).items() if name != "."}
        if kind == "f" and isinstance(live, dict) and rest in live:
            place = f"{path}.{rest}"
            known = isinstance(stated, Mapping) and rest in stated
            if inner:
                _strip(live[rest], inner, stated[rest] if known else None, place, removed)
            elif not known:
                removed.append(place)
                del live[rest]
            if rest in live and not known and live[rest] in ({}, []):
                del live[rest]
        elif kind == "k" and isinstance(live, list):
            entry_key = json.loads(rest)
            # Who made an entry owns it (`.`), or at least what names it.
            whole = "." in (below or {}) or all(f"f:{name}" in inner for name in entry_key)
            _strip_entry(live, entry_key, inner, stated, path, removed, whole=whole)


def _strip_entry(
    live: list[Any], key: Mapping[str, Any], inner: Mapping[str, Any], stated: Any, path: str, removed: list[str], *,
    whole: bool,
) -> None:  # fmt: skip
    entry = _find(live, key)
    if entry is None:
        return
    place = f"{path}[{next(iter(key.values()))}]"
    known = _find(stated, key)
    if known is not None:
        _strip(entry, inner, known, place, removed)
    elif whole:
        removed.append(place)
        live.remove(entry)


def _find(entries: Any, key: Mapping[str, Any]) -> Any:
    """Return the entry of a list with this key; a protocol that is not stated is TCP."""
    if not isinstance(entries, list):
        return None
    defaults = {"protocol": "TCP"}
    for entry in entries:
        if isinstance(entry, Mapping) and all(entry.get(k, defaults.get(k)) == value for k, value in key.items()):
            return entry
    return None
