"""What goes beyond the vocabulary: patches of generated objects, and objects of one's own beside them."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from chartgen.objects.files import SUFFIXES, stays_inside
from chartgen.objects.merging import DELETE, DIRECTIVE, REPLACE
from chartgen.vocabulary.scalars import Entry, Key, ObjectName, Text, check_text, is_exact

_FROZEN = (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"), ("spec", "selector"))


def check_pattern(text: str) -> str:
    """Return `text` if it may name YAML files beside the release manifest.

    Raises:
        ValueError: It may not; the message says why.
    """
    if not stays_inside(text):
        msg = f"{text!r} does not stay inside the platform's folder"
        raise ValueError(msg)
    if not text.endswith(SUFFIXES):
        msg = f'{text!r} names no YAML files; write it like "objects/*.yaml"'
        raise ValueError(msg)
    return text


def check_data(value: Any) -> Any:
    """Return `value` if it is plain data that Helm hands through unchanged: texts, numbers, booleans, lists, tables.

    Raises:
        ValueError: It holds a date or time, or a text or a number that would be lost.
    """
    if isinstance(value, dict):
        for key, entry in value.items():
            check_text(key)
            check_data(entry)
    elif isinstance(value, list):
        for entry in value:
            check_data(entry)
    elif isinstance(value, str):
        check_text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        msg = f"{value} is no number that JSON knows"
        raise ValueError(msg)
    elif isinstance(value, int) and not is_exact(value):
        msg = f"{value} has more digits than Helm keeps; put it in quotes"
        raise ValueError(msg)
    elif not isinstance(value, bool | int | float):
        msg = f"{value} is a {type(value).__name__}; put it in quotes"
        raise ValueError(msg)
    return value


def _check_merge(merge: dict[str, Any]) -> dict[str, Any]:
    check_data(merge)
    _check_directives(merge)
    for path in _FROZEN:
        here: Any = merge
        for part in path:
            here = here.get(part) if isinstance(here, dict) else None
        if here is not None:
            msg = f"cannot change {'.'.join(path)}: it is what makes the object this one"
            raise ValueError(msg)
    return merge


def _check_directives(value: Any) -> None:
    if isinstance(value, dict):
        found = value.get(DIRECTIVE)
        if DIRECTIVE in value and found not in (DELETE, REPLACE):
            msg = f'"{DIRECTIVE}" is "{DELETE}" or "{REPLACE}", not {found!r}'
            raise ValueError(msg)
    for entry in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_directives(entry)


FilePattern = Annotated[Text, AfterValidator(check_pattern)]
"""YAML files below the folder of `releases.toml`: `objects/nfs/*.yaml`, `**` for folders of any depth."""
Data = Annotated[dict[str, Any], AfterValidator(check_data)]
"""Any table of plain data."""


class Patch(Entry):
    """A change of one generated object, laid over it when it is rendered. Lists of named entries merge by name."""

    kind: Annotated[Text, Field(min_length=1)]
    """Kind of the object: `Deployment`."""
    name: ObjectName | None = None
    """Its name. Default: every object of that kind."""
    merge: Annotated[dict[str, Any], AfterValidator(_check_merge), Field(min_length=1)]
    """What differs, in Kubernetes' own words. `{ "$patch" = "delete" }` takes a key or a list entry away."""


Patches = dict[Key, Patch]


class Escapes(Entry):
    """For what no word says yet. A patch that matches no object is an error."""

    patches: Patches = {}
    """By a free key, laid over the objects in the order of the keys."""
    extra_objects: list[FilePattern] = []
    """YAML files whose objects belong to this service as well."""
