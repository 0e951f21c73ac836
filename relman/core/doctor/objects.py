"""What is wrong with live objects, locks, rights and versions (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from relman.core.diagnosis import group_causes
from relman.core.diagnosis.cause import Cause
from relman.core.doctor.finding import ERROR, INFO, WARNING, Finding
from relman.core.preflight.facts import Right

_KUBERNETES = (1, 22)
"""Server-side apply is final since then."""
_LATE = "deadline"


def of_causes(namespace: str, causes: Mapping[str, Sequence[Cause]], ready: Mapping[str, str]) -> Iterator[Finding]:
    """Yield why services are not healthy, each reason once with the services it hits.

    Args:
        namespace: Where.
        causes: By service, root cause first.
        ready: By service, how far it is: `1/3 ready`.
    """
    rooted = {key: [one for one in found if one.kind != _LATE] for key, found in causes.items()}
    for group in group_causes(rooted):
        cause = group.cause
        state = ", ".join(f"{key} {ready[key]}" for key in group.services if key in ready)
        yield Finding(
            kind="unhealthy",
            severity=ERROR,
            namespace=namespace,
            services=group.services,
            summary=f"{cause.summary} ({state})" if state else cause.summary,
            detail=cause.detail,
            next=cause.hint or f"relman status {namespace}/{group.services[0]}",
        )
    for key in sorted(key for key, found in rooted.items() if not found):
        yield Finding(
            kind="unhealthy",
            severity=ERROR,
            namespace=namespace,
            services=(key,),
            summary=f"not ready: {ready.get(key, 'nothing is known')}",
            next=f"kubectl -n {namespace} get pods",
        )


def of_claims(namespace: str, claims: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Yield claims that are not bound."""
    for item in claims:
        phase, name = str((item.get("status") or {}).get("phase", "Pending")), item["metadata"]["name"]
        if phase == "Bound":
            continue
        spec = item.get("spec") or {}
        yield Finding(
            kind="claim-not-bound",
            severity=ERROR,
            namespace=namespace,
            summary=f"claim {name} is {phase} (class {spec.get('storageClassName') or 'none'})",
            next=f"kubectl -n {namespace} describe pvc {name}",
        )


def of_stuck_pods(namespace: str, pods: Sequence[str]) -> Iterator[Finding]:
    """Yield pods that block an ordered StatefulSet until somebody deletes them (trap T076)."""
    for pod in pods:
        yield Finding(
            kind="stuck-pod",
            severity=ERROR,
            namespace=namespace,
            summary=f"pod {pod} blocks its StatefulSet: it is broken, of an old revision, and never replaced by itself",
            next=f"kubectl -n {namespace} delete pod {pod}",
        )


def of_stale_endpoints(namespace: str, names: Sequence[str]) -> Iterator[Finding]:
    """Yield endpoints that a Service without selector kept from when it had one, and that get traffic (trap T158).

    Args:
        namespace: Where.
        names: `Kind/name` of each.
    """
    for name in names:
        yield Finding(
            kind="stale-endpoints",
            severity=ERROR,
            namespace=namespace,
            summary=f"{name} is left from a workload that is gone, and still gets traffic",
            next=f"kubectl -n {namespace} delete {name}",
        )


def of_lock(namespace: str, holder: str, since: str, *, renewed: bool, watched: float) -> Finding:
    """Return what a held lock means: somebody works, or nobody does any more.

    Args:
        namespace: Where.
        holder: Who has it.
        since: When it was taken.
        renewed: Whether its holder renewed it while it was watched.
        watched: Seconds.
    """
    if renewed:
        return Finding(
            kind="lock", severity=INFO, namespace=namespace, summary=f"{holder} works on it since {since} UTC",
            next="relman upgrade … --wait-lock 10m queues behind it",
        )  # fmt: skip
    return Finding(
        kind="lock-abandoned", severity=ERROR, namespace=namespace,
        summary=f"the lock of {holder}, taken {since} UTC, was not renewed for {watched:.0f} s",
        next=f'relman unlock {namespace} -m "its host is gone"',
    )  # fmt: skip


def of_fixed(namespace: str, kind: str, names: Sequence[str]) -> Iterator[Finding]:
    """Yield what was put right, `Kind/name` each."""
    for name in names:
        yield Finding(kind=kind, severity=INFO, namespace=namespace, summary=f"{name} was removed")


def of_unseen(namespace: str, what: str, why: str, right: str) -> Finding:
    """Return what could not be looked at for want of a right."""
    return Finding(
        kind="missing-right", severity=WARNING, namespace=namespace, summary=f"not seen: {what}", detail=why, next=right
    )


def needed_to_change(namespace: str) -> tuple[Right, ...]:
    """Return the rights every command that changes a set needs, whatever its charts hold: records and the lock."""
    wanted = {
        ("", "secrets"): ("get", "list", "create", "update", "delete"),
        ("", "configmaps"): ("get", "list", "create", "update", "delete"),
        ("coordination.k8s.io", "leases"): ("get", "create", "update"),
    }
    return tuple(Right(verb, *what, namespace) for what, verbs in wanted.items() for verb in verbs)


def of_lacking(namespace: str, lacking: Sequence[Right]) -> Iterator[Finding]:
    """Yield the rights that are missing, all of one namespace at once."""
    if lacking:
        yield Finding(
            kind="missing-right",
            severity=WARNING,
            namespace=namespace,
            summary=f"you may look, and not change: you lack {', '.join(map(str, lacking))}",
            next=f"kubectl auth can-i {lacking[0]} -n {namespace}; docs/how-to/rbac.yaml has what is needed",
        )


def of_versions(kubernetes: tuple[int, int], text: str, helm: str, helm_fault: str) -> Iterator[Finding]:
    """Yield a cluster or a helm that is too old; else what they are."""
    if helm_fault:
        yield Finding(kind="helm", severity=ERROR, summary=helm_fault, next="Install helm 4, or name it with --helm.")
    if (0, 0) < kubernetes < _KUBERNETES:
        oldest = ".".join(map(str, _KUBERNETES))
        yield Finding(
            kind="kubernetes", severity=ERROR, summary=f"the cluster runs {text}, and relman needs {oldest} or newer",
            next="Upgrade the cluster.",
        )  # fmt: skip
    elif text and not helm_fault:
        yield Finding(kind="versions", severity=INFO, summary=f"Kubernetes {text}, helm {helm}")
