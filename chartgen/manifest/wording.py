"""Pydantic's errors as sentences for people who write TOML: no class names, no URLs, and what to do."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from chartgen.manifest.findings import Part
from chartgen.manifest.keypath import KeyPath, did_you_mean, nearest
from chartgen.manifest.known_keys import models_at, names_of
from helmkit.names import parse_image

_RULE_IDS = re.compile(r"\s*\((?:[TW]\d{2,3}(?:, )?)+\)|[;,] [TW]\d{2,3}(?=\))")
_TAGGED = ("env", "env_from")
_PATTERNS = {
    "(m|k|Ki|M|Mi": 'is not a quantity; write it like "500m" or "1Gi"',
    "|100)%": 'is not a percentage from 1 to 100; write it like "75%"',
    r"\d+%": 'is neither a whole number nor a percentage such as "25%"',
    "^[-._a-zA-Z]": "is not a valid name of an environment variable",
    "^/": 'must start with "/"',
    "sha256": 'is not a digest; write it like "sha256:" and 64 hexadecimal digits',
}
_BOUNDS = {
    "greater_than_equal": ("ge", "must be at least"),
    "less_than_equal": ("le", "must be at most"),
    "greater_than": ("gt", "must be more than"),
    "less_than": ("lt", "must be less than"),
}
_WANTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "dataclass_type": "a table",
}
_BRANCHES = {
    "int": "a whole number",
    "constrained-int": "a whole number",
    "str": "a text",
    "constrained-str": "a text",
    "bool": "true or false",
}


@dataclass(frozen=True)
class Complaint:
    """One error of a table, in words."""

    path: KeyPath
    """Inside the table, as TOML has it."""
    message: str
    hint: str | None = None
    part: Part = "value"
    unknown: bool = False
    """The last key of `path` is not known there."""
    quote_value: bool = False
    """The hint ends with the value as the file has it, in quotes."""


@dataclass(frozen=True)
class _Branch:
    """An error that one member of a union has."""

    label: str
    """What pydantic calls the member."""
    error: ErrorDetails
    rest: KeyPath
    """Where inside the member."""


def describe(errors: list[ErrorDetails], model: type[BaseModel], table: Mapping[str, Any]) -> list[Complaint]:
    """Return pydantic's errors about `table` in words, each place once.

    Args:
        errors: What `ValidationError.errors()` gave.
        model: The model the table was held against, for the keys it knows.
        table: The table itself.
    """
    complaints: list[Complaint] = []
    unions: dict[KeyPath, list[_Branch]] = {}
    for error in errors:
        path, label, rest = _locate(error, table)
        if label:
            unions.setdefault(path, []).append(_Branch(label, error, rest))
        else:
            complaints.append(_word(error, path, model, table))
    for path, branches in unions.items():
        inner = _inside(path, branches, table)
        # Inside of what a union may be, there can be another union.
        complaints += describe(inner, model, table) if inner else [_word_union(path, branches, table)]
    return list(dict.fromkeys(complaints))


def plain(text: str) -> str:
    """Return `text` without the ids of rules, which mean something in the source code only.

    >>> plain("Stop the old pod first (T070).")
    'Stop the old pod first.'
    """
    return _RULE_IDS.sub("", text)


def value_at(table: Any, path: KeyPath) -> Any:
    """Return what is at `path`, or None."""
    for part in path:
        if isinstance(table, dict):
            table = table.get(part)
        elif isinstance(table, list) and isinstance(part, int) and part < len(table):
            table = table[part]
        else:
            return None
    return table


def _locate(error: ErrorDetails, table: Any) -> tuple[KeyPath, str, KeyPath]:
    """Split pydantic's location into the path in the data, the union member it looked at, and the path inside that."""
    path: KeyPath = ()
    location = error["loc"]
    for number, part in enumerate(location):
        here = value_at(table, path)
        if part == "[key]" and not (isinstance(here, dict) and part in here):
            break  # the key itself is wrong, not what it stands for
        if _is_tagged(path):
            # What follows is the tag of the union, even where the data has a key of that name.
            return (*path, *location[number + 1 :]), "", ()
        inside = (isinstance(here, dict) and part in here) or (isinstance(here, list) and isinstance(part, int))
        missing = error["type"] == "missing" and number == len(location) - 1
        if not inside and not missing:
            return path, str(part), tuple(location[number + 1 :])
        path = (*path, part)
    return path, "", ()


def _is_tagged(path: KeyPath) -> bool:
    inner = path[2:] if path[:1] in (("init_containers",), ("sidecars",)) else path
    return len(inner) == 2 and inner[0] in _TAGGED


def _inside(path: KeyPath, branches: list[_Branch], table: Mapping[str, Any]) -> list[ErrorDetails]:
    """Return the errors of the member of a union that was meant, without its label; none where no table stands."""
    if not isinstance(value_at(table, path), dict):
        return []
    meant = [branch for branch in branches if branch.rest or branch.error["type"] in ("value_error", "missing")]
    return [_relocated(branch.error, (*path, *branch.rest)) for branch in meant]


def _relocated(error: ErrorDetails, location: KeyPath) -> ErrorDetails:
    moved = error.copy()
    moved["loc"] = location
    return moved


def _word_union(path: KeyPath, branches: list[_Branch], table: Mapping[str, Any]) -> Complaint:
    value = value_at(table, path)
    for branch in branches:
        if isinstance(value, str) and branch.label in ("str", "constrained-str"):
            return Complaint(path, _say_fault(branch.error))
    wanted = list(dict.fromkeys(_branch(branch.label) for branch in branches))
    return Complaint(path, f"must be {' or '.join(wanted)}, not {_say(value)}")


def _branch(label: str) -> str:
    literal = re.fullmatch(r"literal\[(.*)\]", label)
    if literal:
        return literal[1].lower() if literal[1] in ("False", "True") else literal[1].replace("'", '"')
    return _BRANCHES.get(label, "a table")


def _word(error: ErrorDetails, path: KeyPath, model: type[BaseModel], table: Mapping[str, Any]) -> Complaint:
    kind, context, value = error["type"], error.get("ctx", {}), error.get("input")
    if kind == "missing":
        return Complaint(path[:-1], f'needs "{path[-1]}"', part="table")
    if kind == "extra_forbidden":
        return _unknown_key(path, model, table)
    if kind in _WANTED:
        # A port has a short form that pydantic's error does not mention.
        is_port = len(path) == 2 and path[0] == "ports"
        return _wrong_type(path, "a number or a table" if is_port else _WANTED[kind], value)
    if kind == "literal_error":
        return _not_in_list(path, str(context["expected"]), value)
    return Complaint(path, _say_fault(error))


def _say_fault(error: ErrorDetails) -> str:
    kind, context, value = error["type"], error.get("ctx", {}), error.get("input")
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return f"{words} {context[key]}, not {value}"
    if kind == "string_pattern_mismatch":
        words = next((w for fragment, w in _PATTERNS.items() if fragment in context["pattern"]), "has the wrong form")
        return f'"{value}" {words}'
    if kind == "value_error":
        return plain(str(context["error"]))
    if kind in ("too_short", "string_too_short"):
        return "must not be empty"
    if kind in ("too_long", "string_too_long"):
        return f"is longer than {context['max_length']}{' characters' if isinstance(value, str) else ''}"
    message = error["msg"]
    return message[:1].lower() + message[1:]


def _unknown_key(path: KeyPath, model: type[BaseModel], table: Mapping[str, Any]) -> Complaint:
    holder = value_at(table, path[:-1])
    known = names_of(models_at(model, path[:-1]), holder)
    otherwise = f"known here: {', '.join(sorted(known))}" if known else ""
    return Complaint(
        path, f'unknown key "{path[-1]}"', did_you_mean(str(path[-1]), known, otherwise), "key", unknown=True
    )


def _wrong_type(path: KeyPath, wanted: str, value: Any) -> Complaint:
    # An environment variable may be a secret that somebody forgot to quote: it is never repeated.
    secret = "env" in path
    name = path[-1] if path and isinstance(path[-1], str) else "…"
    message = f"must be {wanted}, not {_say(value, secret=secret)}"
    if wanted == "a text" and isinstance(value, int | float) and not isinstance(value, bool):
        # Its own words in the file: 1.10 has become 1.1 here (T083).
        hint = "write it in quotes" if secret else f"write it in quotes: {name} = "
        return Complaint(path, message, hint, quote_value=not secret)
    hints = {
        "a whole number": isinstance(value, str) and value.isdecimal(),
        "a number or a table": isinstance(value, str) and value.isdecimal(),
        "true or false": value in ("true", "false"),
    }
    if hints.get(wanted):
        return Complaint(path, message, f"write it without quotes: {name} = {value}")
    if wanted == "a list" and isinstance(value, str):
        return Complaint(path, message, f'write it in brackets: {name} = ["…"]')
    if wanted == "a table" and name == "image" and isinstance(value, str):
        return Complaint(path, message, _image_as_table(value))
    return Complaint(path, message)


def _image_as_table(text: str) -> str:
    try:
        image = parse_image(text)
    except ValueError:
        return 'write it like image = { registry = "…", repository = "…" }'
    tag = f', and the tag as version = "{image.tag}"' if image.tag else ""
    return f'write it like image = {{ registry = "…", repository = "{image.repository}" }}{tag}'


def _not_in_list(path: KeyPath, expected: str, value: Any) -> Complaint:
    choices = re.findall(r"'([^']*)'", expected)
    if not isinstance(value, str) or not choices:
        return Complaint(path, f"must be {_say_choices(expected)}, not {_say(value)}")
    near = nearest(value, choices)
    listed = ", ".join(f'"{choice}"' for choice in choices)
    return Complaint(path, f'"{value}" is none of {listed}', f'did you mean "{near}"?' if near else None)


def _say_choices(expected: str) -> str:
    toml = re.sub(r"\b(True|False)\b", lambda found: found[0].lower(), expected)
    return toml.replace("'", '"')


def _say(value: Any, *, secret: bool = False) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return "a number" if secret else f"the number {value}"
    if isinstance(value, str):
        return "a text" if secret or len(value) > 60 else f'the text "{value}"'
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, datetime.date | datetime.time):
        return "a date or a time"
    return "this"
