"""A service that moves to another namespace with its node port, on a real API server that gives it out only once."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.cluster import Sandbox
from tests.builders.benches import Bench
from tests.builders.platforms import Service

_DOOR = """apiVersion: v1
kind: Service
metadata: {name: gateway-door}
spec:
  type: NodePort
  selector: {app: gateway}
  ports: [{name: http, port: 80, nodePort: %d}]
"""


@pytest.fixture
def other(sandbox: Sandbox, unique_name: str) -> Iterator[str]:
    name = f"{unique_name}-b"
    sandbox.make_namespace(name)
    yield name
    sandbox.api.delete(f"/api/v1/namespaces/{name}")


def test_it_takes_its_node_port_along_and_a_failure_brings_both_back(
    sandbox: Sandbox, namespace: str, other: str, tmp_path: Path
) -> None:
    bench = Bench(sandbox, tmp_path / "dist", namespace)
    port = 30000 + secrets.randbelow(2768)
    door = {"door.yaml": _DOOR % port}

    def publish(version: str, place: str, *more: Service) -> None:
        bench.publish(version, Service("gateway", place, node_ports=(port,), extra=door), *more)

    def held_by() -> list[str]:
        found = json.loads(bench.kubectl("get", "services", "-A", "-o", "json"))["items"]
        ports = {(one["metadata"]["namespace"], p.get("nodePort")) for one in found for p in one["spec"]["ports"]}
        return [where for where, number in ports if number == port]

    publish("1.0.0", namespace)
    publish("1.1.0", other, Service("late", other, tag="missing-1", depends_on=("gateway",)))
    publish("1.2.0", other)
    bench.relman("upgrade", "--all", "--to", "1.0.0")
    refused = bench.relman("upgrade", other, "--to", "1.2.0", code=9)
    assert f"gateway runs in namespace {namespace}, and moves to {other} only with --all" in refused.err
    bench.relman("upgrade", "--all", "--to", "1.1.0", code=7)
    assert held_by() == [namespace]
    done = bench.relman("upgrade", "--all", "--to", "1.2.0", "-o", "json").data
    outcomes = {(one["namespace"], one["service"]): one["outcome"] for one in done["services"]}
    assert (outcomes[namespace, "gateway"], outcomes[other, "gateway"]) == ("removed", "installed")
    assert held_by() == [other]
