"""Stands in for controllers and kubelets: workloads become ready, or fail as their image's tag asks.

The words are the sandbox's: a tag `missing` (ImagePullBackOff), `crash` (CrashLoopBackOff) or `never-ready`, alone or
set off by `.`, `_` or `-`. Everything happens at once, within the write that causes it.
"""

from __future__ import annotations

import re
from typing import Any

from helmkit.kube.kinds import KNOWN
from helmkit.kube.memory.copying import copy_data
from helmkit.kube.memory.store import Change, Key, Object, Store

_FAULT = re.compile(r":([^/:@]*[._-])?(?P<word>missing|crash|never-ready)([._-][^/:@]*)?(@[^/]*)?$")
_WAITING = {
    "missing": ("ImagePullBackOff", "Back-off pulling image"),
    "crash": ("CrashLoopBackOff", "back-off 10s restarting failed container"),
}
_POD = KNOWN["v1", "Pod"]


class Workloads:
    """Plays the controllers on a store. Pods exist only for workloads that do not become ready."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.listeners.append(self._observe)

    def _observe(self, change: Change) -> None:
        if change.type == "DELETED":
            return
        obj = change.after
        match change.kind.kind:
            case "Deployment" | "StatefulSet" | "DaemonSet":
                if obj.get("status", {}).get("observedGeneration") != obj["metadata"]["generation"]:
                    self._roll_out(change, obj)
            case "Job" if "status" not in obj:
                self._set_status(change, {"succeeded": 1, "conditions": [_condition("Complete", "True", "")]})
            case "PersistentVolumeClaim" if "status" not in obj:
                self._set_status(change, {"phase": "Bound"})

    def _roll_out(self, change: Change, obj: Object) -> None:
        wanted = int(obj["spec"].get("replicas", 1))
        fault = _fault(obj)
        ready = 0 if fault else wanted
        status: dict[str, Any] = {
            "observedGeneration": obj["metadata"]["generation"],
            "replicas": wanted,
            "updatedReplicas": wanted,
            "readyReplicas": ready,
            "availableReplicas": ready,
        }
        if change.kind.kind == "StatefulSet":
            revision = f"{obj['metadata']['name']}-{obj['metadata']['generation']}"
            status.update(currentRevision=revision, updateRevision=revision)
        if change.kind.kind == "DaemonSet":
            status = {
                "observedGeneration": status["observedGeneration"],
                "desiredNumberScheduled": 1,
                "updatedNumberScheduled": 1,
                "numberAvailable": 0 if fault else 1,
                "numberReady": 0 if fault else 1,
            }
        if change.kind.kind == "Deployment":
            available = "False" if fault else "True"
            progressing = _condition("Progressing", "True", "ReplicaSetUpdated" if fault else "NewReplicaSetAvailable")
            status["conditions"] = [_condition("Available", available, ""), progressing]
        self._set_pods(obj, fault, wanted)
        self._set_status(change, status)

    def _set_status(self, change: Change, status: dict[str, Any]) -> None:
        metadata = change.after["metadata"]
        key = (change.kind.api_version, change.kind.plural, metadata.get("namespace", ""), metadata["name"])
        self._store.write(change.kind, key, {**copy_data(change.after), "status": status})

    def _set_pods(self, owner: Object, fault: str, count: int) -> None:
        metadata = owner["metadata"]
        for key, pod in list(self._store.objects.items()):
            references = pod["metadata"].get("ownerReferences") or ()
            if key[1] == "pods" and any(one["uid"] == metadata["uid"] for one in references):
                self._store.remove(_POD, key)
        if fault:
            for index in range(count):
                key = ("v1", "pods", metadata["namespace"], f"{metadata['name']}-{metadata['generation']}-{index}")
                self._store.write(_POD, key, _pod(owner, key, fault))


def _fault(obj: Object) -> str:
    containers = obj["spec"].get("template", {}).get("spec", {}).get("containers", ())
    found = (_FAULT.search(str(container.get("image", ""))) for container in containers)
    return next((match["word"] for match in found if match), "")


def _condition(kind: str, status: str, reason: str) -> dict[str, str]:
    return {"type": kind, "status": status, "reason": reason}


def _pod(owner: Object, key: Key, fault: str) -> Object:
    template = copy_data(owner["spec"].get("template", {}))
    metadata = owner["metadata"]
    reference = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
    }
    container = template["spec"]["containers"][0]
    state: dict[str, Any] = {"running": {}}
    if fault in _WAITING:
        reason, message = _WAITING[fault]
        state = {"waiting": {"reason": reason, "message": f"{message} {container['image']}"}}
    seen = {"name": container.get("name", ""), "image": container["image"], "ready": False, "state": state}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": key[3],
            "namespace": key[2],
            "labels": template.get("metadata", {}).get("labels", {}),
            "ownerReferences": [reference],
        },
        "spec": template["spec"],
        "status": {
            "phase": "Running" if fault == "never-ready" else "Pending",
            "conditions": [_condition("Ready", "False", "ContainersNotReady")],
            "containerStatuses": [{**seen, "restartCount": 3 if fault == "crash" else 0}],
        },
    }
