"""The charts on a real API server: every object is accepted, every pod fits its namespace's Pod Security level."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from chartgen.build import BuiltPlatform, build_platform
from chartgen.manifest.load import load_platform
from helmkit.yaml import dump_yaml, dump_yaml_documents
from sandbox.cluster import Sandbox
from tests.builders.crds import install_crds
from tests.builders.helm import objects, render, run, write
from tests.builders.releases import EXTERNAL, SPRING, STATEFUL, build

ROOT = Path(__file__).parents[2]
CASES = [*sorted((ROOT / "tests" / "golden" / "cases").iterdir()), ROOT]
_LEVELS = {
    "restricted": "a pod that may run as root, or gain privileges",
    "baseline": "a pod that uses the host",
}


def rendered(
    sandbox: Sandbox, built: BuiltPlatform, environment: str, folder: Path
) -> list[tuple[str, dict[str, Any]]]:
    """Return every object with the Pod Security level of its namespace."""
    umbrella = write(built, folder)
    entry = built.bom.environments[environment]
    found = []
    for service in entry.services.values():
        values = built.environments[environment].get(service.chart, {})
        chart = umbrella / "charts" / service.chart
        labels = entry.namespaces[service.namespace].labels
        level = labels["pod-security.kubernetes.io/enforce"]
        text = render(sandbox, chart, values=values, release=service.release, namespace=service.namespace)
        found += [(level, one) for one in objects(text).values()]
    return found


def dry_run(sandbox: Sandbox, namespace: str, documents: list[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
    text = dump_yaml_documents(documents)
    options = ["--server-side", "--dry-run=server", "--field-manager=helm", f"--namespace={namespace}"]
    options += ["--validate=strict", "-f", "-"]
    return run(sandbox, sandbox.kubectl, "apply", *options, stdin=text)


@pytest.fixture(scope="module")
def levels(sandbox: Sandbox) -> dict[str, str]:
    """Namespaces that enforce each level, and warn of the pods of workloads as well; the cluster knows all kinds."""
    install_crds(sandbox)
    found = {}
    for level in _LEVELS:
        labels = {f"pod-security.kubernetes.io/{mode}": level for mode in ("enforce", "warn")}
        sandbox.make_namespace(f"charts-{level}", labels=labels)
        found[level] = f"charts-{level}"
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_api_server_takes_every_object(
    sandbox: Sandbox, levels: dict[str, str], case: Path, tmp_path: Path
) -> None:
    built = build_platform(load_platform(case))
    for environment in built.bom.environments:
        found = rendered(sandbox, built, environment, tmp_path / environment)
        for level, namespace in levels.items():
            own = [one for at, one in found if at == level]
            if own:
                done = dry_run(sandbox, namespace, [moved(one, namespace) for one in own])
                assert done.returncode == 0, done.stderr
                # Warnings of other kinds (names of ports, mostly) would be worth knowing as well.
                assert "Warning" not in done.stderr, done.stderr
                pods = [pod for one in own if (pod := pod_of(one, namespace))]
                done = dry_run(sandbox, namespace, pods) if pods else done
                assert done.returncode == 0, done.stderr


def moved(one: dict[str, Any], namespace: str) -> dict[str, Any]:
    """Return the object in another namespace, with node ports that no other test takes."""
    text = re.sub(r'"nodePort": \d+', '"nodePort": 0', json.dumps(one))
    found: dict[str, Any] = json.loads(text)
    if "namespace" in found["metadata"]:
        found["metadata"]["namespace"] = namespace
    else:
        # Of the whole cluster, where one of this name may be: another class with another provisioner, for example.
        found["metadata"]["name"] = f"{namespace}-{found['metadata']['name']}"
    return found


def pod_of(workload: dict[str, Any], namespace: str) -> dict[str, Any] | None:
    """Return the pod a workload would make; only pods are refused for Pod Security, workloads are warned of."""
    template = workload.get("spec", {}).get("template")
    if not template:
        return None
    pod = json.loads(json.dumps(template))
    for claim in workload["spec"].get("volumeClaimTemplates", []):
        name = claim["metadata"]["name"]
        pod["spec"].setdefault("volumes", []).append({"name": name, "persistentVolumeClaim": {"claimName": name}})
    # Its own account may not be there yet, and Pod Security does not look at it.
    pod["spec"] |= {"serviceAccountName": "default", "serviceAccount": "default"}
    name = workload["metadata"]["name"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        **pod,
        "metadata": {**pod["metadata"], "name": name, "namespace": namespace},
    }


@pytest.mark.parametrize("level", sorted(_LEVELS))
def test_the_levels_are_enforced_at_all(sandbox: Sandbox, levels: dict[str, str], level: str) -> None:
    spec = {"containers": [{"name": "a", "image": "a"}], "hostNetwork": level == "baseline"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": spec}
    assert "PodSecurity" in dry_run(sandbox, levels[level], [pod]).stderr


def install(sandbox: Sandbox, built: BuiltPlatform, folder: Path, namespace: str, *args: str, helm: Path) -> None:
    umbrella = write(built, folder)
    options = [f"--namespace={namespace}", f"-f{umbrella / 'environments/dev.yaml'}", "--wait", "--timeout=60s", *args]
    done = run(sandbox, helm, "upgrade", "--install", namespace, str(umbrella), *options)
    assert done.returncode == 0, done.stderr


def fetch(sandbox: Sandbox, namespace: str, kinds: str) -> dict[tuple[str, str], Any]:
    done = run(sandbox, sandbox.kubectl, "get", kinds, f"--namespace={namespace}", "-o", "json")
    return {(one["kind"], one["metadata"]["name"]): one for one in json.loads(done.stdout)["items"]}


WORKLOADS = "deployments,statefulsets"
SMALL = STATEFUL.replace("replicas = 3", "replicas = 2")


@pytest.mark.parametrize("major", [3, 4])
def test_plain_helm_installs_one_namespace_and_a_version_alone_restarts_nothing(
    sandbox: Sandbox, namespace: str, tmp_path: Path, major: int
) -> None:
    helm = sandbox.helm if major == 4 else sandbox.helm3
    first = build(SPRING, SMALL, EXTERNAL)
    install(sandbox, first, tmp_path / "1", namespace, "--set=tags.data=true", helm=helm)
    before = fetch(sandbox, namespace, WORKLOADS)
    assert before.keys() == {("StatefulSet", "zk")}
    assert ("Service", "db") in fetch(sandbox, namespace, "services,endpointslices")

    # Every chart at another version: what a changed README does to all of them.
    second = build(SPRING, SMALL, EXTERNAL, version="9.9.9")
    assert {chart.version for chart in second.charts} == {"9.9.9"}
    install(sandbox, second, tmp_path / "2", namespace, "--set=tags.data=true", helm=helm)
    after = fetch(sandbox, namespace, WORKLOADS)
    assert [one["metadata"]["generation"] for one in after.values()] == [1]


def test_slices_and_endpoints_are_what_the_service_says(sandbox: Sandbox, namespace: str, tmp_path: Path) -> None:
    install(sandbox, build(EXTERNAL), tmp_path, namespace, "--set=tags.data=true", helm=sandbox.helm)
    found = fetch(sandbox, namespace, "services,endpointslices")
    service, endpoints = found["Service", "db"], found["EndpointSlice", "db-ipv4"]
    assert service["spec"]["clusterIP"] not in ("", "None")
    assert [port["name"] for port in service["spec"]["ports"]] == [port["name"] for port in endpoints["ports"]]
    assert endpoints["endpoints"][0]["addresses"] == ["192.168.88.190"]


def test_changes_that_kubernetes_allows_go_through(sandbox: Sandbox, namespace: str, tmp_path: Path) -> None:
    """Strategy, Service type, alias to addresses: what releases.lock does not refuse, the API server takes."""
    alias = EXTERNAL.replace('addresses = ["192.168.88.190"]', 'dns_name = "db.example.com"').replace("data", "apps")
    one_port = SPRING.replace("ports.http = 8080", "ports.http = { port = 8080, node_port = 30999 }")
    steps = [(SPRING, alias), (SPRING + "max_replicas = 1", EXTERNAL.replace("data", "apps")), (one_port, alias)]
    for number, services in enumerate(steps):
        built = build(*services, version=f"1.0.{number}")
        install(sandbox, built, tmp_path / str(number), namespace, "--set=tags.apps=true", helm=sandbox.helm)
    service = fetch(sandbox, namespace, "services")
    assert service["Service", "gateway"]["spec"]["ports"][0]["nodePort"] == 30999
    assert service["Service", "db"]["spec"]["type"] == "ExternalName"
    strategy = fetch(sandbox, namespace, WORKLOADS)["Deployment", "gateway"]["spec"]["strategy"]
    assert strategy["type"] == "RollingUpdate"


def test_what_the_lock_refuses_the_api_server_refuses(sandbox: Sandbox, namespace: str, tmp_path: Path) -> None:
    install(sandbox, build(SMALL, EXTERNAL), tmp_path / "1", namespace, "--set=tags.data=true", helm=sandbox.helm)
    for number, (old, new) in enumerate(
        [('"2Gi"', '"3Gi"'), ("replicas = 2", 'replicas = 2\npod_management = "Parallel"')]
    ):
        changed = write(build(SMALL.replace(old, new), version="1.0.1"), tmp_path / f"bad-{number}")
        values = dump_yaml({"global": {"environment": "dev"}, "tags": {"data": True}})
        options = [
            f"--namespace={namespace}",
            "--values=-",
            "--dry-run=server",
            "--server-side=true",
            "--force-conflicts",
        ]
        manifest = run(sandbox, sandbox.helm, "upgrade", namespace, str(changed), *options, "-o=json", stdin=values)
        documents = [
            one for one in objects(json.loads(manifest.stdout)["manifest"]).values() if one["kind"] == "StatefulSet"
        ]
        assert "Forbidden: updates to statefulset spec" in dry_run(sandbox, namespace, documents).stderr
