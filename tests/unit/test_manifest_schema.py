"""The JSON schema agrees with the models: what chartgen accepts it accepts, and editors see typing errors."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import tomli

from chartgen.archetypes.catalogue import ARCHETYPES
from chartgen.manifest.archetype_models import MODELS
from chartgen.manifest.schema import build_schema
from tests.unit.draft7 import faults
from tests.unit.manifest_samples import BASE, PLATFORM

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = build_schema("manifest")
LAYER = build_schema("layer")


def _faults(text: str, schema: dict[str, Any]) -> list[str]:
    return list(faults(schema, tomli.loads(text), schema))


def test_every_archetype_has_words() -> None:
    # Made from [namespaces], and no word of services.
    assert {*MODELS, "namespace-objects"} == ARCHETYPES.keys()


@pytest.mark.parametrize("schema", [MANIFEST, LAYER])
def test_the_schema_is_draft_7_for_people(schema: dict[str, Any]) -> None:
    text = json.dumps(schema)
    assert "$defs" not in text
    assert "prefixItems" not in text
    assert not re.search(r"\([TW]\d+", text), "ids of rules mean nothing to users"
    references = set(re.findall(r'"#/definitions/(\w+)"', text))
    assert references == schema["definitions"].keys()


def test_every_key_that_a_service_may_state_has_a_type() -> None:
    known = MANIFEST["definitions"]["Service"]["properties"]
    for model in MODELS.values():
        for name, field in model.model_fields.items():
            assert known[field.alias or name]


def test_properties_say_what_stands_below_their_fields() -> None:
    definitions = MANIFEST["definitions"]
    assert definitions["Probe"]["properties"]["grpc"]["description"] == "The gRPC health protocol."
    # Inherited from the model of all workloads.
    assert definitions["Service"]["properties"]["namespace"]["description"]


def test_defaults_are_as_people_write_them() -> None:
    assert MANIFEST["definitions"]["Service"]["properties"]["graceful"]["default"] == "30s"
    assert MANIFEST["definitions"]["Probes"]["properties"]["startup_budget"]["default"] == "120s"


@pytest.mark.parametrize("path", [ROOT / "releases.toml", *sorted((ROOT / "values").glob("*.toml"))], ids=str)
def test_the_platform_of_this_project_is_valid(path: Path) -> None:
    schema = MANIFEST if path.name == "releases.toml" else LAYER
    assert _faults(path.read_text(), schema) == []


def test_presets_and_layers_may_say_a_part() -> None:
    assert _faults(PLATFORM + BASE + '[presets.part]\nimage.pull_policy = "Always"\n', MANIFEST) == []
    layer = '[registries.hub]\nplain_http = true\n[services.x]\nunset = ["env.A"]\nenv.A.format = "x"\n'
    assert _faults(layer, LAYER) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[services.x]\nreplicaz = 1\n", [".services.x.replicaz: unknown key"]),
        ("[services.x]\nreplicas = '1'\n", [".services.x.replicas: is no integer"]),
        ("[services.x]\nversion = 1\n", [".services.x.version: is no string"]),
        ("[services.x]\nspread = 'far'\n", [".services.x.spread: is none of the choices"]),
        ("[services.x]\narchetype = 'spring'\n", [".services.x.archetype: is none of the choices"]),
        (
            "[services.x]\narchetype = 'external-endpoint'\nreplicas = 1\n",
            [".services.x.replicas: is none of the choices"],
        ),
        ("[services.x]\nports.http = 0\n", [".services.x.ports.http: fits none of anyOf"]),
        ("[services.x]\ndrain = '5 minutes'\n", [r".services.x.drain: does not match ^(\d+h)?(\d+m)?(\d+s)?$"]),
        ("[services.X]\n", [".services.X: does not match ^[a-z]([-a-z0-9]*[a-z0-9])?$"]),
        ("[service.x]\n", [".service: unknown key"]),
        ("[environment]\n", [".environment: unknown key"]),
        ("[registries.x]\n", [".registries.x: needs host"]),
    ],
)
def test_editors_see_typing_errors(text: str, expected: list[str]) -> None:
    assert _faults(PLATFORM + text, MANIFEST) == expected


def test_a_layer_has_its_own_schema() -> None:
    assert _faults("[platform]\n[presets.x]\n", LAYER) == [".platform: unknown key", ".presets: unknown key"]
    assert _faults("[services.x]\npreset = 'a'\n", LAYER) == [".services.x.preset: unknown key"]
