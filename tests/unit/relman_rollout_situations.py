"""Situations the rollout tests share: a Deployment whose newest revision is starting, and what goes wrong with it."""

from __future__ import annotations

from relman.core.rollout import RolloutStatus, Snapshot, decide_rollout
from tests.unit.relman_rollout_objects import NAMESPACE, NOW, Json, ago, applied, deployment, replicaset

IMAGE = "harbor.example/shop/web:3"
NOT_FOUND = f'failed to resolve reference "{IMAGE}": {IMAGE}: not found'
BACK_OFF = f'Back-off pulling image "{IMAGE}"'
STARTING = deployment(status={"replicas": 4, "updatedReplicas": 1, "availableReplicas": 3})
NEWEST = replicaset(replicas=1)
POD_SECURITY = (
    'violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "app" must set '
    "securityContext.allowPrivilegeEscalation=false)"
)
DEADLINE = {
    "type": "Progressing",
    "status": "False",
    "reason": "ProgressDeadlineExceeded",
    "message": 'ReplicaSet "web-2" has timed out progressing.',
    "lastUpdateTime": ago(1),
}


def judge(*live: Json, events: list[Json] | None = None) -> RolloutStatus:
    """Judge the first live object by one look, as `relman status` does."""
    snapshot = Snapshot.of(live, events=events or (), namespace=NAMESPACE)
    return decide_rollout([applied(live[0])], snapshot, now=NOW)


def of_deployment(*pods: Json) -> list[Json]:
    return [STARTING, NEWEST, *pods]


def refused(message: str, *, since: float = 60) -> list[Json]:
    """A Deployment whose newest ReplicaSet cannot create its pods."""
    condition = {
        "type": "ReplicaFailure",
        "status": "True",
        "reason": "FailedCreate",
        "message": f'pods "web-2-x" is forbidden: {message}',
        "lastTransitionTime": ago(since),
    }
    return [STARTING, replicaset(replicas=1, conditions=[condition])]
