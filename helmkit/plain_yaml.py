"""YAML of plain data without libyaml, in a fifth of its time and to the byte the same.

Most of what charts say is maps, lists, names and numbers. What looks like that is written here; `dump_plain` gives up
on anything else, and `helmkit.yaml` lets libyaml write the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Quote = Callable[[str], str]
"""How libyaml writes one text of a single line."""

_PLAIN = re.compile(r"[A-Za-z_/](?:[A-Za-z0-9_/.@+-]|[ :](?=[A-Za-z0-9_/.]))*")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""Texts of letters alone that YAML 1.1 takes for something else, in any case."""
_LITERAL = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?\n)(?:(?: *[!-~](?:[ -~]*[!-~])?)?\n)*")
"""Lines that stand in a literal block as they are: printable, no blank at an end, the first one not indented."""
_KEY_LIMIT = 100
"""libyaml writes keys of more than 128 bytes with a question mark before them."""
_TEXT_LIMIT = 1000
"""libyaml breaks lines, but only far behind this."""


class NotPlain(Exception):  # noqa: N818 - no fault: a sign to take the other way
    """Something in the data is for libyaml."""


def dump_plain(data: object, quote: Quote) -> str:
    """Return a map or list that is not empty as block YAML, its keys in the order given.

    Raises:
        NotPlain: It holds something that only libyaml writes rightly.
    """
    if not data or type(data) not in (dict, list):
        raise NotPlain
    parts: list[str] = []
    _node(data, "\n", quote, parts.append)
    return "".join(parts).removeprefix("\n") + "\n"


def _node(data: Any, line: str, quote: Quote, add: Callable[[str], None]) -> None:
    """Add a map or list; `line` is a line break and the indentation."""
    inner = line + "  "
    if type(data) is list:
        for item in data:
            add(line + "-")
            if item and type(item) in (dict, list):
                nested: list[str] = []
                _node(item, inner, quote, nested.append)
                add(" " + nested[0].removeprefix(inner))
                add("".join(nested[1:]))
            else:
                add(_scalar(item, inner, quote))
        return
    for key, value in data.items():
        if type(key) is not str or len(key) > _KEY_LIMIT or not key.isascii():
            raise NotPlain
        add(f"{line}{_text(key, quote)}:")
        if value and type(value) is dict:
            _node(value, inner, quote, add)
        elif value and type(value) is list:
            _node(value, line, quote, add)
        else:
            add(_scalar(value, inner, quote))


def _scalar(value: object, inner: str, quote: Quote) -> str:
    kind = type(value)
    if kind is str:
        text = str(value)
        return " " + (_literal(text, inner) if "\n" in text else _text(text, quote))
    if kind is bool:
        return " true" if value else " false"
    if kind is int:
        return f" {value}"
    if value is None:
        return " null"
    if kind is dict:
        return " {}"
    if kind is list:
        return " []"
    raise NotPlain


def _text(text: str, quote: Quote) -> str:
    if len(text) > _TEXT_LIMIT or not text.isprintable():
        raise NotPlain
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return quote(text)


def _literal(text: str, inner: str) -> str:
    if not _LITERAL.fullmatch(text) or text.endswith("\n\n"):
        raise NotPlain
    return "|" + "".join(inner + line if line else "\n" for line in text[:-1].split("\n"))
