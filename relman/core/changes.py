"""What changes between two renderings of a service: fields, and which pods restart (pure).

Values of Secrets and of anything named like one are compared and never shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

_SECRET_NAME = re.compile(r"passw|secret|token|credential|api_?-?key|private_?-?key", re.IGNORECASE)
_POD_TEMPLATES = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
_HOOK = "helm.sh/hook"
_LONG = 200


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
    """Its pods are replaced."""
    why: tuple[str, ...] = ()
    """The paths in the pod template that make them restart."""


def compare_objects(old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]) -> tuple[ObjectChange, ...]:
    """Return what differs between two renderings, sorted by object; hooks are left out."""
    before, after = _index(old), _index(new)
    changes = []
    for reference in sorted({*before, *after}):
        change = _compare(reference, before.get(reference), after.get(reference))
        if change:
            changes.append(change)
    return tuple(changes)


def object_name(item: Mapping[str, Any]) -> str:
    """Return `Kind/name`."""
    return f"{item.get('kind', '?')}/{(item.get('metadata') or {}).get('name', '?')}"


def _index(objects: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {object_name(item): _masked(item) for item in objects if not _is_hook(item)}


def _is_hook(item: Mapping[str, Any]) -> bool:
    return _HOOK in ((item.get("metadata") or {}).get("annotations") or {})


def _compare(reference: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> ObjectChange | None:
    if old is None or new is None:
        return ObjectChange(object=reference, change="added" if old is None else "removed", restarts=False)
    fields = tuple(_fields("", old, new))
    if not fields:
        return None
    why: tuple[str, ...] = ()
    if reference.partition("/")[0] in _POD_TEMPLATES:
        why = tuple(field.path for field in fields if field.path.startswith("spec.template"))
    return ObjectChange(object=reference, change="changed", fields=fields, restarts=bool(why), why=why)


def _fields(path: str, old: Any, new: Any) -> Iterator[FieldChange]:
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}, key=str):
            yield from _fields(_join(path, str(key)), old.get(key), new.get(key))
    elif _named(old) and _named(new):
        before, after = _by_name(old), _by_name(new)
        for name in [*before, *(n for n in after if n not in before)]:
            yield from _fields(f"{path}[{name}]", before.get(name), after.get(name))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (left, right) in enumerate(zip(old, new, strict=True)):
            yield from _fields(f"{path}[{index}]", left, right)
    else:
        yield FieldChange(path=path, old=_text(old), new=_text(new))


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _named(items: Any) -> bool:
    """Tell whether a list is a map by name, as env, containers and ports are."""
    return isinstance(items, list) and bool(items) and all(isinstance(i, Mapping) and "name" in i for i in items)


def _by_name(items: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {str(item["name"]): item for item in items}


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, _Hidden):
        return "(hidden)"
    text = value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=lambda _: "(hidden)").decode()
    return text if len(text) <= _LONG else f"{text[:_LONG]}… ({len(text)} characters)"


def _masked(item: Mapping[str, Any]) -> Mapping[str, Any]:
    if item.get("kind") != "Secret":
        return _mask_named(item)  # type: ignore[no-any-return]
    hidden = {part: {k: _Hidden(v) for k, v in (item.get(part) or {}).items()} for part in ("data", "stringData")}
    return {**item, **{part: content for part, content in hidden.items() if content}}


def _mask_named(value: Any) -> Any:
    if isinstance(value, Mapping):
        if isinstance(value.get("name"), str) and "value" in value and _SECRET_NAME.search(value["name"]):
            return {**value, "value": _Hidden(value["value"])}
        return {k: _mask_entry(str(k), v) for k, v in value.items()}
    if isinstance(value, list):
        return [_mask_named(entry) for entry in value]
    return value


def _mask_entry(key: str, value: Any) -> Any:
    # Only plain text: `secretKeyRef` and `imagePullSecrets` are names like secrets, and are references, not secrets.
    if isinstance(value, str) and _SECRET_NAME.search(key) and not key.endswith(("Name", "Ref")):
        return _Hidden(value)
    return _mask_named(value)


class _Hidden:
    """A value that compares as itself and never shows itself; not even a digest of it, which would help guessing."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hidden) and bool(other._value == self._value)

    def __hash__(self) -> int:
        return 0
