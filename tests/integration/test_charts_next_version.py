"""From version N to N+1 with charts of chartgen, by relman, on a real control plane: what changes, and what restarts.

One namespace goes through all changes, each version a few of them, so that it is installed once.
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chartgen.build import BuiltPlatform, build_platform
from chartgen.checks.reading.size import predict_size
from chartgen.lockfile import Lock
from chartgen.manifest.load import parse_platform
from chartgen.package import write_packages
from helmkit.charts import subchart_values
from sandbox.cluster import Sandbox
from tests.builders.benches import Bench

HEAD = """\
[platform]
name = "{namespace}"
version = "{version}"
[registries]
hub = {{ host = "registry.example" }}
[namespaces]
{namespace} = {{}}
"""
GATEWAY = {
    "archetype": '"spring-service"',
    "image": '{ registry = "hub", repository = "gateway" }',
    "version": '"1"',
    "ports": "{ http = 8080 }",
    "drain": '"0s"',
}
ZK = {
    "archetype": '"statefulset-infra"',
    "image": '{ registry = "hub", repository = "zk" }',
    "version": '"1"',
    "ports": "{ client = 2181 }",
    "claims": '{ data = { mount = "/data", size = "1Gi", storage_class = "NAMESPACE" } }',
}
DB = {"archetype": '"external-endpoint"', "addresses": '["192.0.2.1"]', "ports": "{ mysql = 3306 }"}
CACHE = {"archetype": '"external-endpoint"', "addresses": '["192.0.2.9"]', "ports": "{ redis = 6379 }"}
INSIDE = {
    "archetype": '"statefulset-infra"',
    "image": '{ registry = "hub", repository = "redis" }',
    "version": '"6"',
    "persistent": "false",
    "ports": "{ redis = 6379 }",
}


@dataclass
class Stage:
    """A namespace, its platform's versions, and what runs."""

    bench: Bench
    lock: Lock | None = None
    built: BuiltPlatform | None = None
    services: dict[str, dict[str, str]] = field(default_factory=dict)
    restarts: dict[str, str] = field(default_factory=dict)

    def upgrade(self, version: str, **services: dict[str, str]) -> dict[str, str]:
        """Build a version with these changes and upgrade to it; return what became of each service."""
        for key, words in services.items():
            base = {} if "archetype" in words else self.services.get(key, {})
            self.services[key] = {**base, **words}
        namespace = self.bench.namespace
        text = HEAD.format(namespace=namespace, version=version)
        for key, words in self.services.items():
            text += f'[services.{key}]\nnamespace = "{namespace}"\n'
            text += "".join(f"{word} = {value}\n" for word, value in words.items())
        sources: dict[str, str | bytes] = {"releases.toml": text.replace("NAMESPACE", namespace), "values/dev.toml": ""}
        built = build_platform(parse_platform(sources), self.lock)
        self.lock, self.built = built.lock, built
        write_packages(built, self.bench.folder)
        return self.bench.relman("upgrade", namespace, "--to", version, "--skip", "image", "-o", "json").outcomes()

    def restarted(self) -> set[str]:
        """Return the workloads whose pods were replaced since the last call."""
        found = {
            f"{one['kind']}/{one['metadata']['name']}": _revision(one) for one in self.get("deployments,statefulsets")
        }
        changed = {name for name in found.keys() & self.restarts.keys() if found[name] != self.restarts[name]}
        self.restarts = found
        return changed

    def get(self, *what: str) -> list[dict[str, Any]]:
        """Return objects of the namespace."""
        found: list[dict[str, Any]] = json.loads(self.bench.kubectl("get", *what, "-o", "json"))["items"]
        return found

    def ready(self, **wanted: int) -> bool:
        """Tell whether each workload gets its ready pods; nodes of a busy machine may miss a heartbeat meanwhile."""
        found: dict[str, int] = {}
        for _ in range(40):
            workloads = self.get("deployments,statefulsets")
            found = {one["metadata"]["name"]: one["status"].get("readyReplicas", 0) for one in workloads}
            if found == wanted:
                return True
            time.sleep(0.5)
        raise AssertionError(found)

    def addresses(self, service: str) -> set[str]:
        """Return what a Service leads to."""
        slices = self.get("endpointslices", "-l", f"kubernetes.io/service-name={service}")
        return {address for one in slices for entry in one["endpoints"] or () for address in entry["addresses"]}

    def sizes(self, service: str) -> tuple[int, int]:
        """Return how many bytes a release's newest Secret takes, and how many were predicted."""
        assert self.built is not None
        chart = next(one for one in self.built.charts if one.name == service)
        values = subchart_values(self.built.environments["dev"], service)
        predicted = predict_size(chart.files, values, {"": self.bench.helm("get", "manifest", service)})
        (secret,) = self.get("secrets", "-l", f"owner=helm,name={service},status=deployed")
        return len(base64.b64decode(secret["data"]["release"])), predicted.total


def _revision(workload: dict[str, Any]) -> str:
    if workload["kind"] == "StatefulSet":
        return str(workload["status"]["updateRevision"])
    return str(workload["metadata"]["annotations"]["deployment.kubernetes.io/revision"])


def test_every_archetype_goes_to_its_next_version(sandbox: Sandbox, namespace: str, tmp_path: Path) -> None:
    bench = Bench(sandbox, tmp_path / "dist", namespace)
    bench.folder.mkdir()
    provisioner = json.loads(bench.kubectl("get", "storageclass", "-o", "json"))["items"][0]["provisioner"]
    item = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": namespace}}
    (tmp_path / "class.json").write_text(json.dumps({**item, "provisioner": provisioner, "allowVolumeExpansion": True}))
    bench.kubectl("apply", "-f", str(tmp_path / "class.json"))
    stage = Stage(bench)
    stage.upgrade("1.0.0", gateway=GATEWAY, zk=ZK, db=DB, cache=CACHE)
    stage.restarted()

    taken, predicted = stage.sizes("gateway")
    assert abs(taken - predicted) < taken / 10, f"{taken} bytes, {predicted} predicted"

    # More pods beside the old ones, other addresses, larger claims under running pods: nothing restarts.
    acknowledged = '{ "1.1.0"."StatefulSet/zk" = { kind = "claim-growth", reason = "the disk is full" } }'
    grown = {"claims": ZK["claims"].replace("1Gi", "2Gi"), "migrations": acknowledged}
    done = stage.upgrade("1.1.0", gateway={"replicas": "2"}, zk=grown, db={"addresses": '["192.0.2.2"]'})
    assert done == {"gateway": "upgraded", "zk": "upgraded", "db": "upgraded", "cache": "unchanged"}
    assert stage.restarted() == set()
    assert stage.ready(gateway=2, zk=1)
    assert stage.addresses("db") == {"192.0.2.2"}
    assert {one["spec"]["resources"]["requests"]["storage"] for one in stage.get("pvc")} == {"2Gi"}

    # Image, a port more and another probe; environment and replicas; what was outside comes inside under its name.
    other = {"version": '"2"', "ports": "{ http = 8080, admin = 8081 }", "probes": '{ path = "/health" }'}
    done = stage.upgrade("1.2.0", gateway=other, zk={"env": '{ LEVEL = "debug" }', "replicas": "2"}, cache=INSIDE)
    assert done == {"gateway": "upgraded", "zk": "upgraded", "db": "unchanged", "cache": "upgraded"}
    assert stage.restarted() == {"Deployment/gateway", "StatefulSet/zk"}
    assert stage.ready(gateway=2, zk=2, cache=1)
    assert bench.image("deployment/gateway") == "registry.example/gateway:2"
    ports = {one["metadata"]["name"]: len(one["spec"]["ports"]) for one in stage.get("services")}
    assert ports["gateway"] == 2
    assert "192.0.2.9" not in stage.addresses("cache")

    # And goes out again.
    assert stage.upgrade("1.3.0", cache=CACHE)["cache"] == "upgraded"
    assert stage.addresses("cache") == {"192.0.2.9"}
    assert {one["metadata"]["name"] for one in stage.get("statefulsets")} == {"zk"}
    assert stage.restarted() == set()
