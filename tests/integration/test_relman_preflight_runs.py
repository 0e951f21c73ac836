"""Preflight with few rights, beside other services, as a whole, and as people run it."""

from __future__ import annotations

import base64
import json
import os
import time
from pathlib import Path

import pytest

from relman.actions.upgrade import UpgradeOptions, prepare_upgrade
from relman.cli.upgrade import command as upgrade_command
from relman.core.preflight import CHECKS, Report
from relman.core.preflight.rights import needed_rights
from relman.preflight import PreflightRequest, run_preflight
from relman.preflight.registry import Registries
from relman.preflight.rendering import render_steps
from relman.source import Source
from sandbox.cluster import Sandbox
from sandbox.images import push_images
from tests.builders.benches import Bench
from tests.builders.platforms import Service
from tests.integration.relman_preflight_ground import Ground, bind, deployment, user_of


@pytest.fixture
def ground(sandbox: Sandbox, namespace: str, tmp_path: Path) -> Ground:
    return Ground(sandbox, tmp_path, namespace)


# ------------------------------------------------------------------------------------------------------------ rights


async def test_each_missing_right_is_named_and_the_rest_is_still_looked_at(ground: Ground) -> None:
    some = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list", "patch"]}
    bind(ground, [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}, some])
    web = deployment("web", ground.image, container=user_of("gone", "password"))
    report = await ground.check(ground.service(web), context="sandbox-viewer", skip=frozenset({"image"}))
    rights, missing = report.refusals
    assert rights.check == "rights"
    assert "create, delete, watch deployments.apps" in rights.message
    assert "create, delete, get, update secrets" in rights.message
    assert "create, get, update leases.coordination.k8s.io" in rights.message
    assert "kubectl auth can-i" in rights.remedy
    # Names may be listed, so what does not exist is known; its keys would not be.
    assert missing.message.startswith(f"Secret gone does not exist in namespace {ground.namespace}")
    told = "\n".join(report.unseen)
    assert "no right to read them, only their names" in told
    assert "no right to list nodes" in told


async def test_exactly_the_rights_of_the_table_are_enough(ground: Ground) -> None:
    service = ground.service(deployment("web", ground.image))
    async with ground.world() as world:
        prepared = await ground.prepare(world, service)
        platforms = {prepared.platform.bom.version: prepared.platform}
        moved = await render_steps(world.helm, world.kube, prepared.plan, platforms, "v1.36.3")
    rules = [
        {"apiGroups": [right.group], "resources": [right.resource], "verbs": [right.verb]}
        for right in needed_rights(moved, frozenset(), frozenset({ground.namespace}))
    ]
    bind(ground, rules)
    assert await ground.found(service, only="rights", context="sandbox-viewer") == []


# ------------------------------------------------------------------------------------------------------ dependencies


async def test_dependencies_outside_the_run_must_be_installed_and_healthy(ground: Ground, tmp_path: Path) -> None:
    bench = Bench(ground.sandbox, tmp_path / "bench", ground.namespace)
    bench.publish(
        "1.0.0", Service("store", ground.namespace), Service("cache", ground.namespace, depends_on=("store",))
    )
    bench.relman("upgrade", f"{ground.namespace}/store", "--to", "1.0.0", "--skip", "image")
    async with ground.world() as world:
        source = Source(str(tmp_path / "bench"))
        asked = UpgradeOptions(version="1.0.0", name=f"{ground.namespace}/cache", source=source)
        prepared = await prepare_upgrade(world, asked)
        request = PreflightRequest(
            prepared.plan, {"1.0.0": prepared.platform}, prepared.entry.services, checks=("dependencies",)
        )
        assert (await run_preflight(world.kube, world.helm, None, request)).findings == ()
        bench.kubectl("delete", "deployment", "store")
        [finding] = (await run_preflight(world.kube, world.helm, None, request)).findings
        assert (finding.severity, finding.check) == ("warn", "dependencies")
        assert "store in namespace" in finding.message
        assert "needed by cache" in finding.message
        bench.helm("uninstall", "store")
        [finding] = (await run_preflight(world.kube, world.helm, None, request)).refusals
        assert f"store is not installed in namespace {ground.namespace}" in finding.message


# -------------------------------------------------------------------------------------------- versions, release size


async def test_a_chart_for_another_kubernetes_is_refused(ground: Ground) -> None:
    service = ground.service(deployment("web", ground.image))
    newer = type("Newer", (Service,), {"chart_files": _for_kubernetes_99})(**vars(service))
    [(severity, message)] = await ground.found(newer, only="versions")
    assert severity == "refuse"
    assert "kubeVersion: >=1.99" in message


def _for_kubernetes_99(service: Service, version: str) -> dict[str, bytes]:
    files = Service.chart_files(service, version)
    return {**files, "Chart.yaml": files["Chart.yaml"] + b'kubeVersion: ">=1.99"\n'}


async def test_a_release_that_helm_cannot_store_is_refused(ground: Ground) -> None:
    noise = base64.b64encode(os.urandom(700_000)).decode()
    item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dashboards"}, "data": {"a": noise}}
    [(severity, message)] = await ground.found(ground.service(item), only="release-size")
    assert severity == "refuse"
    assert "Helm can store" in message


async def test_the_size_is_predicted_within_a_tenth(ground: Ground, tmp_path: Path) -> None:
    noise = base64.b64encode(os.urandom(60_000)).decode()
    item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dashboards"}, "data": {"a": noise}}
    async with ground.world() as world:
        prepared = await ground.prepare(world, ground.service(item))
        platforms = {prepared.platform.bom.version: prepared.platform}
        [moved] = await render_steps(world.helm, world.kube, prepared.plan, platforms, "v1.36.3")
        chart = prepared.platform.chart("web-external")
        bench = Bench(ground.sandbox, tmp_path, ground.namespace)
        bench.helm("install", "web", str(chart))
        stored = json.loads(bench.kubectl("get", "secret", "sh.helm.release.v1.web.v1", "-o", "json"))
    size = len(base64.b64decode(stored["data"]["release"]))
    assert abs(moved.size - size) < size / 10


# --------------------------------------------------------------------------------------------------- all of it, fast


async def test_nothing_to_move_asks_nothing(ground: Ground) -> None:
    async with ground.world() as world:
        prepared = await ground.prepare(world, ground.service(deployment("web", ground.image)))
    plan = prepared.plan.__class__(schema="1", action="upgrade", platform="p", version="1", environment="e")
    assert await run_preflight(None, None, None, PreflightRequest(plan, {})) == Report()  # type: ignore[arg-type]


async def test_three_services_take_about_a_second(ground: Ground) -> None:
    """Under 1 s on an idle machine; the bound leaves room for others on it."""
    await push_images(ground.sandbox.registry, [ground.image])
    services = [
        ground.service(deployment(name, ground.image, replicas=3, container=user_of("db", "user")), key=name)
        for name in ("one", "two", "three")
    ]
    ground.create("v1", "secrets", {"metadata": {"name": "db"}, "stringData": {"user": "x"}})
    async with ground.world() as world, Registries(ground.environ) as images:
        prepared = await ground.prepare(world, *services)
        request = PreflightRequest(
            prepared.plan, {prepared.platform.bom.version: prepared.platform}, prepared.entry.services,
            prepared.entry.namespaces,
        )  # fmt: skip
        began = time.perf_counter()
        report = await run_preflight(world.kube, world.helm, images, request)
        took = time.perf_counter() - began
    assert report.findings == ()
    assert took < 4, f"{took:.2f} s"


# --------------------------------------------------------------------------------------------------- as people run it


def test_relman_refuses_with_everything_at_once_and_moves_nothing(ground: Ground, tmp_path: Path) -> None:
    bench = Bench(ground.sandbox, tmp_path / "bench", ground.namespace)
    repository = f"{ground.sandbox.registry}/{ground.namespace}"
    web = deployment("web", f"{repository}/web:missing-9", container=user_of("db", "password"))
    shop = {"apiVersion": "shop.example/v1", "kind": "Shop", "metadata": {"name": "shop"}}
    bench.publish("1.0.0", ground.service(web), ground.service(shop, key="shop"))
    refused = bench.relman("upgrade", f"{ground.namespace}/", "--to", "1.0.0", code=9)
    assert f"[image] image {repository}/web:missing-9 does not exist" in refused.err
    assert f"[references] Secret db does not exist in namespace {ground.namespace}" in refused.err
    assert "[dry-run] the cluster does not know the kind of Shop/shop" in refused.err
    assert "--skip" in refused.err
    assert bench.kubectl("get", "deployments,leases,configmaps", "-o", "name").splitlines() == [
        "configmap/kube-root-ca.crt"
    ]


def test_a_skipped_check_is_recorded_and_the_failure_restored(ground: Ground, tmp_path: Path) -> None:
    bench = Bench(ground.sandbox, tmp_path / "bench", ground.namespace)
    repository = f"{ground.sandbox.registry}/{ground.namespace}"
    bench.publish("1.0.0", ground.service(deployment("web", f"{repository}/web:missing-9")))
    done = bench.relman("upgrade", f"{ground.namespace}/", "--to", "1.0.0", "--skip", "image", code=7)
    assert "Checks skipped: image" in done.err
    [entry] = bench.relman("history", f"{ground.namespace}/", "-o", "json").data
    assert (entry["outcome"], entry["skipped_checks"]) == ("restored", ["image"])


def test_the_command_line_knows_every_check() -> None:
    [option] = [parameter for parameter in upgrade_command.params if parameter.name == "skip"]
    assert set(option.type.choices) == set(CHECKS)  # type: ignore[attr-defined]
