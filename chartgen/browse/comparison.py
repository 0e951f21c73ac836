"""What differs between two versions of a chart: values, images, rendered objects. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chartgen.browse.records import Change
from helmkit.yaml import dump_yaml

Objects = Mapping[str, Mapping[str, Any]]
"""Rendered objects by `Kind namespace/name`."""


def compare_values(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Return the values that differ, by path; lists are compared whole, as Helm replaces them whole.

    >>> [c.name for c in compare_values({"image": {"tag": "1"}}, {"image": {"tag": "2"}})]
    ['image.tag']
    """
    before, after = dict(_leaves(old)), dict(_leaves(new))
    return list(_changes("value", before, after))


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        # A key may itself hold dots: data ids, annotations.
        name = f'"{key}"' if "." in str(key) else str(key)
        path = f"{prefix}.{name}" if prefix else name
        if isinstance(value, dict) and value:
            yield from _leaves(value, path)
        else:
            yield path, value


def compare_images(old: Iterable[str], new: Iterable[str]) -> list[Change]:
    """Return the images that came, went, or have another tag or digest."""
    before = {_without_tag(image): image for image in old}
    after = {_without_tag(image): image for image in new}
    return list(_changes("image", before, after))


def _without_tag(image: str) -> str:
    name = image.partition("@")[0]
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}"


def compare_objects(old: Objects, new: Objects) -> list[Change]:
    """Return the objects that differ, each with a unified diff of its YAML."""
    changes = []
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        lines = difflib.unified_diff(_lines(before), _lines(after), "old", "new", n=2)
        changes.append(Change("object", name, _action(before, after), diff="".join(lines)))
    return changes


def index_objects(documents: Iterable[Mapping[str, Any]], namespace: str) -> dict[str, Mapping[str, Any]]:
    """Return objects by `Kind namespace/name`; one that names no namespace is in `namespace`."""
    found: dict[str, Mapping[str, Any]] = {}
    for one in documents:
        metadata = one.get("metadata") or {}
        place = metadata.get("namespace") or namespace
        found[f"{one.get('kind', '?')} {place}/{metadata.get('name', '?')}"] = one
    return found


def _lines(document: Mapping[str, Any] | None) -> list[str]:
    return dump_yaml(dict(document)).splitlines(keepends=True) if document is not None else []


def _changes(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old != new or (name in before) != (name in after):
            action = "added" if name not in before else "removed" if name not in after else "changed"
            yield Change(what, name, action, old, new)


def _action(old: object, new: object) -> str:
    return "added" if old is None else "removed" if new is None else "changed"
