"""Why a pod has no node, no volume (core, pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from relman.core.diagnosis.cause import Cause
from relman.core.diagnosis.containers import missing_hint, missing_reference
from relman.core.diagnosis.patience import Patience
from relman.core.diagnosis.snapshot import (
    Object,
    Snapshot,
    condition,
    event_text,
    metadata,
    name_of,
    reference,
    spec_of,
    status_of,
)
from relman.core.diagnosis.symptom import Symptom, created_at, parse_time, symptom_key

_CLAIM = re.compile(r"PersistentVolumeClaim|persistentvolumeclaim", re.IGNORECASE)
_NO_CLAIM = re.compile(r"persistentvolumeclaim \"(?P<name>[^\"]+)\" not found")
_SCALE_UP = frozenset({"TriggeredScaleUp", "Nominated"})
"""What cluster-autoscaler and Karpenter say when a node is on its way."""

_VERDICTS = frozenset(
    {"FailedBinding", "ProvisioningFailed", "ProvisioningSucceeded", "WaitForFirstConsumer", "WaitForPodScheduled"}
)


def scheduling_symptoms(pod: Object, snapshot: Snapshot, patience: Patience) -> Iterator[Symptom]:
    """Yield why a pod has no node; nothing while the scheduler has not tried, or holds it back on request."""
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") != "False" or scheduled.get("reason") != "Unschedulable":
        return
    text = str(scheduled.get("message", ""))
    since = parse_time(scheduled.get("lastTransitionTime")) or created_at(pod)
    if _CLAIM.search(text):
        symptoms = list(_claims_of(pod, text, snapshot, patience))
        if symptoms:
            yield from symptoms
            return
    announced = any(event.get("reason") in _SCALE_UP for event in snapshot.events_of(pod))
    cause = Cause(
        "unschedulable",
        f"no node fits: {_numbers(text)}",
        f"{text}\n{_requests(pod)}".strip(),
        (reference(pod),),
        "Lower resources, widen the placement rules, or add nodes: kubectl describe nodes",
    )
    limit = patience.scale_up if announced else patience.unschedulable
    yield Symptom(symptom_key(pod, "unschedulable"), cause, limit, since)


def claim_symptom(claim: Object, snapshot: Snapshot, patience: Patience) -> Symptom | None:
    """Return why a PersistentVolumeClaim has no volume, None when it has one."""
    phase = status_of(claim).get("phase")
    if phase == "Bound":
        return None
    name, namespace = name_of(claim), metadata(claim).get("namespace", "")
    verdict = _verdict(claim, snapshot)
    text, reason = event_text(verdict), str(verdict.get("reason", ""))
    limit: float | None = None
    quiet = True
    if phase == "Lost":
        limit, quiet, text = 0, False, "its PersistentVolume is gone"
    elif reason == "FailedBinding" or (reason == "ProvisioningFailed" and "not found" in text):
        limit, quiet = patience.claim_without_class, False
    elif reason == "ProvisioningFailed":
        limit, quiet = patience.claim, False
    wanted = _wanted(claim)
    cause = Cause(
        "claim-unbound",
        f"claim {name} has no volume" + (f": {text}" if text else ""),
        wanted,
        (reference(claim),),
        f"kubectl -n {namespace} describe pvc {name}; kubectl get storageclass",
    )
    return Symptom(symptom_key(claim, f"unbound/{reason or phase}"), cause, limit, created_at(claim), quiet=quiet)


def waits_for_consumer(claim: Object, snapshot: Snapshot) -> bool:
    """Return whether a claim binds only once a pod uses it, and none does: it is as ready as it can be."""
    return _verdict(claim, snapshot).get("reason") == "WaitForFirstConsumer"


def mount_symptom(pod: Object, events: Sequence[Object], patience: Patience) -> Symptom | None:
    """Return why a scheduled pod's volumes cannot be mounted, None when nothing says so."""
    failed = [event for event in events if event.get("reason") in {"FailedMount", "FailedAttachVolume"}]
    if not failed:
        return None
    text = event_text(failed[-1])
    found = missing_reference(text)
    if found:
        kind, summary = found
        hint, limit = missing_hint(kind, metadata(pod).get("namespace", "")), patience.missing_config
        cause = Cause(kind, summary, text, (reference(pod),), hint)
    else:
        cause = Cause("volume-mount", f"a volume cannot be mounted: {text[:160]}", text, (reference(pod),))
        limit = patience.volume_mount
    return Symptom(symptom_key(pod, f"mount/{cause.kind}"), cause, limit, created_at(pod))


def _claims_of(pod: Object, text: str, snapshot: Snapshot, patience: Patience) -> Iterator[Symptom]:
    for volume in spec_of(pod).get("volumes") or ():
        name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        claim = snapshot.get("PersistentVolumeClaim", name) if name else None
        symptom = claim_symptom(claim, snapshot, patience) if claim else None
        if symptom is not None:
            yield symptom
    missing = _NO_CLAIM.search(text)
    if missing:
        cause = Cause("claim-unbound", f"claim {missing['name']} does not exist", text, (reference(pod),))
        yield Symptom(symptom_key(pod, "no-claim"), cause, patience.claim_without_class, created_at(pod))


def _verdict(claim: Object, snapshot: Snapshot) -> Object:
    """Return the newest event that says how binding goes; attempts ("Provisioning") come between failures."""
    events = [event for event in snapshot.events_of(claim) if event.get("reason") in _VERDICTS]
    return events[-1] if events else {}


def _numbers(text: str) -> str:
    """Return the scheduler's count without its remarks on preemption.

    >>> _numbers("0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No victims.")
    '0/3 nodes are available: 3 Insufficient cpu'
    """
    head = re.split(r"\. (?:preemption|no new claims)", text, maxsplit=1)[0]
    return head.rstrip(". ") or "the scheduler gave no reason"


def _requests(pod: Object) -> str:
    """Return what a pod asks for: `it asks for cpu 4, memory 64Gi (container app)`."""
    parts = []
    for container in spec_of(pod).get("containers") or ():
        requests: dict[str, Any] = (container.get("resources") or {}).get("requests") or {}
        if requests:
            wanted = ", ".join(f"{name} {amount}" for name, amount in sorted(requests.items()))
            parts.append(f"{wanted} (container {container.get('name', '')})")
    return f"it asks for {'; '.join(parts)}" if parts else ""


def _wanted(claim: Object) -> str:
    spec = spec_of(claim)
    size = ((spec.get("resources") or {}).get("requests") or {}).get("storage", "?")
    kind = spec.get("storageClassName")
    where = f"StorageClass {kind}" if kind else "no StorageClass"
    return f"it asks for {size} {','.join(spec.get('accessModes') or ())} from {where}"
