"""What releases.lock says of immutable fields is what helm renders: one side reads values, the other objects."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from chartgen.build import build_platform
from chartgen.manifest.load import load_platform
from helmkit.immutable import immutable_fields, object_id
from sandbox.cluster import Sandbox
from tests.builders.helm import objects, render, write

CASES = sorted((Path(__file__).parents[1] / "golden" / "cases").iterdir())


def changeable(fields: Mapping[str, str]) -> dict[str, str]:
    """Return fields without bindings to a role of their own name: that changes together with the name alone."""
    found = {}
    for path, value in fields.items():
        name, _, field = path.partition(" ")
        if field != "roleRef" or name.partition("/")[2] != value.partition("/")[2]:
            found[path] = value
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_lock_agrees_with_the_objects(sandbox: Sandbox, case: Path, tmp_path: Path) -> None:
    built = build_platform(load_platform(case))
    umbrella = write(built, tmp_path)
    environment = built.bom.default_environment
    compared = 0
    for entry in built.bom.environments[environment].services.values():
        if entry.archetype == "vendor-chart":
            continue  # what a third party's chart renders is not known before helm does
        values = {**built.environments[environment].get(entry.chart, {}), "global": {"environment": environment}}
        chart = umbrella / "charts" / entry.chart
        text = render(sandbox, chart, values=values, release=entry.release, namespace=entry.namespace)
        rendered = {
            f"{object_id(found)} {path}": value
            for found in objects(text).values()
            for path, value in immutable_fields(found).items()
        }
        locked = built.lock.charts[entry.chart].immutable[environment]
        assert changeable(locked) == changeable(rendered), entry.chart
        compared += len(rendered)
    assert compared
