"""A small JSON schema validator: the keywords of draft 7 that our schemas use, and an error for any other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Json = Any
_NOTES = {"$schema", "title", "description", "default", "definitions"}
_TYPES: Mapping[str, type] = {"object": dict, "array": list, "string": str, "integer": int}
_INSIDE = {"properties", "patternProperties", "additionalProperties", "propertyNames", "required"}
_COMBINED = {"$ref", "anyOf", "allOf", "if", "then"}
_VALUE = {"type", "enum", "const", "pattern", "minLength", "maxLength", "minimum", "maximum", "items", "minItems"}


def faults(schema: Json, value: Json, root: Json, path: str = "") -> Iterator[str]:
    """Yield what the schema says against `value`, with its path; `root` holds the definitions."""
    if schema is True:
        return
    unknown = schema.keys() - _NOTES - _INSIDE - _COMBINED - _VALUE
    assert not unknown, f"the validator does not know {unknown}"
    yield from _combined(schema, value, root, path)
    yield from (f"{path}: {fault}" for fault in _value(schema, value))
    if isinstance(value, dict):
        yield from _inside(schema, value, root, path)
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from faults(schema.get("items", True), item, root, f"{path}[{number}]")


def _combined(schema: Json, value: Json, root: Json, path: str) -> Iterator[str]:
    if "$ref" in schema:
        yield from faults(root["definitions"][schema["$ref"].removeprefix("#/definitions/")], value, root, path)
    for inner in schema.get("allOf", ()):
        yield from faults(inner, value, root, path)
    if "anyOf" in schema and all(any(faults(inner, value, root)) for inner in schema["anyOf"]):
        yield f"{path}: fits none of anyOf"
    if "if" in schema and not any(faults(schema["if"], value, root)):
        yield from faults(schema["then"], value, root, path)


def _value(schema: Json, value: Json) -> Iterator[str]:
    kind = schema.get("type")
    is_boolean = isinstance(value, bool)
    if kind and ((kind == "boolean") != is_boolean or (kind in _TYPES and not isinstance(value, _TYPES[kind]))):
        yield f"is no {kind}"
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        yield "is none of the choices"
    if isinstance(value, str):
        if not re.search(schema.get("pattern", ""), value):
            yield f"does not match {schema['pattern']}"
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            yield "has a wrong length"
    if isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield "is out of range"
    if isinstance(value, list) and len(value) < schema.get("minItems", 0):
        yield "is too short"


def _inside(schema: Json, value: dict[str, Json], root: Json, path: str) -> Iterator[str]:
    yield from (f"{path}: needs {key}" for key in schema.get("required", ()) if key not in value)
    for key, item in value.items():
        here = f"{path}.{key}"
        yield from faults(schema.get("propertyNames", True), key, root, here)
        fitting = [inner for pattern, inner in schema.get("patternProperties", {}).items() if re.search(pattern, key)]
        fitting += [schema["properties"][key]] if key in schema.get("properties", {}) else []
        for inner in fitting:
            yield from faults(inner, item, root, here)
        if not fitting:
            other = schema.get("additionalProperties", True)
            if other is False:
                yield f"{here}: unknown key"
            else:
                yield from faults(other, item, root, here)
