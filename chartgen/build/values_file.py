"""values.yaml with its comments, and values.schema.json: both from the archetype's fields."""

from __future__ import annotations

import functools
import json
import textwrap
from collections.abc import Mapping
from typing import Any

from chartgen.archetypes.archetype import Archetype, Schema, ValueField, Values
from helmkit.yaml import dump_yaml

_WIDTH = 118
_CLOSED = ("additionalProperties", False)
_GLOBAL = {"type": "object", "description": "Values an umbrella chart gives to all its subcharts."}
_ENABLED = {"type": "boolean", "description": "Read by an umbrella chart: false leaves this chart out."}
_DRAFT = "http://json-schema.org/draft-07/schema#"


def render_values(archetype: Archetype, values: Values) -> bytes:
    """Return values.yaml: each top-level key below what its field says about it."""
    comments = _comments(archetype.name)
    blocks = [comments[key] + _block(key, json.dumps(value, ensure_ascii=False)) for key, value in values.items()]
    return "\n".join(blocks).encode()


@functools.lru_cache(maxsize=4096)
def _block(key: str, value: str) -> str:
    """Return one top-level key as YAML, its value given as JSON.

    Most services of a platform say most things alike, and writing YAML is the slowest part of a build.
    """
    return dump_yaml({key: json.loads(value)})


@functools.cache
def render_schema(archetype_name: str) -> bytes:
    """Return values.schema.json: unknown keys are refused, what Helm itself passes (`global`, `enabled`) is not.

    The same for every chart of an archetype.
    """
    archetype = _archetype(archetype_name)
    fields = archetype.fields
    lines = [
        _line("$schema", _DRAFT),
        _line("type", "object"),
        _line(*_CLOSED),
        _line("required", [field.key for field in fields if field.required]),
        _table(
            "properties", {"global": _GLOBAL, "enabled": _ENABLED, **{field.key: _described(field) for field in fields}}
        ),
    ]
    if archetype.definitions:
        lines.append(_table("definitions", archetype.definitions))
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _table(key: str, entries: Mapping[str, Schema]) -> str:
    inner = ",\n".join("  " + _line(name, schema) for name, schema in entries.items())
    return f"  {json.dumps(key)}: {{\n{inner}\n  }}"


def _line(key: str, value: Any) -> str:
    # One line for each key: readable, and a third of the size that indenting everything takes.
    return f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"


def _described(field: ValueField) -> Schema:
    # In draft 7 a $ref hides its siblings, the description among them.
    schema = {"allOf": [field.schema]} if "$ref" in field.schema else field.schema
    return {"description": field.doc, **schema}


@functools.cache
def _comments(archetype_name: str) -> dict[str, str]:
    return {field.key: _comment(field.doc) for field in _archetype(archetype_name).fields}


def _comment(text: str) -> str:
    return "".join(f"# {line}\n" for line in textwrap.wrap(text, _WIDTH))


def _archetype(name: str) -> Archetype:
    from chartgen.archetypes.catalogue import ARCHETYPES

    return ARCHETYPES[name]
