"""Preflight on a real API server, scheduler, quota, Pod Security and registry: one situation per check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.cluster import Sandbox
from sandbox.images import push_images
from tests.integration.relman_preflight_ground import SAFE, Ground, deployment, settled, user_of


@pytest.fixture
def ground(sandbox: Sandbox, namespace: str, tmp_path: Path) -> Ground:
    return Ground(sandbox, tmp_path, namespace)


# ------------------------------------------------------------------------------------------------------------- image


async def test_images_are_looked_for_in_a_real_registry(ground: Ground) -> None:
    host = ground.sandbox.registry
    repository = f"{host}/{ground.namespace}"
    await push_images(host, [f"{repository}/web:1"])
    await push_images(host, [f"{repository}/arm:1"], ["linux/arm64"])
    names = [f"{repository}/web:1", f"{repository}/web:missing-2", f"{repository}/arm:1", "127.0.0.1:1/web:1"]
    names.append(f"{repository}/web@sha256:{'0' * 64}")
    objects = [deployment(f"d{number}", name) for number, name in enumerate(names)]
    got = await ground.found(ground.service(*objects), only="image")
    assert [severity for severity, _ in got] == ["refuse", "refuse", "refuse", "warn"]
    text = "\n".join(message for _, message in got)
    assert f"image {repository}/web:missing-2 does not exist" in text
    assert f"image {repository}/web@sha256:{'0' * 64} does not exist" in text
    assert f"image {repository}/arm:1 is made for linux/arm64, not for linux/amd64" in text
    assert "image 127.0.0.1:1/web:1 could not be checked" in text


# ----------------------------------------------------------------------------------------------------------- dry run


async def test_the_server_tells_what_it_would_refuse(ground: Ground) -> None:
    await push_images(ground.sandbox.registry, [ground.image])
    live = deployment("web", ground.image)
    live["metadata"]["annotations"] = {
        "meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": ground.namespace,
    }  # fmt: skip
    ground.create("apps/v1", "deployments", live)
    ground.create("v1", "configmaps", {"metadata": {"name": "foreign"}})
    changed = deployment("web", ground.image, selector={"matchLabels": {"app": "web", "tier": "front"}})
    changed["spec"]["template"]["metadata"]["labels"]["tier"] = "front"
    report = await ground.check(
        ground.service(
            changed,
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "foreign"}},
            {"apiVersion": "shop.example/v1", "kind": "Shop", "metadata": {"name": "shop"}},
            deployment("bad", ground.image, container={"env": [{"name": "A", "value": "x"}], "ports": [{"name": "p"}]}),
        ),
        only="dry-run",
    )
    text = "\n".join(one.message for one in report.refusals)
    assert "Deployment/web: spec.selector cannot be changed once it exists" in text
    assert f"ConfigMap/foreign exists in namespace {ground.namespace} and was made without Helm" in text
    assert "does not know the kind of Shop/shop" in text
    assert "Deployment/bad: spec.template.spec.containers[0].ports[0].containerPort: required value" in text
    # The pod that the broken template would make is refused for the same reason.
    assert len(report.refusals) == 5


async def test_a_field_that_does_not_exist_is_told(ground: Ground) -> None:
    bad = deployment("web", ground.image)
    bad["spec"]["bogus"] = 1
    [(severity, message)] = await ground.found(ground.service(bad), only="dry-run")
    assert (severity, message) == ("refuse", "Deployment/web: .spec.bogus: field not declared in schema")


async def test_pod_security_and_quota_judge_pods_before_there_are_any(ground: Ground) -> None:
    ground.sandbox.make_namespace(f"{ground.namespace}-ps", labels={"pod-security.kubernetes.io/enforce": "restricted"})
    strict = Ground(ground.sandbox, ground.folder / "strict", f"{ground.namespace}-ps")
    unsafe, safe = deployment("web", ground.image), deployment("web", ground.image, container={"securityContext": SAFE})
    [(severity, message)] = await strict.found(strict.service(unsafe), only="dry-run")
    assert severity == "refuse"
    assert "Deployment/web: its pods are refused: the namespace's Pod Security level restricted" in message
    assert await strict.found(strict.service(safe), only="dry-run") == []
    strict.create("v1", "resourcequotas", {"metadata": {"name": "compute"}, "spec": {"hard": {"limits.memory": "1Gi"}}})
    await settled(strict, "compute")
    [(_, message)] = await strict.found(strict.service(safe), only="dry-run")
    assert "quota compute demands limits.memory" in message
    strict.sandbox.api.delete(f"/api/v1/namespaces/{strict.namespace}")


async def test_a_statefulset_with_claims_is_accepted_and_its_fixed_fields_are_named(ground: Ground) -> None:
    def store(size: str) -> dict[str, Any]:
        item = deployment("store", ground.image, container={"volumeMounts": [{"name": "data", "mountPath": "/d"}]})
        claim = {"metadata": {"name": "data"}, "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}}  # fmt: skip
        item["spec"] |= {"serviceName": "store", "volumeClaimTemplates": [claim]}
        return {**item, "kind": "StatefulSet"}

    assert await ground.found(ground.service(store("1Gi"), key="store"), only="dry-run") == []
    live = store("1Gi")
    live["metadata"]["annotations"] = {
        "meta.helm.sh/release-name": "store", "meta.helm.sh/release-namespace": ground.namespace,
    }  # fmt: skip
    ground.create("apps/v1", "statefulsets", live)
    got = await ground.found(ground.service(store("2Gi"), key="store"), only="dry-run")
    assert got == [("refuse", "StatefulSet/store: claim data cannot be changed once it exists")]


# -------------------------------------------------------------------------------------------------------- references


async def test_what_is_referred_to_must_exist(ground: Ground) -> None:
    secret = {"metadata": {"name": "db"}, "stringData": {"user": "hidden-value"}}
    ground.create("v1", "secrets", secret)
    container = {"env": [*user_of("db", "user")["env"], *user_of("db", "password")["env"], *user_of("gone", "a")["env"],
                         *user_of("gone", "b", optional=True)["env"]],
                 "envFrom": [{"configMapRef": {"name": "settings"}}]}  # fmt: skip
    web = deployment("web", ground.image, container=container, imagePullSecrets=[{"name": "harbor"}])
    web["spec"]["template"]["spec"]["serviceAccountName"] = "robot"
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    ingress = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"},
               "spec": {"ingressClassName": "traefik", "defaultBackend": backend}}  # fmt: skip
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
             "spec": {"storageClassName": "golden", "accessModes": ["ReadWriteOnce"],
                      "resources": {"requests": {"storage": "1Gi"}}}}  # fmt: skip
    got = await ground.found(ground.service(web, ingress, claim), only="references")
    ns = ground.namespace
    assert [(severity, message.partition(";")[0]) for severity, message in got] == [
        ("refuse", "IngressClass traefik does not exist"),
        ("refuse", "StorageClass golden does not exist"),
        ("refuse", f"ConfigMap settings does not exist in namespace {ns}"),
        ("refuse", f"Secret db in namespace {ns} lacks the key password"),
        ("refuse", f"Secret gone does not exist in namespace {ns}"),
        ("refuse", f"ServiceAccount robot does not exist in namespace {ns}"),
        ("warn", f"Secret harbor does not exist in namespace {ns}"),
    ]
    assert "hidden-value" not in str(got)


# -------------------------------------------------------------------------------------------------------- node ports


async def test_node_ports_of_others_are_taken(ground: Ground) -> None:
    def service(name: str, port: int) -> dict[str, Any]:
        spec = {"type": "NodePort", "selector": {"app": name}, "ports": [{"port": 80, "nodePort": port}]}
        return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}

    ground.create("v1", "services", service("holder", 32741))
    got = await ground.found(ground.service(service("front", 32741), service("free", 32742)), only="node-ports")
    whose = f"Service holder of namespace {ground.namespace} has it"
    assert got == [("refuse", f"Service/front wants node port 32741, but {whose}")]
    # The dry run sees it as well, and leaves it to the check that knows who has it.
    assert await ground.found(ground.service(service("front", 32741)), only="dry-run") == []


# ---------------------------------------------------------------------------------------------------------- capacity


async def test_quotas_and_nodes_must_have_room(ground: Ground) -> None:
    hard = {"requests.memory": "2Gi", "pods": "10"}
    ground.create("v1", "resourcequotas", {"metadata": {"name": "compute"}, "spec": {"hard": hard}})
    await settled(ground, "compute")
    asks = {"resources": {"requests": {"memory": "1Gi", "cpu": "1"}}}
    fits = await ground.found(ground.service(deployment("web", ground.image, container=asks)), only="capacity")
    assert fits == []
    got = await ground.found(
        ground.service(deployment("web", ground.image, container=asks, replicas=3)), only="capacity"
    )
    assert got == [
        ("refuse", f"quota compute of namespace {ground.namespace} allows requests.memory 2Gi; it would need 3Gi")
    ]
    giant = {"resources": {"requests": {"memory": "1Gi", "cpu": "100"}}}
    got = await ground.found(ground.service(deployment("web", ground.image, container=giant)), only="capacity")
    assert [severity for severity, _ in got] == ["warn"]
    assert "no node has room for 1 of the 1 more pods of Deployment/web: each asks for cpu 100" in got[0][1]
