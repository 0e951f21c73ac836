"""Paging, sorting and the `q` filter as Harbor's management API understands them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from tests.harbor.double.server import Response, error, json_response

VALIDATION = "validation failure list:\n"
MAX_PAGE_SIZE = 100

Keys = Mapping[str, Callable[[Any], Any]]
"""Names that `q` and `sort` know, and how to read them from an item."""


class BadQueryError(Exception):
    """The query is refused; carries the answer."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def unprocessable(message: str) -> BadQueryError:
    return BadQueryError(error(422, "UNPROCESSABLE_ENTITY", VALIDATION + message))


def bad_request(message: str) -> BadQueryError:
    return BadQueryError(error(400, "BAD_REQUEST", message))


@dataclass(frozen=True)
class Query:
    """A request's query, decoded once."""

    path: str
    values: dict[str, str]

    @classmethod
    def of(cls, path: str, raw: str) -> Query:
        return cls(path, dict(parse_qsl(raw, keep_blank_values=True)))

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Read a boolean; what is none counts as false without a word."""
        value = self.values.get(name)
        return default if value is None else value.lower() in {"true", "1", "t"}

    def number(self, name: str, default: int) -> int:
        value = self.values.get(name, "")
        if not value:
            return default
        try:
            return int(value)
        except ValueError:
            message = f'{name} in query must be of type int64: "{value}"'
            raise unprocessable(message) from None

    def filters(self) -> dict[str, str]:
        """Split `q`, which is decoded a second time: a plus sign survives only as %252B."""
        found: dict[str, str] = {}
        for part in filter(None, unquote_plus(self.values.get("q", "")).split(",")):
            key, sign, value = part.partition("=")
            if not sign or not key.strip() or not value:
                raise bad_request('the query string must contain "=" and the key/value cannot be empty')
            found[key.strip()] = value
        return found


def matches(actual: Any, wanted: str) -> bool:
    """Tell whether a value fits `value`, `~fuzzy`, `[from~to]` or `{a b}`."""
    text = str(actual)
    if wanted.startswith("~"):
        return wanted[1:] in text
    if wanted.startswith("[") and wanted.endswith("]"):
        low, _, high = wanted[1:-1].partition("~")
        stamp = text.replace("T", " ")
        return (not low or stamp >= low) and (not high or stamp <= high)
    if wanted.startswith("{") and wanted.endswith("}"):
        return text in wanted[1:-1].split()
    return text == wanted


def select(items: Sequence[Any], query: Query, keys: Keys, default_sort: str = "") -> list[Any]:
    """Filter and sort; names nobody knows are ignored."""
    chosen = list(items)
    for key, wanted in query.filters().items():
        if key in keys:
            chosen = [item for item in chosen if matches(keys[key](item), wanted)]
    for name in reversed([*filter(None, (query.values.get("sort") or default_sort).split(","))]):
        key = name.removeprefix("-")
        if key in keys:
            chosen.sort(key=keys[key], reverse=name.startswith("-"))
    return chosen


def page(items: Sequence[Any], query: Query, render: Callable[[Any], Any]) -> Response:
    """Answer one page with X-Total-Count, and Link where there is another."""
    number, size = query.number("page", 1), query.number("page_size", 10)
    if size > MAX_PAGE_SIZE:
        message = f"page_size in query should be less than or equal to {MAX_PAGE_SIZE}"
        raise unprocessable(message)
    start = max(number - 1, 0) * size
    shown = items[start : start + size] if size > 0 else items
    headers = {"X-Total-Count": str(len(items))}
    if links := _links(query, number, size, len(items)):
        headers["Link"] = " , ".join(links)
    return json_response(200, [render(item) for item in shown], headers)


def _links(query: Query, number: int, size: int, total: int) -> list[str]:
    """The query comes back decoded and sorted by name; with page_size 0 there are no links."""
    if size == 0:
        return []

    def link(page_number: int, relation: str) -> str:
        values = {**query.values, "page": str(page_number), "page_size": str(size)}
        text = "&".join(f"{k}={values[k]}" for k in sorted(values))
        return f'<{query.path}?{text}>; rel="{relation}"'

    links = []
    if number > 1 and 0 <= (number - 1) * size < total:
        links.append(link(number - 1, "prev"))
    if number * size < total:
        links.append(link(number + 1, "next"))
    return links


def doublestar(pattern: str, text: str) -> bool:
    """Match as Harbor's selectors do: `**` crosses slashes, `*` does not, `{a,b}` chooses."""
    expression, position = "", 0
    while position < len(pattern):
        char = pattern[position]
        if pattern.startswith("**", position):
            expression += ".*"
            position += 1
        elif char in "*?":
            expression += "[^/]*" if char == "*" else "[^/]"
        elif char == "{" and "}" in pattern[position:]:
            end = pattern.index("}", position)
            expression += "(" + "|".join(map(re.escape, pattern[position + 1 : end].split(","))) + ")"
            position = end
        elif char == "[" and "]" in pattern[position:]:
            end = pattern.index("]", position)
            expression += pattern[position : end + 1]
            position = end
        else:
            expression += re.escape(char)
        position += 1
    return re.fullmatch(expression, text) is not None
