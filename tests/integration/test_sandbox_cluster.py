"""The sandbox is a whole cluster: its processes, its first objects, its programs, admission, rights, the registry."""

from __future__ import annotations

import subprocess

from sandbox.api import Api
from sandbox.cluster import Sandbox
from sandbox.objects import NODES, STORAGE_CLASSES
from sandbox.progress import wait_until
from sandbox.status import observe_status

SECONDS = 60


def test_every_process_is_healthy(sandbox: Sandbox) -> None:
    status = observe_status(sandbox)

    assert status.state == "up"
    assert {process.name for process in status.processes} >= {"etcd", "kube-apiserver", "kwok", "registry"}
    assert all(process.healthy for process in status.processes)


def test_nodes_and_classes_are_there(sandbox: Sandbox) -> None:
    nodes = sandbox.api.get("/api/v1/nodes")["items"]
    classes = sandbox.api.get("/apis/storage.k8s.io/v1/storageclasses")["items"]
    ingress = sandbox.api.get("/apis/networking.k8s.io/v1/ingressclasses/nginx")

    assert [node["metadata"]["name"] for node in nodes] == list(NODES)
    assert all(
        {"type": "Ready", "status": "True"}.items() <= condition.items()
        for node in nodes
        for condition in node["status"]["conditions"]
        if condition["type"] == "Ready"
    )
    # Other tests make classes of their own.
    assert {found["metadata"]["name"] for found in classes} >= set(STORAGE_CLASSES)
    assert ingress["spec"]["controller"] == "k8s.io/ingress-nginx"


def test_programs_and_environment_belong_to_the_sandbox(sandbox: Sandbox) -> None:
    def output(*argv: str) -> str:
        return subprocess.run(argv, env=sandbox.environ, capture_output=True, text=True, check=True).stdout

    assert output("helm", "version", "--short").startswith("v4.")
    assert output("helm3", "version", "--short").startswith("v3.")
    assert output("kubectl", "get", "nodes", "--no-headers").count(" Ready ") == len(NODES)
    assert str(sandbox.folder.path) in output("helm", "env", "HELM_REGISTRY_CONFIG")
    assert output("helm", "list", "-n", "nobody-uses-this", "-o", "json").strip() == "[]"
    assert sandbox.kubeconfig.stat().st_mode & 0o777 == 0o600


def test_quota_refuses(sandbox: Sandbox, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}"
    sandbox.api.create(f"{path}/resourcequotas", {"metadata": {"name": "few"}, "spec": {"hard": {"configmaps": "2"}}})
    quota = f"{path}/resourcequotas/few"
    wait_until(lambda: sandbox.api.get(quota)["status"].get("hard"), "the quota", seconds=SECONDS)

    maps = ({"metadata": {"name": f"map-{number}"}} for number in range(3))
    replies = [sandbox.api.request("POST", f"{path}/configmaps", body) for body in maps]

    assert replies[-1].status == 403
    assert "exceeded quota: few" in replies[-1].json()["message"]


def test_pod_security_refuses(sandbox: Sandbox, unique_name: str) -> None:
    sandbox.make_namespace(unique_name, labels={"pod-security.kubernetes.io/enforce": "restricted"})
    pod = {"metadata": {"name": "root"}, "spec": {"containers": [{"name": "main", "image": "company/web:1"}]}}

    reply = sandbox.api.request("POST", f"/api/v1/namespaces/{unique_name}/pods", pod)
    sandbox.api.delete(f"/api/v1/namespaces/{unique_name}")

    assert reply.status == 403
    assert 'violates PodSecurity "restricted' in reply.json()["message"]


def test_viewer_has_no_rights(sandbox: Sandbox) -> None:
    argv = [str(sandbox.kubectl), "--context", "sandbox-viewer", "auth", "can-i", "list", "pods"]

    answer = subprocess.run(argv, env=sandbox.environ, capture_output=True, text=True, check=False)

    assert answer.stdout.strip() == "no"


def test_registry_answers(sandbox: Sandbox) -> None:
    registry = Api(sandbox.description.ports.registry)

    assert registry.request("GET", "/v2/").json() == {}
    assert "repositories" in registry.get("/v2/_catalog")
