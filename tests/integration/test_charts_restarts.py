"""What restarts when nothing was asked for: another platform version, another chartgen.

tests/golden/earlier holds a platform and the umbrella that an earlier chartgen made of it. It is never refreshed.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chartgen.build import build_platform
from chartgen.comparison.compare import compare_sides
from chartgen.comparison.records import PlatformDiff
from chartgen.comparison.sides import Side, umbrella_side
from chartgen.manifest.load import load_platform
from chartgen.umbrella import load_umbrella
from helmkit.helm import Helm
from sandbox.cluster import Sandbox
from tests.builders.helm import objects, render, write
from tests.builders.releases import EXTERNAL, SPRING, STATEFUL, build, resolve

EARLIER = Path(__file__).parents[1] / "golden" / "earlier"
TEMPLATE = "charts/gateway/templates/deployment.yaml"


def side(label: str, files: Mapping[str, bytes], like: Any) -> Side:
    return Side(label, files, like.bom, like.environments)


def compare(sandbox: Sandbox, old: Side, new: Side, environment: str = "dev") -> PlatformDiff:
    helm = Helm(sandbox.helm, {**os.environ, **sandbox.environ})
    return asyncio.run(compare_sides(helm, old, new, environment))


def templates(sandbox: Sandbox, folder: Path, one: Side, environment: str) -> dict[str, str]:
    """Return the pod template of each workload as helm renders it."""
    found = {}
    for entry in one.environment(environment).services.values():
        chart = folder / "charts" / entry.chart
        values = {**one.values[environment].get(entry.chart, {}), "global": {"environment": environment}}
        text = render(sandbox, chart, values=values, release=entry.release, namespace=entry.namespace)
        for (kind, name), item in objects(text).items():
            if "template" in item.get("spec", {}):
                found[f"{kind}/{name}"] = json.dumps(item["spec"]["template"], sort_keys=True)
    return found


def test_another_version_of_the_platform_restarts_nothing(sandbox: Sandbox) -> None:
    services = (SPRING, STATEFUL, EXTERNAL)
    first, second = (build_platform(resolve(*services, version=version)) for version in ("1.0.0", "9.9.9"))
    assert {chart.version for chart in second.charts} == {"9.9.9"}, "every chart has another version"
    found = compare(sandbox, side("1", first.files, first), side("9", second.files, second))
    assert not found.changes


@pytest.mark.parametrize(
    ("helper", "restarts", "why"),
    [
        # A label of the Deployment itself: another chart, the same pods.
        ("labels", (), ()),
        ("podLabels", ("Deployment/gateway",), ("metadata.labels.made-by",)),
    ],
)
def test_what_another_chartgen_changes_in_its_templates_is_told(
    sandbox: Sandbox, helper: str, restarts: tuple[str, ...], why: tuple[str, ...]
) -> None:
    built = build(SPRING, EXTERNAL)
    line = rf'(\n( +)\{{\{{- include "[^"]*\.{helper}" \.[^\n]*)'
    text, count = re.subn(line, r"\1\n\2made-by: other", built.files[TEMPLATE].decode())
    assert count == 1
    later = {**built.files, TEMPLATE: text.encode()}
    found = compare(sandbox, side("now", built.files, built), side("later", later, built))
    (gateway,) = found.services
    assert (gateway.service, gateway.restarts, gateway.why) == ("gateway", restarts, why)
    assert found.unchanged == 1


def test_since_an_earlier_chartgen_diff_names_every_pod_that_changes(sandbox: Sandbox, tmp_path: Path) -> None:
    environment = "dev"
    earlier = umbrella_side(load_umbrella(EARLIER / "umbrella"))
    built = build_platform(load_platform(EARLIER))
    now = replace(side("now", built.files, built), label="now")
    found = compare(sandbox, earlier, now, environment)
    told = {name: one.why for one in found.services for name in one.restarts}

    folders = tmp_path / "earlier", tmp_path / "now"
    was, new = (
        templates(sandbox, write(_as_built(built, one.files), folder), one, environment)
        for one, folder in zip((earlier, now), folders, strict=True)
    )
    stayed = was.keys() & new.keys()
    assert stayed
    assert set(told) == {name for name in stayed if was[name] != new[name]}
    assert all(told.values()), "each with its reason"


def _as_built(built: Any, files: Mapping[str, bytes]) -> Any:
    return replace(built, files=files)
