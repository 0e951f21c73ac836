"""What values.yaml, its schema and the README say of objects and patches."""

from __future__ import annotations

from chartgen.archetypes.archetype import Schema, ValueField

_OBJECT: Schema = {
    "type": "object",
    "required": ["apiVersion", "kind", "metadata"],
    "properties": {"metadata": {"type": "object", "required": ["name"]}},
}
_OBJECTS: Schema = {"type": "object", "additionalProperties": _OBJECT}
_PATCHES: Schema = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "additionalProperties": False,
        "properties": {"kind": {"type": "string"}, "name": {"type": "string"}, "merge": {"type": "object"}},
    },
}

OBJECTS = (
    ValueField(
        "objects",
        "Objects of the namespace by kind and name, as Kubernetes has them; nothing in them is a template.",
        _OBJECTS,
        required=False,
    ),
    ValueField(
        "clusterObjects",
        "The same for objects of the whole cluster, and for kinds whose place is not known here.",
        _OBJECTS,
        required=False,
    ),
)
ESCAPES = (
    *OBJECTS,
    ValueField(
        "patches",
        "Changes of rendered objects, laid over them in the order of the keys: maps and lists of named entries merge, "
        'other lists are replaced, {"$patch": "delete"} takes something away.',
        _PATCHES,
        required=False,
    ),
)
