"""How far one live object is, by its controller's own status and generation (core, pure).

The rules are those of `kubectl rollout status` and Helm's legacy waiter, with what those leave out: old pods that are
still there, StatefulSets back on a former revision, paused Deployments, OnDelete and partitions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from relman.core.diagnosis.pods import is_active, is_ready
from relman.core.diagnosis.scheduling import waits_for_consumer
from relman.core.diagnosis.snapshot import (
    Object,
    Snapshot,
    condition,
    is_observed,
    is_terminating,
    metadata,
    name_of,
    reference,
    spec_of,
    status_of,
)
from relman.core.diagnosis.workloads import newest_replicaset


@dataclass(frozen=True)
class Progress:
    """How far one object is."""

    done: bool
    ready: int
    wanted: int
    message: str
    """What it waits for, or how it is done; without the object's name."""


def progress_of(applied: Object, live: Object, snapshot: Snapshot) -> Progress:
    """Return how far a live object is.

    Args:
        applied: The object as Helm applied it: what its author meant.
        live: The same object in the cluster.
        snapshot: Its namespace.
    """
    if is_terminating(live):
        return _open(0, 1, "is being deleted")
    if not is_observed(live):
        wanted = _number(spec_of(live).get("replicas"), 1)
        generation = metadata(live).get("generation")
        return _open(0, wanted, f"its controller has not seen change {generation}")
    progress = _RULES[str(applied["kind"])](live, snapshot)
    if applied["kind"] == "Deployment" and spec_of(applied).get("paused"):
        return _done(progress.ready, progress.wanted, "paused, as its chart says")
    return progress


def _deployment(live: Object, snapshot: Snapshot) -> Progress:
    status, wanted = status_of(live), _number(spec_of(live).get("replicas"), 1)
    updated, available = _number(status.get("updatedReplicas")), _number(status.get("availableReplicas"))
    total = _number(status.get("replicas"))
    newest = newest_replicaset(live, snapshot)
    # Without its ReplicaSet: pods that are available beyond the old ones must be new.
    counted = status_of(newest).get("availableReplicas") if newest else available - max(0, total - updated)
    ready = max(0, min(_number(counted), updated, wanted))
    if updated < wanted:
        return _open(ready, wanted, f"{updated} of {wanted} pods updated")
    if total > updated:
        return _open(ready, wanted, f"{_plural(total - updated, 'old pod')} still there")
    if available < wanted:
        return _open(ready, wanted, f"{available} of {wanted} pods available")
    return _done(wanted, wanted, f"{wanted} of {wanted} pods available")


def _replicaset(live: Object, _snapshot: Snapshot) -> Progress:
    wanted = _number(spec_of(live).get("replicas"), 1)
    available = _number(status_of(live).get("availableReplicas"))
    enough = available >= wanted and _number(status_of(live).get("replicas")) <= wanted
    return Progress(enough, min(available, wanted), wanted, f"{available} of {wanted} pods available")


def _statefulset(live: Object, _snapshot: Snapshot) -> Progress:
    spec, status = spec_of(live), status_of(live)
    wanted = _number(spec.get("replicas"), 1)
    # availableReplicas came with minReadySeconds (Kubernetes 1.22); without it the two are the same.
    available = _number(status.get("availableReplicas" if spec.get("minReadySeconds") else "readyReplicas"))
    updated, total = _number(status.get("updatedReplicas")), _number(status.get("replicas"))
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        old = max(0, total - updated)
        message = f"{available} of {wanted} pods available" + (f"; {old} old until deleted by hand" if old else "")
        return Progress(available >= wanted and total <= wanted, min(available, wanted), wanted, message)
    partition = _number((strategy.get("rollingUpdate") or {}).get("partition"))
    due = max(0, wanted - partition)
    ready = min(available, wanted) if partition else min(available, updated, wanted)
    if updated < due:
        return _open(ready, wanted, f"{updated} of {due} pods updated")
    if total > wanted:
        return _open(ready, wanted, f"{_plural(total - wanted, 'pod')} too many")
    if available < wanted:
        return _open(ready, wanted, f"{available} of {wanted} pods available")
    # The controller says so itself once every pod is of the newest revision and ready.
    if not partition and wanted and status.get("currentRevision") != status.get("updateRevision"):
        return _open(ready, wanted, "the last pod is being replaced")
    kept = f"; {wanted - due} kept old by partition {partition}" if partition and due < wanted else ""
    return _done(wanted, wanted, f"{wanted} of {wanted} pods available{kept}")


def _daemonset(live: Object, _snapshot: Snapshot) -> Progress:
    status = status_of(live)
    wanted = _number(status.get("desiredNumberScheduled"))
    available, updated = _number(status.get("numberAvailable")), _number(status.get("updatedNumberScheduled"))
    if (spec_of(live).get("updateStrategy") or {}).get("type") == "OnDelete":
        updated = wanted
    ready = max(0, min(available, updated, wanted))
    if updated < wanted:
        return _open(ready, wanted, f"{updated} of {wanted} pods updated")
    done = available >= wanted
    return Progress(done, ready, wanted, f"{min(available, wanted)} of {wanted} pods available")


def _job(live: Object, _snapshot: Snapshot) -> Progress:
    spec, status = spec_of(live), status_of(live)
    wanted = _number(spec.get("completions"), 1)
    succeeded = min(_number(status.get("succeeded")), wanted)
    if condition(live, "Complete").get("status") == "True":
        return _done(wanted, wanted, "completed")
    if condition(live, "Failed").get("status") == "True":
        return _open(succeeded, wanted, "failed")
    if spec.get("suspend"):
        return _done(succeeded, succeeded, "suspended")
    return _open(succeeded, wanted, f"{succeeded} of {wanted} completed")


def _pod(live: Object, _snapshot: Snapshot) -> Progress:
    phase = status_of(live).get("phase")
    done = phase == "Succeeded" or (is_active(live) and is_ready(live))
    return Progress(done, int(done), 1, str(phase or "not started"))


def _claim(live: Object, snapshot: Snapshot) -> Progress:
    phase = str(status_of(live).get("phase") or "Pending")
    if phase == "Pending" and waits_for_consumer(live, snapshot):
        return _done(0, 0, "binds when a pod uses it")
    done = phase == "Bound"
    return Progress(done, int(done), 1, phase)


_RULES: dict[str, Callable[[Object, Snapshot], Progress]] = {
    "Deployment": _deployment,
    "ReplicaSet": _replicaset,
    "StatefulSet": _statefulset,
    "DaemonSet": _daemonset,
    "Job": _job,
    "Pod": _pod,
    "PersistentVolumeClaim": _claim,
}


def gone(applied: Object) -> Progress:
    """Return how far an object is that is not in the cluster."""
    if applied.get("kind") == "Job" and spec_of(applied).get("ttlSecondsAfterFinished") is not None:
        # A Job with a lifetime vanishes some time after it has finished.
        return _done(0, 0, "finished and removed")
    return _open(0, _number(spec_of(applied).get("replicas"), 1), f"{reference(applied)} is not there")


def describe(applied: Object, progress: Progress, *, several: bool) -> str:
    """Return an object's progress on one line; with its name where a service has several objects to wait for."""
    return f"{name_of(applied)}: {progress.message}" if several else progress.message


def _open(ready: int, wanted: int, message: str) -> Progress:
    return Progress(done=False, ready=ready, wanted=wanted, message=message)


def _done(ready: int, wanted: int, message: str) -> Progress:
    return Progress(done=True, ready=ready, wanted=wanted, message=message)


def _plural(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")


def _number(value: object, default: int = 0) -> int:
    return int(value) if isinstance(value, int) else default
