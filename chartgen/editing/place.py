"""Put one value into a TOML file at a path, in the form the file itself uses there. Pure.

Tried in this order: the value that is there is replaced; an inline table gets one more key; a table with a header gets
one more line, after its kin; else a table with a header of its own is appended. What comes out is parsed again: it
says the new value and nothing else differs, or it is not taken.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

from chartgen.manifest.findings import Finding, Place, to_problems
from chartgen.manifest.keypath import dotted, parse_dotted
from chartgen.manifest.positions import PositionIndex, Span
from chartgen.manifest.sources import Source, parse_source
from chartgen.manifest.wording import value_at
from helmkit.errors import InputError

Path = tuple[str, ...]


def toml_text(text: str) -> str:
    r"""Return a text as TOML writes it on one line.

    >>> print(toml_text('a "b"'))
    "a \"b\""
    """
    # A JSON string is a TOML basic string as well, but for one control character that JSON leaves raw.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def place_value(name: str, content: bytes, path: Path, value: str, *, shown_in: str = "") -> bytes:
    """Return the file with `value` at `path`, whether something stands there or not.

    Args:
        name: Of the file inside the platform's folder.
        content: The file.
        path: Keys from the root.
        value: A value as TOML writes it.
        shown_in: What stands before file names in errors (see load.display_prefix).

    Raises:
        InputError: The file is not TOML, or is written in a way that cannot be edited safely.
    """
    source, findings = parse_source(name, content)
    if not findings:
        expected = _expected(source.table, path, value)
        for candidate in _candidates(source, path, value) if expected is not None else ():
            spliced, faults = parse_source(name, candidate)
            # By their texts: nan equals nothing, not even itself.
            if not faults and repr(_sorted(spliced.table)) == repr(_sorted(expected)):
                return candidate
        message = f"{dotted(path)} = {value}: there is no safe place for it in the way this file is written"
        findings = [Finding(message, Place(name, path, "table"), "write it by hand")]
    raise InputError("the file is left as it is", to_problems(findings, {name: content}, shown_in))


def _expected(table: Mapping[str, Any], path: Path, value: str) -> Any:
    """Return what the file should say afterwards; None where something that is no table is in the way."""
    expected: Any = copy.deepcopy(dict(table))
    inner = expected
    for key in path[:-1]:
        inner = inner.setdefault(key, {})
        if not isinstance(inner, dict):
            return None
    inner[path[-1]] = parse_source("value", f"value = {value}")[0].table["value"]
    return expected


def _sorted(value: Any) -> Any:
    """Return tables with sorted keys: where a line stands decides the order of keys, which means nothing in TOML."""
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(entry) for entry in value] if isinstance(value, list) else value


def _candidates(source: Source, path: Path, value: str) -> Iterator[bytes]:
    content, index = source.content, PositionIndex(source.content)
    newline = b"\r\n" if b"\r\n" in content else b"\n"
    there = index.span(path)
    if there is not None and there.start != there.key:
        yield content[: there.start] + value.encode() + content[there.end :]
    for depth in range(len(path) - 1, 0, -1):
        parent, line = path[:depth], f"{dotted(path[depth:])} = {value}"
        span = index.span(parent)
        if span is not None and content[span.start : span.start + 1] == b"{" and span.start != span.key:
            yield _into_braces(source, index, parent, span, line)
        elif span is not None and _has_header(content, span, parent):
            yield _after_kin(source, index, path, span, line, newline)
    # Dotted keys above all headers: services.gateway.replicas = 3
    kin = _kin(source, index, path, -1)
    if kin:
        yield _insert_line(content, kin, f"{dotted(path)} = {value}", newline)
    yield append_block(content, f"[{dotted(path[:-1][:2])}]\n{dotted(path[2:] or path[-1:])} = {value}\n")


def append_block(content: bytes, block: str) -> bytes:
    """Return a file with a block of lines behind it, after an empty line; line ends are those of the file."""
    newline = b"\r\n" if b"\r\n" in content else b"\n"
    before = content.rstrip()
    gap = newline * 2 if before else b""
    return before + gap + block.encode().replace(b"\n", newline)


def _into_braces(source: Source, index: PositionIndex, parent: Path, span: Span, line: str) -> bytes:
    content = source.content
    last = max((end for _, end in _leaves(value_at(source.table, parent), parent, index)), default=0)
    if last:
        return content[:last] + f", {line}".encode() + content[last:]
    return content[: span.start] + f"{{ {line} }}".encode() + content[span.end :]


def _has_header(content: bytes, span: Span, path: Path) -> bool:
    """Tell whether a table begins with its own header, not with that of a table below it."""
    end = content.find(b"\n", span.header)
    line = content[span.header : end if end >= 0 else len(content)].decode(errors="replace")
    if span.start != span.key or not line.startswith("["):
        return False
    try:
        return parse_dotted(line[1 : line.rindex("]")].strip()) == path
    except ValueError:
        return False


def _after_kin(source: Source, index: PositionIndex, path: Path, header: Span, line: str, newline: bytes) -> bytes:
    offset = _kin(source, index, path, header.header) or header.header
    return _insert_line(source.content, offset, line, newline)


def _kin(source: Source, index: PositionIndex, path: Path, header: int) -> int:
    """Return where the last value ends that shares most of the path and stands under the header at `header`.

    0 when there is none; a header of -1 is the part of the file above all headers.
    """
    content = source.content
    headers = [start for start in _headers(source.table, (), index, content) if start > header]
    end = min(headers, default=len(content))
    for depth in range(len(path) - 1, -1, -1):
        leaves = _leaves(value_at(source.table, path[:depth]), path[:depth], index)
        ends = [stop for start, stop in leaves if header < start < end]
        if ends:
            return max(ends)
    return 0


def _insert_line(content: bytes, offset: int, line: str, newline: bytes) -> bytes:
    """Return the content with a line after the one that `offset` is in."""
    end = content.find(b"\n", offset)
    if end < 0:
        return content + newline + line.encode() + newline
    start = content.rfind(b"\n", 0, offset) + 1
    indent = content[start : len(content) - len(content[start:].lstrip(b" \t"))]
    return content[: end + 1] + indent + line.encode() + newline + content[end + 1 :]


def _leaves(table: Any, path: Path, index: PositionIndex) -> Iterator[tuple[int, int]]:
    """Yield start and end of every value below `path`; of an inline table as a whole."""
    for key, value in table.items() if isinstance(table, Mapping) else ():
        here = (*path, key)
        span = index.span(here)
        if span is not None and span.start != span.key:
            yield span.start, span.end
        elif isinstance(value, Mapping):
            yield from _leaves(value, here, index)


def _headers(table: Mapping[str, Any], path: Path, index: PositionIndex, content: bytes) -> Iterator[int]:
    for key, value in table.items():
        span = index.span((*path, key))
        if span is None or not isinstance(value, Mapping) or span.start != span.key:
            continue
        if content[span.header : span.header + 1] == b"[":
            yield span.header
        yield from _headers(value, (*path, key), index, content)
