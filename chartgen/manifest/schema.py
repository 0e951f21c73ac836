"""The JSON schema of the release manifest and of a layer, for editors; made from the models.

Draft 7, which editors' TOML support (taplo, Even Better TOML) understands. It cannot know what presets and layers add,
so inside services nothing is required; `chartgen` itself says what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chartgen.harbor.model import HarborSection
from chartgen.manifest.archetype_models import MODELS
from chartgen.manifest.documented import DocumentedSchema
from chartgen.manifest.sections import ChartsSection, EnvironmentSection, NamespaceSection, PlatformSection
from chartgen.manifest.wording import plain
from chartgen.vocabulary.chart_tests import TestsSection
from chartgen.vocabulary.image import Registry
from chartgen.vocabulary.network import NetworkSection

_KEY = {"pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63}
_DURATION = r"^(\d+h)?(\d+m)?(\d+s)?$"
_SECTIONS: Mapping[str, tuple[type[BaseModel], ...]] = {
    "manifest": (
        *(PlatformSection, ChartsSection, HarborSection, NamespaceSection, Registry),
        *(NetworkSection, TestsSection),
    ),
    "layer": (EnvironmentSection, ChartsSection, NamespaceSection, Registry, NetworkSection, TestsSection),
}

Json = dict[str, Any]


def build_schema(kind: Literal["manifest", "layer"] = "manifest") -> Json:
    """Return the JSON schema of `releases.toml`, or of `values/<environment>.toml`; equal for equal models."""
    models = [(model, "validation") for model in (*_SECTIONS[kind], *MODELS.values())]
    _, definitions = models_json_schema(
        models,  # type: ignore[arg-type]
        ref_template="#/definitions/{model}",
        schema_generator=DocumentedSchema,
    )
    found: Json = _adapt(definitions["$defs"])
    services = [found.pop(model.__name__) for model in MODELS.values()]
    sections = {model.__name__ for model in _SECTIONS[kind]}
    for name, definition in found.items():
        if name not in sections or kind == "layer":
            definition.pop("required", None)
    found["Service"] = _service(services)
    build = _manifest if kind == "manifest" else _layer
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Release manifest" if kind == "manifest" else "Environment layer",
        "type": "object",
        "additionalProperties": False,
        **build(),
        "definitions": dict(sorted(found.items())),
    }


def _manifest() -> Json:
    composition = {
        "archetype": _archetype(),
        "preset": {
            "description": "Presets to start from, later ones win.",
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
        },
        "unset": _unset("What to take away from the presets"),
    }
    service = {"allOf": [{"$ref": "#/definitions/Service"}, _stated(composition)]}
    return {
        "required": ["platform"],
        "properties": {
            "platform": {"$ref": "#/definitions/PlatformSection"},
            "charts": {"$ref": "#/definitions/ChartsSection"},
            "harbor": {"$ref": "#/definitions/HarborSection"},
            "network": {"$ref": "#/definitions/NetworkSection"},
            "tests": {"$ref": "#/definitions/TestsSection"},
            "registries": _map("#/definitions/Registry", "Where images come from, by a free key."),
            "namespaces": _map("#/definitions/NamespaceSection", "Every namespace that services may name."),
            "presets": {
                **_map("", "Parts of services to share."),
                "additionalProperties": {
                    "allOf": [{"$ref": "#/definitions/Service"}, _stated({"archetype": _archetype()})]
                },
            },
            "services": {**_map("", "Every service by its key."), "additionalProperties": service},
            "include": {
                "type": "array",
                "items": {"type": "string", "pattern": r"\.toml$"},
                "description": "More files, for example services/*.toml, with services, presets and declarations.",
            },
        },
    }


def _layer() -> Json:
    composition = {"archetype": _archetype(), "unset": _unset("What to take away from the release manifest")}
    service = {"allOf": [{"$ref": "#/definitions/Service"}, _stated(composition)]}
    return {
        "properties": {
            "environment": {"$ref": "#/definitions/EnvironmentSection"},
            "charts": {"$ref": "#/definitions/ChartsSection"},
            "network": {"$ref": "#/definitions/NetworkSection"},
            "tests": {"$ref": "#/definitions/TestsSection"},
            "registries": _map("#/definitions/Registry", "What differs from the release manifest."),
            "namespaces": _map("#/definitions/NamespaceSection", "What differs from the release manifest."),
            "services": {
                **_map("", "What differs from the release manifest, by service."),
                "additionalProperties": service,
            },
        },
    }


def _service(models: list[Json]) -> Json:
    properties: Json = {}
    for model in models:
        for key, value in model["properties"].items():
            properties.setdefault(key, value)
    return {"type": "object", "properties": properties}


def _stated(composition: Json) -> Json:
    """Close a service's table: draft 7 looks at the keys of one schema at a time."""
    all_keys: Json = {}
    rules = []
    for archetype, model in MODELS.items():
        keys = [field.alias or name for name, field in model.model_fields.items()]
        all_keys |= dict.fromkeys(keys, True)
        stated = {"properties": {"archetype": {"const": archetype}}, "required": ["archetype"]}
        rules.append({"if": stated, "then": {"propertyNames": {"enum": [*keys, *composition]}}})
    return {
        "type": "object",
        "properties": {**all_keys, **composition},
        "additionalProperties": False,
        "allOf": rules,
    }


def _archetype() -> Json:
    return {"enum": list(MODELS), "description": "The kind of chart the service gets."}


def _unset(description: str) -> Json:
    example = 'dotted paths, for example "ports.http.node_port"'
    return {"type": "array", "items": {"type": "string"}, "description": f"{description}: {example}."}


def _map(reference: str, description: str) -> Json:
    entries: Any = {"$ref": reference} if reference else True
    return {"type": "object", "propertyNames": _KEY, "additionalProperties": entries, "description": description}


def _adapt(node: Any) -> Any:
    """Return pydantic's schema (2020-12) as draft 7, with durations' defaults as people write them."""
    if isinstance(node, list):
        return [_adapt(item) for item in node]
    if not isinstance(node, dict):
        return node
    adapted = {key: _adapt(value) for key, value in node.items() if key not in ("title", "discriminator")}
    if adapted.get("default", 0) is None or isinstance(adapted.get("default"), dict):
        # Nothing, or a table of nothings: it would be completed as if somebody wanted it.
        del adapted["default"]
    if isinstance(adapted.get("description"), str):
        adapted["description"] = plain(adapted["description"])
    if "patternProperties" in adapted:
        adapted.setdefault("additionalProperties", False)
    if "$ref" in adapted and len(adapted) > 1:
        # Draft 7 ignores everything beside a reference.
        adapted["allOf"] = [{"$ref": adapted.pop("$ref")}]
    if adapted.get("pattern") == _DURATION and isinstance(adapted.get("default"), int):
        adapted["default"] = f"{adapted['default']}s"
    if isinstance(adapted.get("oneOf"), list):
        # Without required keys several kinds of a reference may fit at once.
        adapted["anyOf"] = adapted.pop("oneOf")
    return adapted
