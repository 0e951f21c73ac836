"""Pods, claims and jobs on the sandbox come and go, and fail on request, as on a real cluster."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.api import Reply
from sandbox.cluster import Sandbox
from sandbox.progress import wait_until
from sandbox.stages import FAIL_ANNOTATION

SECONDS = 60
GROUPS = {"deployments": "apis/apps/v1", "statefulsets": "apis/apps/v1", "jobs": "apis/batch/v1"}


class Namespace:
    """One namespace of the sandbox, in the words of these tests."""

    def __init__(self, sandbox: Sandbox, name: str) -> None:
        self.name = name
        self.api = sandbox.api

    def apply(self, kind: str, body: dict[str, Any]) -> Reply:
        group = GROUPS.get(kind, "api/v1")
        return self.api.request("POST", f"/{group}/namespaces/{self.name}/{kind}", body)

    def deploy(self, name: str, image: str, **pod: Any) -> None:
        assert self.apply("deployments", deployment(name, image, **pod)).ok

    def deployment(self, name: str) -> dict[str, Any]:
        return dict(self.api.get(f"/apis/apps/v1/namespaces/{self.name}/deployments/{name}"))

    def pods(self, app: str) -> list[dict[str, Any]]:
        return list(self.api.get(f"/api/v1/namespaces/{self.name}/pods?labelSelector=app%3D{app}")["items"])

    def events(self) -> list[dict[str, Any]]:
        return list(self.api.get(f"/api/v1/namespaces/{self.name}/events")["items"])

    def wait_waiting(self, app: str, reason: str, statuses: str = "containerStatuses") -> dict[str, Any]:
        """Wait until the first container of a pod of the app waits for this reason, and return the pod."""

        def found() -> dict[str, Any] | None:
            for pod in self.pods(app):
                for status in pod["status"].get(statuses, [])[:1]:
                    if status["state"].get("waiting", {}).get("reason") == reason:
                        return pod
            return None

        return wait_until(found, f"a pod of {app} to wait for {reason}", seconds=SECONDS)

    def wait_rollout(self, name: str, replicas: int) -> None:
        def done() -> bool:
            found = self.deployment(name)
            status = found["status"]
            current = status.get("observedGeneration") == found["metadata"]["generation"]
            return bool(current) and (status.get("updatedReplicas"), status.get("readyReplicas")) == (
                replicas,
                replicas,
            )

        wait_until(done, f"deployment {name}", seconds=SECONDS)


def pod_template(name: str, image: str, **pod: Any) -> dict[str, Any]:
    annotations = pod.pop("annotations", {})
    container = {"name": "main", "image": image}
    return {
        "metadata": {"labels": {"app": name}, "annotations": annotations},
        "spec": {"containers": [container], **pod},
    }


def deployment(name: str, image: str, replicas: int = 2, **pod: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": pod_template(name, image, **pod),
        },
    }


def claim(name: str, storage_class: str | None) -> dict[str, Any]:
    spec: dict[str, Any] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    if storage_class:
        spec["storageClassName"] = storage_class
    return {"metadata": {"name": name}, "spec": spec}


@pytest.fixture
def space(sandbox: Sandbox, namespace: str) -> Namespace:
    return Namespace(sandbox, namespace)


def test_deployment_becomes_ready(space: Namespace) -> None:
    space.deploy("web", "company/web:1.4.2", initContainers=[{"name": "first", "image": "busybox:1"}])

    space.wait_rollout("web", 2)

    pod = space.pods("web")[0]
    (status,) = pod["status"]["containerStatuses"]
    assert pod["status"]["podIP"].startswith("10.244.")
    assert status["started"]
    assert status["imageID"].startswith("company/web@sha256:")
    assert pod["status"]["initContainerStatuses"][0]["state"]["terminated"]["exitCode"] == 0


def test_statefulset_gets_claims_of_both_classes(space: Namespace) -> None:
    body = {
        "metadata": {"name": "db"},
        "spec": {
            "serviceName": "db",
            "replicas": 2,
            "selector": {"matchLabels": {"app": "db"}},
            "template": pod_template("db", "mongo:3.6.9"),
            "volumeClaimTemplates": [claim("data", None), claim("shared", "managed-nfs-storage")],
        },
    }
    assert space.apply("statefulsets", body).ok

    def ready() -> bool:
        status = space.api.get(f"/apis/apps/v1/namespaces/{space.name}/statefulsets/db")["status"]
        return bool(status.get("readyReplicas") == 2)

    wait_until(ready, "statefulset db", seconds=SECONDS)
    claims = space.api.get(f"/api/v1/namespaces/{space.name}/persistentvolumeclaims")["items"]
    assert [found["metadata"]["name"] for found in claims] == ["data-db-0", "data-db-1", "shared-db-0", "shared-db-1"]
    assert {found["status"]["phase"] for found in claims} == {"Bound"}
    assert [found["spec"]["storageClassName"] for found in claims[1:3]] == ["standard", "managed-nfs-storage"]


def test_volume_goes_with_its_claim(space: Namespace) -> None:
    path = f"/api/v1/namespaces/{space.name}/persistentvolumeclaims"
    assert space.apply("persistentvolumeclaims", claim("data", None)).ok
    bound = wait_until(lambda: space.api.get(f"{path}/data")["spec"].get("volumeName"), "the claim", seconds=SECONDS)

    space.api.delete(f"{path}/data")

    wait_until(lambda: space.api.get(f"/api/v1/persistentvolumes/{bound}") is None, "deletion", seconds=SECONDS)


def test_missing_image_hangs_while_the_old_pods_stay(space: Namespace) -> None:
    space.deploy("web", "company/web:1")
    space.wait_rollout("web", 2)
    old = {pod["metadata"]["name"] for pod in space.pods("web")}

    patch = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "company/web:2-missing"}]}}}}
    path = f"/apis/apps/v1/namespaces/{space.name}/deployments/web"
    assert space.api.request("PATCH", path, patch, media="application/strategic-merge-patch+json").ok
    pod = space.wait_waiting("web", "ImagePullBackOff")

    (status,) = pod["status"]["containerStatuses"]
    assert pod["status"]["phase"] == "Pending"
    assert 'Back-off pulling image "company/web:2-missing"' in status["state"]["waiting"]["message"]
    assert status["state"]["waiting"]["message"].endswith(": not found")
    wait_until(
        lambda: {"Failed", "BackOff"} <= {event["reason"] for event in space.events()}, "events", seconds=SECONDS
    )
    assert old <= {pod["metadata"]["name"] for pod in space.pods("web")}
    assert space.deployment("web")["status"]["readyReplicas"] == 2


@pytest.mark.parametrize(
    ("image", "pod"),
    [
        ("company/web:crash", {}),
        ("company/web:1", {"annotations": {FAIL_ANNOTATION: "crash-loop"}}),
    ],
)
def test_crash_loop(space: Namespace, image: str, pod: dict[str, Any]) -> None:
    space.deploy("web", image, **pod)

    found = space.wait_waiting("web", "CrashLoopBackOff")

    (status,) = found["status"]["containerStatuses"]
    assert found["status"]["phase"] == "Running"
    assert status["restartCount"] > 0
    assert status["lastState"]["terminated"]["exitCode"] == 1
    assert not status["ready"]


@pytest.mark.parametrize(("tag", "reason"), [("missing", "ImagePullBackOff"), ("crash", "CrashLoopBackOff")])
def test_init_container_fails(space: Namespace, tag: str, reason: str) -> None:
    space.deploy("web", "company/web:1", initContainers=[{"name": "first", "image": f"tools:{tag}"}])

    pod = space.wait_waiting("web", reason, "initContainerStatuses")

    assert pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "PodInitializing"


def test_slow_and_never_ready_run_without_being_ready(space: Namespace) -> None:
    space.deploy("slow", "company/web:slow", replicas=1)
    space.deploy("never", "company/web:1-never-ready", replicas=1)

    def unhealthy() -> bool:
        return any(event["reason"] == "Unhealthy" for event in space.events())

    wait_until(unhealthy, "a failed probe", seconds=SECONDS)
    for app in ("slow", "never"):
        (pod,) = space.pods(app)
        (status,) = pod["status"]["containerStatuses"]
        assert "running" in status["state"]
        assert not status["ready"]


def test_words_elsewhere_in_an_image_mean_nothing(space: Namespace) -> None:
    space.deploy("web", "missing.example:5000/crash/slow:1.missingno", replicas=1)

    space.wait_rollout("web", 1)


@pytest.mark.parametrize(("tag", "condition"), [("1", "Complete"), ("crash", "Failed")])
def test_job_ends(space: Namespace, tag: str, condition: str) -> None:
    template = pod_template("job", f"tools:{tag}", restartPolicy="Never")
    assert space.apply("jobs", {"metadata": {"name": "job"}, "spec": {"backoffLimit": 0, "template": template}}).ok

    def ended() -> bool:
        status = space.api.get(f"/apis/batch/v1/namespaces/{space.name}/jobs/job")["status"]
        return any(found["type"] == condition and found["status"] == "True" for found in status.get("conditions", []))

    wait_until(ended, f"the job to be {condition}", seconds=SECONDS)


def test_deleted_pods_go(space: Namespace) -> None:
    space.deploy("web", "company/web:1")
    space.wait_rollout("web", 2)

    space.api.delete(f"/apis/apps/v1/namespaces/{space.name}/deployments/web")

    wait_until(lambda: not space.pods("web"), "the pods to go", seconds=SECONDS)
