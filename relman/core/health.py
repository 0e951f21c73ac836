"""How a workload is, from its own status alone: cheap enough for hundreds at once (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

WORKLOADS = (("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"))

HEALTHY = "healthy"
PROGRESSING = "progressing"
DEGRADED = "degraded"
MISSING = "missing"
NONE = "-"


@dataclass(frozen=True)
class Health:
    """How the workloads of a service are."""

    state: str
    """`healthy`, `progressing`, `degraded`, `missing`, or `-` for a service without workloads."""
    ready: int = 0
    wanted: int = 0


_ORDER = (MISSING, DEGRADED, PROGRESSING, HEALTHY, NONE)


def workload_health(item: Mapping[str, Any]) -> Health:
    """Judge one Deployment, StatefulSet or DaemonSet."""
    spec, status = item.get("spec") or {}, item.get("status") or {}
    if item.get("kind") == "DaemonSet":
        wanted, ready = int(status.get("desiredNumberScheduled", 0)), int(status.get("numberAvailable", 0))
        updated = int(status.get("updatedNumberScheduled", 0))
    else:
        wanted = int(1 if spec.get("replicas") is None else spec["replicas"])
        ready = int(status.get("availableReplicas", status.get("readyReplicas", 0)) or 0)
        updated = int(status.get("updatedReplicas", 0) or 0)
    if _gave_up(status):
        return Health(DEGRADED, ready, wanted)
    current = int(status.get("observedGeneration", 0)) >= int((item.get("metadata") or {}).get("generation", 0))
    # Beside the newest pods of a Deployment, those before them may still be what is ready.
    old = item.get("kind") == "Deployment" and int(status.get("replicas", 0) or 0) > updated
    if current and ready >= wanted and updated >= wanted and not old:
        return Health(HEALTHY, ready, wanted)
    # Everything is of the newest template and still not there: that is no rollout any more.
    settled = current and updated >= wanted and not old
    return Health(DEGRADED if settled else PROGRESSING, ready, wanted)


def service_health(references: Iterable[str], workloads: Mapping[str, Mapping[str, Any]]) -> Health:
    """Judge a service by its workloads.

    Args:
        references: `apiVersion/Kind/name` of all its objects.
        workloads: Live workloads by reference.
    """
    kinds = {f"{version}/{kind}" for version, kind in WORKLOADS}
    own = [reference for reference in references if reference.rpartition("/")[0] in kinds]
    found = [workload_health(workloads[ref]) if ref in workloads else Health(MISSING) for ref in own]
    if not found:
        return Health(NONE)
    worst = min((health.state for health in found), key=_ORDER.index)
    return Health(worst, sum(health.ready for health in found), sum(health.wanted for health in found))


def _gave_up(status: Mapping[str, Any]) -> bool:
    return any(
        c.get("type") == "Progressing" and c.get("reason") == "ProgressDeadlineExceeded"
        for c in status.get("conditions") or ()
    )
