"""Which pods are those of a workload's newest revision, and what is wrong with the workload (core, pure)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from relman.core.diagnosis.cause import Cause
from relman.core.diagnosis.creation import creation_symptom
from relman.core.diagnosis.patience import Patience
from relman.core.diagnosis.pods import finished_symptom, is_active, pod_symptoms
from relman.core.diagnosis.scheduling import claim_symptom
from relman.core.diagnosis.snapshot import (
    Object,
    Snapshot,
    condition,
    is_observed,
    label,
    metadata,
    name_of,
    reference,
    spec_of,
    status_of,
)
from relman.core.diagnosis.statefulsets import blocked_symptoms
from relman.core.diagnosis.symptom import Symptom, parse_time, symptom_key

_REVISION = "deployment.kubernetes.io/revision"


def symptoms_of(item: Object, snapshot: Snapshot, patience: Patience, now: datetime) -> Iterator[Symptom]:
    """Yield what is wrong with a live object and the pods of its newest revision.

    Args:
        item: A live Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, Pod or PersistentVolumeClaim.
        snapshot: Its namespace.
        patience: How long each thing may last.
        now: The time.
    """
    kind = item.get("kind")
    if kind == "PersistentVolumeClaim":
        claim = claim_symptom(item, snapshot, patience)
        if claim is not None:
            yield claim
    elif kind == "Pod":
        yield from pod_symptoms(item, snapshot, patience, now)
    elif is_observed(item):  # else whatever is there belongs to the generation before
        yield from _controller(item, snapshot, patience.for_jobs() if kind == "Job" else patience, now)


def _controller(item: Object, snapshot: Snapshot, patience: Patience, now: datetime) -> Iterator[Symptom]:
    kind = item.get("kind")
    pods = newest_pods(item, snapshot)
    active = [pod for pod in pods if is_active(pod)]
    maker = newest_replicaset(item, snapshot) if kind == "Deployment" else item
    if maker is not None:
        refused = creation_symptom(maker, snapshot, patience, missing=len(active) < wanted_pods(maker))
        if refused is not None:
            yield refused
    for pod in active:
        yield from pod_symptoms(pod, snapshot, patience, now)
    yield from _finished(item, pods, snapshot, patience, now)
    if kind == "Job":
        yield from _failed_job(item)
    if kind == "Deployment":
        yield from _deployment(item, maker, patience)
    if kind == "StatefulSet":
        yield from blocked_symptoms(item, snapshot, patience, now)


def newest_replicaset(deployment: Object, snapshot: Snapshot) -> Object | None:
    """Return the ReplicaSet of a Deployment's newest revision, None when it is not there (yet).

    The Deployment names its revision. A picture in which no ReplicaSet has that number is older than the Deployment in
    it, right after a rollback for example; then the last revision's ReplicaSet must not be taken for the newest.
    """
    sets = snapshot.owned("ReplicaSet", deployment)
    revision = _revision(deployment)
    if revision:
        return next((one for one in sets if _revision(one) == revision), None)
    return max(sets, key=_revision, default=None)


def newest_pods(item: Object, snapshot: Snapshot) -> list[Object]:
    """Return the pods of a workload's newest revision, finished and terminating ones included."""
    kind = item.get("kind")
    if kind == "Deployment":
        newest = newest_replicaset(item, snapshot)
        # Stand-ins for the controllers (the in-memory cluster of tests) do without ReplicaSets.
        return snapshot.owned("Pod", newest or item)
    pods = snapshot.owned("Pod", item)
    if kind == "StatefulSet":
        newest_hash = status_of(item).get("updateRevision")
        return [pod for pod in pods if label(pod, "controller-revision-hash") in {newest_hash, None}]
    if kind == "DaemonSet":
        number = (metadata(item).get("annotations") or {}).get("deprecated.daemonset.template.generation")
        return [pod for pod in pods if label(pod, "pod-template-generation") in {number, None}] if number else pods
    return pods


def wanted_pods(item: Object) -> int:
    """Return how many pods a controller should have at this moment."""
    if item.get("kind") == "DaemonSet":
        return int(status_of(item).get("desiredNumberScheduled") or 0)
    spec = spec_of(item)
    if item.get("kind") == "Job":
        done = condition(item, "Complete") or condition(item, "Failed") or spec.get("suspend")
        return 0 if done else 1
    replicas = spec.get("replicas")
    return 1 if replicas is None else int(replicas)


def _finished(
    item: Object, pods: list[Object], snapshot: Snapshot, patience: Patience, now: datetime
) -> Iterator[Symptom]:
    """Yield what finished pods tell: how a Job's pods failed, why a node stopped others."""
    failed = [pod for pod in pods if status_of(pod).get("phase") == "Failed"]
    if not failed:
        return
    last = max(failed, key=lambda pod: str(metadata(pod).get("creationTimestamp", "")))
    if item.get("kind") == "Job":
        for symptom in pod_symptoms(last, snapshot, patience, now):
            yield replace(symptom, patience=None)
    stopped = finished_symptom(last)
    if stopped is not None:
        yield stopped


def _failed_job(job: Object) -> Iterator[Symptom]:
    for name in ("Failed", "FailureTarget"):
        found = condition(job, name)
        if found.get("status") == "True":
            summary = f"Job {name_of(job)} failed: {found.get('reason', '')}"
            cause = Cause("job-failed", summary, str(found.get("message") or ""), (reference(job),))
            yield Symptom(symptom_key(job, "failed"), cause, 0)
            return


def _deployment(item: Object, newest: Object | None, patience: Patience) -> Iterator[Symptom]:
    progressing = condition(item, "Progressing")
    text = str(progressing.get("message") or "")
    if progressing.get("reason") == "ProgressDeadlineExceeded" and _is_current(text, newest):
        seconds = spec_of(item).get("progressDeadlineSeconds") or 600
        cause = Cause("deadline", f"no progress for {seconds} s (progressDeadlineSeconds)", text, (reference(item),))
        key = symptom_key(item, f"deadline/{progressing.get('lastUpdateTime', '')}")
        # No deadline can pass between an apply and the first look after it: such a one is of an earlier attempt.
        yield Symptom(key, cause, 0, parse_time(progressing.get("lastUpdateTime")), old=True)
    if spec_of(item).get("paused"):
        namespace = metadata(item).get("namespace", "")
        hint = f"kubectl -n {namespace} rollout resume deployment/{name_of(item)}"
        cause = Cause("paused", f"Deployment {name_of(item)} is paused", "", (reference(item),), hint)
        yield Symptom(
            symptom_key(item, "paused"), cause, patience.paused, parse_time(progressing.get("lastUpdateTime"))
        )


def _is_current(text: str, newest: Object | None) -> bool:
    """Return whether a deadline message is about the newest ReplicaSet.

    The controller keeps the message of a passed deadline when the next revision starts, a rollback's for example, until
    that one makes progress (kubernetes/pkg/controller/deployment/progress.go).
    """
    return newest is None or not text.startswith("ReplicaSet ") or f'"{name_of(newest)}"' in text


def _revision(item: Object) -> int:
    text = (metadata(item).get("annotations") or {}).get(_REVISION, "0")
    return int(text) if str(text).isdecimal() else 0
