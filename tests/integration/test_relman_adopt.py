"""Adoption on a real API server, with real kubectl and helm: no pod is touched, and rollback leads back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from helmkit.charts import write_chart
from helmkit.yaml import dump_yaml, parse_yaml_documents
from sandbox.cluster import Sandbox
from tests.builders.benches import Bench
from tests.builders.platforms import Service
from tests.builders.worlds import render_plainly


@pytest.fixture
def bench(sandbox: Sandbox, namespace: str, tmp_path: Path) -> Bench:
    bench = Bench(sandbox, tmp_path / "dist", namespace)
    bench.publish(
        "1.0.0",
        Service("store", namespace, kind="StatefulSet"),
        Service("gateway", namespace, tag="2", depends_on=("store",)),
    )
    return bench


def chart(bench: Bench, service: Service) -> Path:
    folder = bench.folder.parent / service.key
    write_chart(folder, service.chart_files("0.1.0"))
    return folder


def apply_by_hand(bench: Bench, service: Service) -> None:
    """Apply a service's objects with kubectl, with more in them than the chart has."""
    items = list(parse_yaml_documents(render_plainly(chart(bench, service), service.key, bench.namespace, {})))
    container = items[-1]["spec"]["template"]["spec"]["containers"][0]
    container["env"].append({"name": "EXTRA", "value": "by hand"})
    container["ports"] = [{"containerPort": 8080}]
    path = bench.folder.parent / "by-hand.yaml"
    path.write_text("".join(f"---\n{dump_yaml(item)}" for item in items))
    bench.kubectl("apply", "-f", str(path))


def pods(bench: Bench) -> set[str]:
    found = json.loads(bench.kubectl("get", "pods", "-o", "json"))
    return {one["metadata"]["uid"] for one in found["items"] if not one["metadata"].get("deletionTimestamp")}


def read(bench: Bench, what: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bench.kubectl("get", what, "-o", "json", "--show-managed-fields"))
    return found


def environment(bench: Bench) -> set[str]:
    pod = read(bench, "deployment/gateway")["spec"]["template"]["spec"]
    return {one["name"] for one in pod["containers"][0]["env"]}


def test_what_kubectl_and_another_helm_release_made_becomes_ours_without_a_restart(bench: Bench) -> None:
    ns = bench.namespace
    apply_by_hand(bench, Service("gateway", ns, tag="1"))
    bench.kubectl("set", "env", "deployment/gateway", "LATER=1")
    bench.kubectl("scale", "deployment/gateway", "--replicas=2")
    old = chart(bench, Service("store", ns, kind="StatefulSet"))
    for path in (old / "templates").iterdir():
        path.write_text(path.read_text().replace("{{ .Release.Name }}", "store"))
    bench.helm("install", "old-store", str(old), "--wait", "--timeout=60s")
    bench.kubectl("rollout", "status", "deployment/gateway", "--timeout=60s")
    before, specs = pods(bench), {one: read(bench, one)["spec"] for one in ("deployment/gateway", "service/gateway")}

    done = bench.relman("adopt", f"{ns}/", "--to", "1.0.0", "-e", "dev", "-m", "from kubectl", "-o", "json")
    assert done.outcomes() == {"gateway": "adopted", "store": "adopted"}

    assert pods(bench) == before
    for what, spec in specs.items():
        item = read(bench, what)
        assert item["spec"] == spec
        left = [one["manager"] for one in item["metadata"]["managedFields"] if one.get("subresource") != "status"]
        assert left == ["helm"]
        assert "kubectl.kubernetes.io/last-applied-configuration" not in item["metadata"]["annotations"]
    assert {one["name"] for one in json.loads(bench.helm("list", "-o", "json"))} == {"gateway", "store"}

    # What the charts bring is announced, and takes away what was there by hand.
    announced = bench.relman("diff", f"{ns}/", "--to", "1.0.0", "--exit-code", "-o", "json", code=3).data
    assert next(one for one in announced["services"] if one["service"] == "gateway")["restarts"] == [
        "Deployment/gateway"
    ]
    bench.relman("upgrade", f"{ns}/", "--to", "1.0.0")
    assert environment(bench) == {"LEVEL", "DB_PASSWORD"}
    assert read(bench, "deployment/gateway")["spec"]["replicas"] == 1

    # And a rollback leads back to what was there.
    bench.relman("rollback", f"{ns}/gateway", "-m", "worse")
    assert environment(bench) == {"LEVEL", "DB_PASSWORD", "EXTRA", "LATER"}
    spec = read(bench, "deployment/gateway")["spec"]
    assert (spec["replicas"], spec["template"]) == (2, specs["deployment/gateway"]["template"])
