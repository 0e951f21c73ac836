"""The files of a release manifest, from bytes to tables: one place for everything TOML itself can get wrong."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import tomli

from chartgen.manifest.findings import Finding
from helmkit.errors import Position

MAIN = "releases.toml"
"""The release manifest itself; everything else is included by it or lies in `values/`."""

_DEPTH_LIMIT = 40
"""Tables deeper than any sensible one; keeps recursion below bounded."""
_VALUES = "values/"
_TUPLE = re.compile(r"\('[^)]*\)")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Source:
    """One file."""

    name: str
    """Path inside the platform's folder, with slashes."""
    content: bytes
    table: Mapping[str, Any] = field(default_factory=dict)
    """What it says; empty when it is broken."""
    broken: bool = False
    """It is not TOML."""

    @property
    def environment(self) -> str:
        """Return the environment whose layer this is; empty for any other file."""
        if self.name.startswith(_VALUES) and self.name.endswith(".toml"):
            return self.name.removeprefix(_VALUES).removesuffix(".toml")
        return ""


def parse_source(name: str, content: str | bytes) -> tuple[Source, list[Finding]]:
    """Return one file and what is wrong with it as TOML."""
    try:
        data = content.encode() if isinstance(content, str) else content
    except UnicodeEncodeError:
        return Source(name, b"", broken=True), [Finding("is not valid UTF-8", Position(name))]
    try:
        table = tomli.loads(data.decode())
    except UnicodeDecodeError as error:
        where = _position(name, data, error.start)
        return Source(name, data, broken=True), [Finding("is not valid UTF-8", where, "save the file as UTF-8")]
    except tomli.TOMLDecodeError as error:
        return Source(name, data, broken=True), [_syntax_error(name, data, error)]
    except (RecursionError, ValueError) as error:
        # What tomli says here is meant for Python programmers.
        deep = isinstance(error, RecursionError)
        reason = "nests brackets too deep" if deep else "holds a number with too many digits"
        return Source(name, data, broken=True), [Finding(f"is not TOML: {reason}", Position(name))]
    if _is_too_deep(table):
        return Source(name, data, broken=True), [Finding(f"nests tables more than {_DEPTH_LIMIT} deep", Position(name))]
    return Source(name, data, table), []


def _syntax_error(name: str, data: bytes, error: tomli.TOMLDecodeError) -> Finding:
    hint = None
    if data.startswith(_BOM):
        hint = "the file begins with a byte order mark; save it without"
    elif "immutable namespace" in error.msg:
        hint = "a table in braces is closed: write all its keys inside them"
    # tomli shows keys as Python tuples.
    shown = _TUPLE.sub(lambda match: ".".join(re.findall(r"'([^']*)'", match[0])), error.msg)
    reason = shown[:1].lower() + shown[1:]
    return Finding(f"is not TOML: {reason}", Position(name, error.lineno, error.colno), hint)


def _position(name: str, data: bytes, offset: int) -> Position:
    line_start = data.rfind(b"\n", 0, offset) + 1
    column = len(data[line_start:offset].decode(errors="replace")) + 1
    return Position(name, data.count(b"\n", 0, offset) + 1, column)


def _is_too_deep(table: Mapping[str, Any]) -> bool:
    level: list[Any] = [table]
    for _ in range(_DEPTH_LIMIT):
        inner: list[Any] = []
        for value in level:
            children: Iterable[Any] = value.values() if isinstance(value, dict) else value
            inner += [child for child in children if isinstance(child, dict | list)]
        if not inner:
            return False
        level = inner
    return True


def source_digest(sources: Iterable[Source]) -> str:
    """Return the sha256 over all files, their names included, whatever their order."""
    digest = hashlib.sha256()
    for source in sorted(sources, key=lambda s: s.name):
        for part in (source.name.encode(errors="replace"), source.content):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return "sha256:" + digest.hexdigest()
