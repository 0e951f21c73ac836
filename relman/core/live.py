"""A live object beside the manifest it should follow: what differs, who set it, and what others left (pure).

Only fields that the manifest states are compared; what Kubernetes adds by default is nobody's drift. Fields that
somebody else set and the manifest does not state are leftovers: no upgrade and no rollback takes them away. Secrets
are compared and never shown.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import InvalidOperation
from typing import Any

import msgspec

from helmkit.secrecy import HIDDEN, Hidden, mask_object, mask_text
from relman.core.preflight.quantity import parse_quantity

IsForeign = Callable[[str, str], bool]
"""Tells of a field manager and its subresource whether it is neither Helm nor Kubernetes itself."""

_LABELS = ("name", "mountPath", "containerPort", "port", "ip", "key", "topologyKey", "type")
"""What may tell the entries of a list apart; the first that does it in all of them wins."""
_NOT_COMPARED = frozenset({"apiVersion", "kind", "status"})
_AMOUNTS = (".requests.", ".limits.", ".hard.", "sizeLimit")
_LONG = 160


class FieldDrift(msgspec.Struct, frozen=True):
    """A field that is not as the manifest states it; a side is None when it is not there."""

    path: str
    wanted: str | None
    found: str | None
    managers: tuple[str, ...] = ()
    """Who owns it now, as the cluster knows it."""


class Leftover(msgspec.Struct, frozen=True):
    """A field somebody else set, which the manifest does not state."""

    path: str
    manager: str


class ObjectDrift(msgspec.Struct, frozen=True):
    """An object that is not as the manifest states it, or carries what others left."""

    object: str
    """`Kind/name`."""
    missing: bool = False
    fields: tuple[FieldDrift, ...] = ()
    leftovers: tuple[Leftover, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """All of it in words."""
        if self.missing:
            return (f"{self.object} is gone",)
        differ = [
            f"{self.object}: {f.path} is {_shown(f.found)}, not {_shown(f.wanted)}" + _by(f.managers)
            for f in self.fields
        ]
        return (*differ, *(f"{self.object}: {one.path} was set by {one.manager} and stays" for one in self.leftovers))


def compare_live(stated: Mapping[str, Any], live: Mapping[str, Any] | None, foreign: IsForeign) -> ObjectDrift | None:
    """Compare one object with its manifest; None when it is as stated and carries nothing of others."""
    name = f"{stated.get('kind', '?')}/{(stated.get('metadata') or {}).get('name', '?')}"
    if live is None:
        return ObjectDrift(name, missing=True)
    wanted, found = mask_object(_decoded(stated)), mask_object(live)
    managed = (live.get("metadata") or {}).get("managedFields") or ()
    owned = [(entry, dict(_owned("", entry.get("fieldsV1") or {}, live))) for entry in managed]
    fields = tuple(
        FieldDrift(path, _text(one), _text(other), _owners(path, owned))
        for path, one, other in _differ("", wanted, found)
    )
    leftovers = tuple(_leftovers(set(_paths("", wanted)), owned, foreign))
    return ObjectDrift(name, fields=fields, leftovers=leftovers) if fields or leftovers else None


def _decoded(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an object whose `stringData` stands where the cluster keeps it."""
    texts = item.get("stringData")
    if item.get("kind") != "Secret" or not texts:
        return item
    encoded = {key: base64.b64encode(str(text).encode()).decode() for key, text in texts.items()}
    rest = {key: value for key, value in item.items() if key != "stringData"}
    return {**rest, "data": {**(item.get("data") or {}), **encoded}}


def _differ(path: str, stated: Any, live: Any) -> Iterator[tuple[str, Any, Any]]:
    if _nothing(stated) and _nothing(live):
        return
    if isinstance(stated, Mapping) and isinstance(live, Mapping):
        for key, value in stated.items():
            if path or key not in _NOT_COMPARED:
                yield from _differ(_join(path, str(key)), value, live.get(key))
    elif isinstance(stated, list) and isinstance(live, list):
        yield from _differ_lists(path, stated, live)
    elif not _equal(path, stated, live):
        yield path, stated, live


def _differ_lists(path: str, stated: list[Any], live: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    key = _label_key(stated)
    if key and _label_key(live, key):
        there = {str(entry[key]): entry for entry in live}
        for entry in stated:
            yield from _differ(f"{path}[{entry[key]}]", entry, there.get(str(entry[key])))
    elif len(stated) == len(live):
        for index, (one, other) in enumerate(zip(stated, live, strict=True)):
            yield from _differ(f"{path}[{index}]", one, other)
    else:
        yield path, stated, live


def _label_key(entries: Sequence[Any], only: str = "") -> str:
    """Return the key that tells the entries of a list apart; empty when none does."""
    if not entries or not all(isinstance(entry, Mapping) for entry in entries):
        return ""
    for key in (only,) if only else _LABELS:
        if all(key in entry for entry in entries) and len({str(entry[key]) for entry in entries}) == len(entries):
            return key
    return ""


def _nothing(value: Any) -> bool:
    # The API server leaves out what is empty, false or null.
    return value is None or value is False or value == 0 or (isinstance(value, str | Mapping | list) and not value)


def _equal(path: str, stated: Any, live: Any) -> bool:
    if stated == live or str(stated) == str(live) != repr(Hidden("")):
        return True
    if any(word in f"{path}." for word in _AMOUNTS) and stated is not None and live is not None:
        try:
            return parse_quantity(stated) == parse_quantity(live)
        except (ValueError, InvalidOperation):
            return False
    return False


def _paths(path: str, value: Any) -> Iterator[str]:
    """Yield every path that a manifest states, inner ones included."""
    if path:
        yield path
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _paths(_join(path, str(key)), below)
    elif isinstance(value, list):
        key = _label_key(value)
        for index, entry in enumerate(value):
            yield from _paths(f"{path}[{entry[key] if key else _plain(entry, index)}]", entry)


def _owned(path: str, fields: Mapping[str, Any], live: Any) -> Iterator[tuple[str, bool]]:
    """Yield the paths a manager owns, outermost first, and whether each is the end of its branch."""
    for key, below in fields.items():
        kind, _, rest = key.partition(":")
        if not rest or not isinstance(below, Mapping):
            continue
        if kind == "f":
            place, value = _join(path, rest), live.get(rest) if isinstance(live, Mapping) else None
        elif kind == "k" and isinstance(live, list):
            place, value = _entry(path, json.loads(rest), live)
        elif kind == "v":
            place, value = f"{path}[{json.loads(rest)}]", None
        else:
            continue
        inner = {name: part for name, part in below.items() if name != "."}
        yield place, not inner
        yield from _owned(place, inner, value)


def _entry(path: str, wanted: Mapping[str, Any], live: list[Any]) -> tuple[str, Any]:
    """Return where an entry of a list is, called as the manifest would call it."""
    key = _label_key(live)
    for index, entry in enumerate(live):
        if isinstance(entry, Mapping) and wanted.items() <= entry.items():
            return f"{path}[{entry[key] if key else index}]", entry
    return f"{path}[{', '.join(str(value) for value in wanted.values())}]", None


def _owners(path: str, owned: list[tuple[Mapping[str, Any], dict[str, bool]]]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            str(entry.get("manager", ""))
            for entry, paths in owned
            if any(_covers(mine, path, end=end) for mine, end in paths.items())
        )
    )


def _covers(mine: str, path: str, *, end: bool) -> bool:
    return (
        mine == path or mine.startswith((f"{path}.", f"{path}[")) or (end and path.startswith((f"{mine}.", f"{mine}[")))
    )


def _leftovers(
    stated: set[str], owned: list[tuple[Mapping[str, Any], dict[str, bool]]], foreign: IsForeign
) -> Iterator[Leftover]:
    for entry, paths in owned:
        manager = str(entry.get("manager", ""))
        if not foreign(manager, str(entry.get("subresource", ""))):
            continue
        told: list[str] = []
        for path in paths:
            if path not in stated and not any(path.startswith((f"{one}.", f"{one}[")) for one in told):
                told.append(path)
                yield Leftover(path, manager)


def _join(path: str, key: str) -> str:
    shown = f'"{key}"' if "." in key else key
    return f"{path}.{shown}" if path else shown


def _plain(entry: Any, index: int) -> Any:
    return index if isinstance(entry, Mapping | list) else entry


def _text(value: Any) -> str | None:
    if value is None:
        return None
    plain = (
        value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=lambda _: HIDDEN).decode().strip('"')
    )
    text = mask_text(plain)
    return text if len(text) <= _LONG else f"{text[:_LONG]}… ({len(text)} characters)"


def _shown(value: str | None) -> str:
    return "(none)" if value is None else value


def _by(managers: Sequence[str]) -> str:
    return f" (set by {', '.join(managers)})" if managers else ""
