"""Sizes of releases: of each service, and of the umbrella for those who install it with plain helm."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chartgen.build import build_platform
from chartgen.verify import PredictedSize, inspect_charts
from chartgen.workspace import Workspace
from tests.builders.releases import EXTERNAL, SPRING, STATEFUL, resolve

KIB = 1024


class Helm:
    """Renders a ConfigMap that cannot be compressed, as large as asked for by release."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = sizes

    async def template(
        self, release: str, chart: Path, *, namespace: str, values: Mapping[str, Any] | None = None,
        kube_version: str | None = None,
    ) -> str:  # fmt: skip
        noise = hashlib.shake_256(release.encode()).hexdigest(self.sizes.get(release, 0) // 2)
        return f"kind: ConfigMap\nmetadata: {{name: {release}}}\ndata: {{noise: '{noise}'}}\n"

    async def lint(self, chart: Path, *, values: Mapping[str, Any] | None = None) -> list[str]:
        return []


async def inspect(sizes: Mapping[str, int], **layers: str) -> tuple[list[tuple[str, str, str]], list[PredictedSize]]:
    platform = resolve(SPRING, STATEFUL, EXTERNAL, **layers)
    workspace = Workspace(Path(), platform, build_platform(platform), None, None, lock_is_stale=False)
    found, predicted = await inspect_charts(Helm(sizes), workspace, Path(), list(platform.environments))
    return [(one.rule, one.service, one.environment) for one in found], predicted


async def test_small_releases_are_fine_and_all_are_told() -> None:
    found, sizes = await inspect({})
    assert found == []
    assert {one.service for one in sizes} == {"", "gateway", "zk", "db"}
    assert [one.bytes for one in sizes] == sorted((one.bytes for one in sizes), reverse=True)


@pytest.mark.parametrize(("kib", "rule"), [(800, "release-size"), (1700, "release-too-large")])
async def test_a_large_service_is_found_in_every_environment(kib: int, rule: str) -> None:
    found, sizes = await inspect({"gateway": kib * KIB}, dev="", prod="")
    alone = {(rule, "gateway", "dev"), (rule, "gateway", "prod")}
    umbrella = {(rule, "", "dev"), (rule, "", "prod")}
    assert set(found) == alone | umbrella
    assert sizes[0].largest[0].startswith("objects")


async def test_services_that_fit_may_be_too_much_together() -> None:
    found, _ = await inspect({"zk": 500 * KIB, "db": 500 * KIB, "gateway": 500 * KIB})
    assert found == [("release-size", "", "dev")], "zk and db share a namespace; gateway is in another"
