"""The StatefulSet trap: a broken pod of an older revision that blocks the newest one (T076; core, pure).

With OrderedReady the controller waits for every pod to be ready before it replaces one, the broken one included, so a
rollback alone never recovers (kubernetes#67250). With Parallel the same happened in Kubernetes 1.35, whose
MaxUnavailableStatefulSet counted the broken pod against the budget (kubernetes#137409).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from relman.core.diagnosis.cause import Cause
from relman.core.diagnosis.patience import DEFAULT_PATIENCE, Patience
from relman.core.diagnosis.pods import is_active, is_ready, pod_symptoms
from relman.core.diagnosis.snapshot import (
    Object,
    Snapshot,
    is_observed,
    label,
    metadata,
    name_of,
    reference,
    spec_of,
    status_of,
)
from relman.core.diagnosis.symptom import Symptom, created_at, symptom_key

_HASH = "controller-revision-hash"


def blocking_pods(statefulset: Object, snapshot: Snapshot, *, now: datetime | None = None) -> list[Object]:
    """Return the pods a StatefulSet's newest revision waits for in vain: deleting them is what lets it go on.

    A pod is one of them when it is not ready, not of the newest revision, due to be replaced, and either of a revision
    that was never rolled out completely, or visibly broken. A pod of the last complete revision that is merely starting
    is not: the controller goes on by itself once it is ready.

    Args:
        statefulset: The live object.
        snapshot: Its namespace.
        now: The time; without it a container that runs at the moment does not count as crashing.
    """
    current = status_of(statefulset).get("currentRevision")
    moment = now or datetime.max.replace(tzinfo=UTC)
    return [
        pod
        for pod in _outdated(statefulset, snapshot)
        if not is_ready(pod) and (label(pod, _HASH) != current or _is_broken(pod, snapshot, moment))
    ]


def blocked_symptoms(statefulset: Object, snapshot: Snapshot, patience: Patience, now: datetime) -> Iterator[Symptom]:
    """Yield one symptom for each pod that blocks a StatefulSet."""
    for pod in blocking_pods(statefulset, snapshot, now=now):
        namespace = metadata(pod).get("namespace", "")
        cause = Cause(
            "blocked",
            f"StatefulSet {name_of(statefulset)} waits for pod {name_of(pod)} of another revision, which is broken",
            "The controller replaces a pod only once it is ready, which this one will never be (kubernetes#67250).",
            (reference(pod),),
            f"kubectl -n {namespace} delete pod {name_of(pod)}",
        )
        # One that only takes its time to start gets replaced by the controller itself in the end.
        limit = patience.blocked if _is_broken(pod, snapshot, now) else None
        yield Symptom(symptom_key(pod, "blocks"), cause, limit, created_at(pod), quiet=limit is None)


def _outdated(statefulset: Object, snapshot: Snapshot) -> list[Object]:
    """Return the active pods that the newest revision is to replace.

    Pods below `partition` stay as they are on purpose, and with OnDelete all do.
    """
    update = spec_of(statefulset).get("updateStrategy") or {}
    newest = status_of(statefulset).get("updateRevision")
    if update.get("type") == "OnDelete" or not newest or not is_observed(statefulset):
        return []
    partition = int((update.get("rollingUpdate") or {}).get("partition") or 0)
    first = int((spec_of(statefulset).get("ordinals") or {}).get("start") or 0)
    return [
        pod
        for pod in snapshot.owned("Pod", statefulset)
        if is_active(pod) and label(pod, _HASH) not in {newest, None} and _ordinal(pod) >= first + partition
    ]


def _is_broken(pod: Object, snapshot: Snapshot, now: datetime) -> bool:
    """Return whether something besides a probe that does not answer yet is wrong with a pod."""
    found = pod_symptoms(pod, snapshot, DEFAULT_PATIENCE, now)
    return any(not symptom.quiet and symptom.cause.kind != "probe-failed" for symptom in found)


def _ordinal(pod: Object) -> int:
    tail = name_of(pod).rpartition("-")[2]
    return int(tail) if tail.isdecimal() else 0
