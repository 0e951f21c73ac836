"""What changes between two renderings of a release: objects, fields, and which pods restart. Pure.

Lists that are maps by a key (env, containers, ports, volumes) are compared by that key, all others by position, so
one variable more is one change. Secrets are compared as they are and never shown: see `helmkit.secrecy`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from helmkit.secrecy import HIDDEN, mask_object, mask_text

_RESTARTS_ON_CHANGE = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
_TEMPLATE = "spec.template"
_HOOK = "helm.sh/hook"
_KEYS = ("name", "mountPath", "key", "ip", "host")
"""What may tell the entries of a list apart, the first that does it wins: mounts of one volume share its name."""
_LONG = 160
"""Characters of a text that are shown."""
_CONTEXT = 40
"""Characters that are shown before the first difference of two long texts."""


class FieldChange(msgspec.Struct, frozen=True):
    """One field that differs. `old` or `new` is None when it is not there."""

    path: str
    old: str | None
    new: str | None


class ObjectChange(msgspec.Struct, frozen=True):
    """One object that differs."""

    object: str
    """`Kind/name`."""
    change: str
    """`added`, `removed` or `changed`."""
    fields: tuple[FieldChange, ...] = ()
    restarts: bool = False
    """Its pods are replaced by themselves, without anybody deleting them."""
    why: tuple[str, ...] = ()
    """The paths in the pod template that make them restart."""


def compare_objects(old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]) -> tuple[ObjectChange, ...]:
    """Return what differs between two renderings, sorted by object; hooks are left out."""
    before, after = _index(old), _index(new)
    changes = []
    for identity in sorted({*before, *after}):
        change = _compare(before.get(identity), after.get(identity))
        if change:
            changes.append(change)
    return tuple(changes)


def compare_fields(old: Any, new: Any) -> tuple[FieldChange, ...]:
    """Return what differs between two trees of maps, lists and scalars, in order of their keys.

    >>> compare_fields({"a": 1, "b": {"c": "x"}}, {"a": 1, "b": {"c": "y"}})
    (FieldChange(path='b.c', old='x', new='y'),)
    """
    return tuple(_fields("", mask_object(old), mask_object(new)))


def object_name(item: Mapping[str, Any]) -> str:
    """Return `Kind/name`."""
    return f"{item.get('kind', '?')}/{(item.get('metadata') or {}).get('name', '?')}"


def _index(objects: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str, str], Mapping[str, Any]]:
    return {_identity(item): mask_object(item) for item in objects if not _is_hook(item)}


def _identity(item: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return what makes it the same object: its API's group, which survives a new version of the API, and its place."""
    group = str(item.get("apiVersion", "")).rpartition("/")[0]
    return object_name(item), group, str((item.get("metadata") or {}).get("namespace") or "")


def _is_hook(item: Mapping[str, Any]) -> bool:
    return _HOOK in ((item.get("metadata") or {}).get("annotations") or {})


def _compare(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> ObjectChange | None:
    if new is None:
        return ObjectChange(object_name(old or {}), "removed")
    if old is None:
        return ObjectChange(object_name(new), "added")
    fields = tuple(_fields("", old, new))
    if not fields:
        return None
    why = tuple(field.path for field in fields if _in_template(field.path)) if _replaces_pods(new) else ()
    return ObjectChange(object_name(new), "changed", fields, restarts=bool(why), why=why)


def _replaces_pods(item: Mapping[str, Any]) -> bool:
    """Tell whether its controller replaces pods whose template changed; with OnDelete it waits for somebody else."""
    strategy = (item.get("spec") or {}).get("updateStrategy") or {}
    return item.get("kind") in _RESTARTS_ON_CHANGE and strategy.get("type") != "OnDelete"


def _in_template(path: str) -> bool:
    return path == _TEMPLATE or path.startswith((f"{_TEMPLATE}.", f"{_TEMPLATE}["))


def _fields(path: str, old: Any, new: Any) -> Iterator[FieldChange]:
    if _same(old, new):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}, key=str):
            yield from _fields(_join(path, str(key)), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _entries(path, old, new)
    else:
        yield _change(path, old, new)


def _entries(path: str, old: list[Any], new: list[Any]) -> Iterator[FieldChange]:
    key = _key_of(old, new)
    if key is not None:
        before, after = ({str(entry[key]): entry for entry in entries} for entries in (old, new))
        for name in [*before, *(n for n in after if n not in before)]:
            yield from _fields(f"{path}[{name}]", before.get(name), after.get(name))
        # A pod template whose variables only change places is another template all the same.
        if [n for n in before if n in after] != [n for n in after if n in before]:
            yield FieldChange(f"{path} (order)", ", ".join(before), ", ".join(after))
    elif len(old) == len(new):
        for index, (left, right) in enumerate(zip(old, new, strict=True)):
            yield from _fields(f"{path}[{index}]", left, right)
    else:
        yield _change(path, old, new)


def _key_of(old: Sequence[Any], new: Sequence[Any]) -> str | None:
    """Return the key by which the entries of both lists are told apart, or None."""
    if not old or not new or not all(isinstance(entry, Mapping) for entry in (*old, *new)):
        return None
    for key in _KEYS:
        if all(key in entry for entry in (*old, *new)) and all(
            len({str(entry[key]) for entry in entries}) == len(entries) for entries in (old, new)
        ):
            return key
    return None


def _same(one: Any, other: Any) -> bool:
    # In Python 1 == True and 1 == 1.0; for the API server they are different things.
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other, strict=True))
    return type(one) is type(other) and bool(one == other)


def _join(path: str, key: str) -> str:
    shown = f'"{key}"' if "." in key else key
    return f"{path}.{shown}" if path else shown


def _change(path: str, old: Any, new: Any) -> FieldChange:
    before, after = _text(old), _text(new)
    if before is not None and before == after:
        # They differ in what is masked alone.
        return FieldChange(path, before, f"{after} (another one)")
    return FieldChange(path, *_cut(before, after))


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return mask_text(value)
    # A value that hides itself (helmkit.secrecy.Hidden) inside a list or a map.
    return mask_text(msgspec.json.encode(value, enc_hook=lambda _: HIDDEN).decode()).strip('"')


def _cut(old: str | None, new: str | None) -> tuple[str | None, str | None]:
    """Return two texts cut to what can be read, both from a little before their first difference."""
    if old is None or new is None:
        return _end(old, 0), _end(new, 0)
    if max(len(old), len(new)) <= _LONG:
        return old, new
    same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    start = max(0, same - _CONTEXT)
    return _end(old, start), _end(new, start)


def _end(text: str | None, start: int) -> str | None:
    if text is None or (len(text) <= _LONG and not start):
        return text
    shown = text[start : start + _LONG]
    return f"{'…' if start else ''}{shown}{'…' if start + _LONG < len(text) else ''} ({len(text)} characters)"
