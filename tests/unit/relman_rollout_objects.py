"""Kubernetes objects as a cluster shows them, for the tables of the rollout and diagnosis tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
NAMESPACE = "shop"
Json = dict[str, Any]


def ago(seconds: float) -> str:
    """A timestamp so many seconds before NOW."""
    return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def owned_by(kind: str, name: str, uid: str | None = None) -> list[Json]:
    return [
        {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid or f"uid-{kind}-{name}", "controller": True}
    ]


def named(kind: str, name: str, version: str = "apps/v1", *, age: float = 5, **metadata: Any) -> Json:
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "uid": f"uid-{kind}-{name}",
            "creationTimestamp": ago(age),
            **metadata,
        },
    }


def deployment(
    name: str = "web", *, replicas: int = 3, generation: int = 2, revision: int = 2, status: Json | None = None,
    conditions: list[Json] | None = None, **spec: Any,
) -> Json:  # fmt: skip
    """A Deployment; all fine unless `status` says otherwise (its entries replace those of a complete one)."""
    complete = {
        "observedGeneration": generation,
        "replicas": replicas,
        "updatedReplicas": replicas,
        "readyReplicas": replicas,
        "availableReplicas": replicas,
        "conditions": conditions or [],
    }
    item = named(
        "Deployment", name, generation=generation, annotations={"deployment.kubernetes.io/revision": str(revision)}
    )
    return {**item, "spec": {"replicas": replicas, **spec}, "status": {**complete, **(status or {})}}


def replicaset(
    name: str = "web-2", *, of: str = "web", revision: int = 2, replicas: int = 3, available: int = 0,
    conditions: list[Json] | None = None,
) -> Json:  # fmt: skip
    item = named(
        "ReplicaSet",
        name,
        ownerReferences=owned_by("Deployment", of),
        annotations={"deployment.kubernetes.io/revision": str(revision)},
    )
    status = {"replicas": replicas, "availableReplicas": available, "conditions": conditions or []}
    return {**item, "spec": {"replicas": replicas}, "status": status}


def statefulset(
    name: str = "db", *, replicas: int = 3, generation: int = 2, current: str = "db-new", update: str = "db-new",
    status: Json | None = None, **spec: Any,
) -> Json:  # fmt: skip
    complete = {
        "observedGeneration": generation,
        "replicas": replicas,
        "readyReplicas": replicas,
        "availableReplicas": replicas,
        "updatedReplicas": replicas,
        "currentRevision": current,
        "updateRevision": update,
    }
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    item = named("StatefulSet", name, generation=generation)
    spec = {"replicas": replicas, "updateStrategy": strategy, "podManagementPolicy": "OrderedReady", **spec}
    return {**item, "spec": spec, "status": {**complete, **(status or {})}}


def daemonset(name: str = "agent", *, generation: int = 2, status: Json | None = None, **spec: Any) -> Json:
    complete = {
        "observedGeneration": generation,
        "desiredNumberScheduled": 3,
        "updatedNumberScheduled": 3,
        "numberAvailable": 3,
    }
    annotations = {"deprecated.daemonset.template.generation": str(generation)}
    item = named("DaemonSet", name, generation=generation, annotations=annotations)
    return {**item, "spec": spec, "status": {**complete, **(status or {})}}


def job(name: str = "import", *, status: Json | None = None, **spec: Any) -> Json:
    return {**named("Job", name, "batch/v1", generation=1), "spec": {"backoffLimit": 6, **spec}, "status": status or {}}


def claim(name: str = "data", *, phase: str = "Bound", storage_class: str | None = "standard") -> Json:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}
    if storage_class:
        spec["storageClassName"] = storage_class
    return {**named("PersistentVolumeClaim", name, "v1"), "spec": spec, "status": {"phase": phase}}


def waiting(reason: str, message: str = "", *, restarts: int = 0, last: Json | None = None, image: str = "") -> Json:
    """The status of a container that waits."""
    status = container({"waiting": {"reason": reason, "message": message}}, restarts=restarts, last=last)
    return {**status, "image": image} if image else status


def running(*, since: float = 5, ready: bool = False, restarts: int = 0, last: Json | None = None) -> Json:
    return container({"running": {"startedAt": ago(since)}}, ready=ready, restarts=restarts, last=last)


def terminated(code: int, reason: str = "Error", *, message: str = "") -> Json:
    """How a container ended."""
    return {"exitCode": code, "reason": reason, "message": message, "finishedAt": ago(3)}


def container(
    state: Json, *, ready: bool = False, restarts: int = 0, last: Json | None = None, name: str = "app"
) -> Json:
    return {
        "name": name,
        "image": "harbor.example/shop/web:3",
        "ready": ready,
        "started": ready,
        "restartCount": restarts,
        "state": state,
        "lastState": {"terminated": last} if last else {},
    }


def pod(
    name: str = "web-2-a", *statuses: Json, owner: list[Json] | None = None, phase: str = "Pending",
    ready: bool = False, age: float = 5, conditions: list[Json] | None = None, labels: Json | None = None,
    deleting: bool = False, reason: str = "", **spec: Any,
) -> Json:  # fmt: skip
    metadata: Json = {"ownerReferences": owner or owned_by("ReplicaSet", "web-2"), "labels": labels or {}}
    if deleting:
        metadata["deletionTimestamp"] = ago(1)
    condition = {"type": "Ready", "status": "True" if ready else "False"}
    status = {"phase": phase, "containerStatuses": list(statuses), "conditions": [condition, *(conditions or [])]}
    if reason:
        status |= {"reason": reason, "message": "The node was low on resource: memory."}
    item = named("Pod", name, "v1", age=age, **metadata)
    return {**item, "spec": {"containers": [{"name": "app"}], **spec}, "status": status}


def pod_of_set(ordinal: int, *statuses: Json, revision: str = "db-new", ready: bool = False, **more: Any) -> Json:
    return pod(
        f"db-{ordinal}",
        *statuses,
        owner=owned_by("StatefulSet", "db"),
        labels={"controller-revision-hash": revision},
        ready=ready,
        phase="Running" if ready else "Pending",
        **more,
    )


def unschedulable(message: str, *, since: float = 5) -> Json:
    return {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": message,
        "lastTransitionTime": ago(since),
    }


def event(
    about: Json, reason: str, message: str, *, seen: float = 2, container: str = "", kind: str = "Warning"
) -> Json:
    name = f"{about['metadata']['name']}.{reason}.{seen}"
    involved = {"kind": about["kind"], "name": about["metadata"]["name"], "uid": about["metadata"]["uid"]}
    if container:
        involved["fieldPath"] = f"spec.containers{{{container}}}"
    return {
        **named("Event", name, "v1"),
        "type": kind,
        "reason": reason,
        "message": message,
        "involvedObject": involved,
        "lastTimestamp": ago(seen),
        "count": 1,
    }


def applied(live: Json) -> Json:
    """An object as Helm applied it: without what the cluster adds."""
    return {
        "apiVersion": live["apiVersion"],
        "kind": live["kind"],
        "metadata": {"name": live["metadata"]["name"]},
        "spec": live.get("spec", {}),
    }
