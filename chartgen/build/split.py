"""Split the values of one chart in several environments: what they share, and what each adds.

Helm merges maps and replaces everything else, and the only way to take a key away again is a null, which a subchart
ignores (helm/helm#32132). So a key stands in the shared values only if every environment has it; what is not
everywhere stands in the environments' files alone, and no null is ever needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chartgen.archetypes.archetype import Values


def split_values(full: Mapping[str, Values], preferred: str) -> tuple[Values, dict[str, Values]]:
    """Return the shared values and each environment's own.

    Merging an environment's own values over the shared ones as Helm does gives that environment's full values.

    Args:
        full: Complete values by environment.
        preferred: The environment whose values are shared where environments differ.
    """
    ordered = [full[preferred], *(values for name, values in full.items() if name != preferred)]
    shared = _shared(ordered)
    return shared, {name: _own(values, shared) for name, values in full.items()}


def merge_values(base: Values, override: Values) -> Values:
    """Return `override` merged over `base` as Helm does it: maps by key, everything else replaced."""
    merged = dict(base)
    for key, value in override.items():
        below = merged.get(key)
        merged[key] = merge_values(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _shared(maps: Sequence[Values]) -> Values:
    if len(maps) == 1:
        return maps[0]
    shared: Values = {}
    for key, value in maps[0].items():
        if not all(key in other for other in maps):
            continue
        values = [other[key] for other in maps]
        if all(isinstance(each, dict) for each in values):
            shared[key] = value if len({repr(each) for each in values}) == 1 else _shared(values)
        elif not any(isinstance(each, dict) for each in values):
            shared[key] = value
    return shared


def _own(values: Values, shared: Values) -> Values:
    own: Values = {}
    for key, value in values.items():
        if key not in shared:
            own[key] = value
        elif isinstance(value, dict):
            # Most environments share most maps; their texts are compared faster than their entries.
            if repr(value) != repr(shared[key]) and (below := _own(value, shared[key])):
                own[key] = below
        elif not _same(value, shared[key]):
            own[key] = value
    return own


def _same(one: Any, other: Any) -> bool:
    # In Python 1 == True and 1 == 1.0; in YAML they are different things.
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return type(one) is type(other) and bool(one == other)
