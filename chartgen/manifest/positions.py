"""Where in a TOML file a path is said. The one module that knows tree-sitter; import it only when it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import tomli
import tree_sitter_toml
from tree_sitter import Language, Node, Parser

from chartgen.manifest.findings import Part
from chartgen.manifest.keypath import KeyPath

_KEYS = {"bare_key", "quoted_key"}


@dataclass(frozen=True)
class Span:
    """Where one path stands, as byte offsets into the file."""

    key: int
    """Where its key begins."""
    header: int
    """Where its table begins: the `[` of a header, the `{` of an inline table, any other value itself."""
    start: int
    """Where its value begins; the key for a table that has a header."""
    end: int
    """Where its value ends; equal to `start` for a table that has a header."""


@lru_cache(maxsize=1)
def _parser() -> Parser:
    return Parser(Language(tree_sitter_toml.language()))


class PositionIndex:
    """All paths of one TOML file with their places.

    Tolerant: what tree-sitter does not understand (TOML 1.1 is accepted by the reader, not by this grammar) is left
    out, and a path that is not there is answered with the nearest one above it.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._spans: dict[KeyPath, Span] = {}
        self._array_tables: dict[KeyPath, int] = {}
        root = _parser().parse(content).root_node
        for node in root.children:
            self._read_top(node)

    def span(self, path: KeyPath) -> Span | None:
        """Return where exactly `path` stands, or None."""
        return self._spans.get(path)

    def find(self, path: KeyPath, part: Part = "value") -> tuple[int, int]:
        """Return line and column of `path`, or of the nearest path above it; (0, 0) when nothing is known.

        Both count from 1, the column in characters.
        """
        for length in range(len(path), 0, -1):
            span = self._spans.get(path[:length])
            if span:
                exact = length == len(path)
                offset = {"key": span.key, "value": span.start, "table": span.header}[part if exact else "table"]
                return self._line_and_column(offset)
        return (0, 0)

    def text(self, path: KeyPath) -> str | None:
        """Return the source text of the value at `path`, or None."""
        span = self._spans.get(path)
        return self._content[span.start : span.end].decode(errors="replace") if span else None

    def _line_and_column(self, offset: int) -> tuple[int, int]:
        line_start = self._content.rfind(b"\n", 0, offset) + 1
        column = len(self._content[line_start:offset].decode(errors="replace")) + 1
        return self._content.count(b"\n", 0, offset) + 1, column

    def _read_top(self, node: Node) -> None:
        if node.type == "pair":
            self._read_pair(node, ())
        elif node.type in ("table", "table_array_element"):
            self._read_table(node)

    def _read_table(self, node: Node) -> None:
        names = [child for child in node.children if child.type in _KEYS or child.type == "dotted_key"]
        if not names:
            return
        path = self._note_keys(names[0], (), node.start_byte)
        prefix = self._resolve(path, node, _key_nodes(names[0])[-1].start_byte)
        for child in node.children:
            if child.type == "pair":
                self._read_pair(child, prefix)

    def _resolve(self, path: KeyPath, node: Node, key: int) -> KeyPath:
        # [[x]] appends to a list; [x.y] after it belongs to the newest entry. The vocabulary has no such lists,
        # but a mistaken one must still be found in its place.
        parts: KeyPath = ()
        for part in path:
            parts = (*parts, part)
            if parts in self._array_tables and not (node.type == "table_array_element" and len(parts) == len(path)):
                parts = (*parts, self._array_tables[parts])
        if node.type == "table_array_element":
            self._array_tables[parts] = self._array_tables.get(parts, -1) + 1
            parts = (*parts, self._array_tables[parts])
        # Its own header says more than an earlier mention in the header of a table below it.
        self._spans[parts] = Span(key, node.start_byte, key, key)
        return parts

    def _note_keys(self, node: Node, prefix: KeyPath, header: int) -> KeyPath:
        path = prefix
        for key in _key_nodes(node):
            path = (*path, _key_text(key))
            # The first mention wins for tables that several headers and dotted keys build up together.
            self._spans.setdefault(path, Span(key.start_byte, header, key.start_byte, key.start_byte))
        return path

    def _read_pair(self, node: Node, prefix: KeyPath) -> None:
        # A comment behind the value belongs to the pair as well.
        parts = [child for child in node.children if child.type != "comment"]
        if len(parts) < 3:
            return
        key, value = parts[0], parts[-1]
        path = self._note_keys(key, prefix, node.start_byte)
        last = _key_nodes(key)[-1:] or [key]
        self._spans[path] = Span(last[0].start_byte, value.start_byte, value.start_byte, value.end_byte)
        self._read_value(value, path)

    def _read_value(self, node: Node, path: KeyPath) -> None:
        if node.type == "inline_table":
            for child in node.children:
                if child.type == "pair":
                    self._read_pair(child, path)
        elif node.type == "array":
            values = [child for child in node.children if child.is_named and child.type not in ("comment", "ERROR")]
            for number, value in enumerate(values):
                here = (*path, number)
                self._spans[here] = Span(value.start_byte, value.start_byte, value.start_byte, value.end_byte)
                self._read_value(value, here)


def _key_nodes(node: Node) -> list[Node]:
    # Not recursive: the grammar nests dotted keys to the left, as deep as somebody writes them.
    keys: list[Node] = []
    while node.type == "dotted_key":
        keys += [child for child in reversed(node.children) if child.type in _KEYS]
        inner = [child for child in node.children if child.type == "dotted_key"]
        if not inner:
            return keys[::-1]
        node = inner[0]
    return [node, *keys[::-1]] if node.type in _KEYS else keys[::-1]


def _key_text(node: Node) -> str:
    text = (node.text or b"").decode(errors="replace")
    if node.type == "bare_key":
        return text
    try:
        return next(iter(tomli.loads(f"{text} = 0")))
    except (ValueError, StopIteration):
        return text
