"""Label and field selectors, as the API server reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SET = re.compile(r"\s*([^\s!=,()]+)\s+(in|notin)\s+\(([^)]*)\)\s*(?:,|\Z)")
_EQUAL = re.compile(r"\s*([^\s!=,()]+)\s*(==|=|!=)\s*([^\s,]*)\s*(?:,|\Z)")
_EXISTS = re.compile(r"\s*(!?)\s*([^\s!=,()]+)\s*(?:,|\Z)")


def matches_labels(labels: Mapping[str, str], selector: str) -> bool:
    """Tell whether `labels` satisfy every requirement of `selector`.

    >>> matches_labels({"owner": "helm", "name": "a"}, "owner=helm,name in (a, b),!gone")
    True

    Raises:
        ValueError: It is no selector.
    """
    rest, fine = selector, True
    while rest.strip():
        if match := _SET.match(rest):
            key, operator, values = match.groups()
            inside = labels.get(key) in {value.strip() for value in values.split(",")}
            fine &= inside if operator == "in" else not inside
        elif match := _EQUAL.match(rest):
            key, operator, value = match.groups()
            fine &= (labels.get(key) == value) == (operator != "!=")
        elif match := _EXISTS.match(rest):
            absent, key = match.groups()
            fine &= (key in labels) != bool(absent)
        else:
            msg = f"unable to parse requirement: {rest!r}"
            raise ValueError(msg)
        rest = rest[match.end() :]
    return fine


def matches_fields(obj: Mapping[str, Any], selector: str) -> bool:
    """Tell whether the fields of `obj` satisfy every requirement of `selector` (`metadata.name=a,type!=b`)."""
    for requirement in filter(None, selector.split(",")):
        path, operator, wanted = re.split(r"(==|!=|=)", requirement, maxsplit=1)
        value: Any = obj
        for part in path.strip().split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if (str(value if value is not None else "") == wanted) != (operator != "!="):
            return False
    return True
