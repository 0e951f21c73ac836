"""relman as people run it, on a real control plane: real helm, real controllers, real exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helmkit.charts import parse_archive
from helmkit.oci import RegistryClient, push_chart
from sandbox.cluster import Sandbox
from tests.builders.benches import Bench
from tests.builders.platforms import Service


@pytest.fixture
def bench(sandbox: Sandbox, namespace: str, tmp_path: Path) -> Bench:
    bench = Bench(sandbox, tmp_path, namespace)
    for version, gateway, orders in (("1.0.0", "1", "1"), ("1.1.0", "2", "1"), ("1.2.0", "3", "missing-1")):
        bench.publish(
            version,
            Service("store", namespace, kind="StatefulSet"),
            Service("gateway", namespace, tag=gateway, depends_on=("store",)),
            Service("orders", namespace, tag=orders, depends_on=("gateway",)),
        )
    return bench


def test_install_no_op_change_failure_and_the_way_back(bench: Bench) -> None:
    ns = bench.namespace
    assert set(bench.relman("upgrade", ns, "--to", "1.0.0", "-o", "json").outcomes().values()) == {"installed"}
    assert bench.relman("upgrade", ns, "--to", "1.0.0", "-o", "json").data["outcome"] == "nothing"

    diff = bench.relman("diff", ns, "--to", "1.1.0", "-o", "json", "--exit-code", code=3).data
    assert [(one["service"], one["restarts"]) for one in diff["services"]] == [("gateway", ["Deployment/gateway"])]

    changed = bench.relman("upgrade", ns, "--to", "1.1.0", "-m", "faster", "-o", "json").outcomes()
    assert changed == {"store": "unchanged", "gateway": "upgraded", "orders": "unchanged"}

    failed = bench.relman("upgrade", ns, "--to", "1.2.0", "-o", "json", code=7)
    assert failed.data["outcome"] == "restored"
    assert failed.outcomes() == {"store": "unchanged", "gateway": "restored", "orders": "restored"}
    assert "missing-1" in failed.err
    assert bench.image("deployment/gateway") == "registry.example/app:2"
    assert bench.image("deployment/orders") == "registry.example/app:1"
    marked = json.loads(bench.helm("history", "orders", "-o", "json"))
    assert "missing-1" in marked[1]["description"]
    assert bench.relman("upgrade", ns, "--to", "1.1.0", "-o", "json").data["outcome"] == "nothing"

    entries = bench.relman("history", f"{ns}/", "-o", "json").data
    assert [(one["version"], one["outcome"]) for one in entries] == [
        ("1.2.0", "restored"), ("1.1.0", "done"), ("1.0.0", "done"),
    ]  # fmt: skip


def test_a_service_and_a_namespace_go_back(bench: Bench) -> None:
    ns = bench.namespace
    bench.relman("upgrade", ns, "--to", "1.0.0")
    bench.relman("upgrade", ns, "--to", "1.1.0")
    shown = bench.relman("rollback", f"{ns}/gateway", "-m", "slow")
    assert "spec.template.spec.containers[main].image: registry.example/app:2 -> registry.example/app:1" in shown.err
    assert "hidden-" not in shown.out + shown.err
    assert bench.image("deployment/gateway") == "registry.example/app:1"
    held = bench.relman("upgrade", ns, "--to", "1.1.0", "-o", "json").outcomes()
    assert held["gateway"] == "held"
    bench.relman("upgrade", ns, "--to", "1.1.0", "--release-hold")
    back = bench.relman("rollback", f"{ns}/", "--to", "1.0.0", "-o", "json")
    assert back.outcomes()["gateway"] == "rolled back"
    one = bench.relman("status", f"{ns}/gateway", "-o", "json").data["sets"][0]["services"][0]
    assert (one["version"], one["health"], one["state"], one["revision"]) == ("1", "healthy", "in-sync", 5)


def test_a_foreign_release_is_refused(bench: Bench, tmp_path: Path) -> None:
    chart = tmp_path / "foreign"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: foreign\nversion: 1.0.0\n")
    (chart / "templates" / "kept.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept}\n")
    bench.helm("install", "gateway", str(chart))
    refused = bench.relman("upgrade", bench.namespace, "--to", "1.0.0", code=9)
    assert "gateway exists" in refused.err
    assert "kept" in bench.kubectl("get", "configmap", "kept", "-o", "name")
    assert "relman" not in bench.kubectl("get", "configmap", "-o", "name")


def test_what_others_change_is_noticed_shown_and_put_right(bench: Bench) -> None:
    ns = bench.namespace
    bench.relman("upgrade", ns, "--to", "1.0.0")
    bench.kubectl("set", "image", "deployment/gateway", "main=registry.example/app:77")
    shown = bench.relman("status", f"{ns}/gateway", "-o", "json").data["sets"][0]["services"][0]
    assert shown["state"] == "drifted"
    assert "kubectl-set" in shown["detail"]
    planned = bench.relman("upgrade", ns, "--to", "1.0.0", "-o", "json").outcomes()
    assert planned == {"store": "unchanged", "gateway": "upgraded", "orders": "unchanged"}
    assert bench.image("deployment/gateway") == "registry.example/app:1"

    bench.kubectl("scale", "deployment/orders", "--replicas", "2")
    assert bench.relman("upgrade", ns, "--to", "1.0.0", "-o", "json").outcomes()["orders"] == "upgraded"
    assert bench.relman("upgrade", ns, "--to", "1.0.0", "-o", "json").data["outcome"] == "nothing"

    bench.helm("rollback", "gateway", "1")
    planned = bench.relman("upgrade", ns, "--to", "1.0.0", "-o", "json").outcomes()
    assert planned["gateway"] == "upgraded"


def test_an_ordered_statefulset_that_failed_is_restored(bench: Bench) -> None:
    ns = bench.namespace
    bench.publish("2.0.0", Service("store", ns, kind="StatefulSet", replicas=2))
    bench.publish("2.1.0", Service("store", ns, kind="StatefulSet", replicas=2, tag="missing-5"))
    bench.relman("upgrade", ns, "--to", "2.0.0")
    bench.relman("upgrade", ns, "--to", "2.1.0", code=7)
    assert bench.image("statefulset/store") == "registry.example/app:1"
    assert bench.kubectl("get", "statefulset", "store", "-o", "jsonpath={.status.readyReplicas}") == "2"


def test_a_workload_that_becomes_an_outside_endpoint_and_back_leaves_no_address_behind(bench: Bench) -> None:
    ns = bench.namespace
    bench.publish("3.0.0", Service("db", ns))
    bench.publish("3.1.0", Service("db", ns, kind="External"))
    bench.relman("upgrade", ns, "--to", "3.0.0")
    bench.relman("upgrade", ns, "--to", "3.1.0")
    slices = json.loads(bench.kubectl("get", "endpointslices", "-l", "kubernetes.io/service-name=db", "-o", "json"))
    addresses = [address for one in slices["items"] for e in one["endpoints"] or () for address in e["addresses"]]
    assert addresses == ["192.0.2.7"]
    assert json.loads(bench.kubectl("get", "endpoints", "-o", "json"))["items"] == []
    bench.relman("rollback", f"{ns}/db")
    slices = json.loads(bench.kubectl("get", "endpointslices", "-l", "kubernetes.io/service-name=db", "-o", "json"))
    assert all("192.0.2.7" not in e["addresses"] for one in slices["items"] for e in one["endpoints"] or ())


async def test_charts_come_from_a_registry_and_are_found_there_again(bench: Bench) -> None:
    ns = bench.namespace
    url = f"oci://{bench.sandbox.registry}/charts/{ns}"
    await _push(bench, "1.0.0")
    bench.relman("upgrade", ns, "--to", "1.0.0", "--from", url, "--plain-http")
    await _push(bench, "1.1.0")
    bench.environ = {name: value for name, value in bench.environ.items() if name != "RELMAN_FROM"}
    assert bench.relman("upgrade", ns, "--to", "1.1.0", "-o", "json").outcomes()["gateway"] == "upgraded"
    newest = bench.relman("history", f"{ns}/", "-o", "json").data[0]
    assert newest["source"] == url
    missing = bench.relman("upgrade", ns, "--to", "9.9.9", code=1)
    assert "9.9.9" in missing.err


async def _push(bench: Bench, version: str) -> None:
    archive = (bench.folder / f"{bench.namespace}-{version}.tgz").read_bytes()
    chart_yaml = parse_archive(archive, version)[1]["Chart.yaml"]
    async with RegistryClient(bench.sandbox.registry, plain_http=True) as client:
        await push_chart(
            client, f"charts/{bench.namespace}", bench.namespace, version, archive, chart_yaml, created=None
        )
