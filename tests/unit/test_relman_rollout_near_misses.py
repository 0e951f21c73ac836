"""What looks wrong and must not doom a rollout: it may heal."""

from __future__ import annotations

import pytest

from tests.unit.relman_rollout_objects import (
    Json,
    claim,
    daemonset,
    deployment,
    job,
    owned_by,
    pod,
    pod_of_set,
    replicaset,
    running,
    statefulset,
    terminated,
    unschedulable,
    waiting,
)
from tests.unit.relman_rollout_situations import (
    BACK_OFF,
    DEADLINE,
    NEWEST,
    NOT_FOUND,
    STARTING,
    judge,
    of_deployment,
    refused,
)

PROGRESSING = [
    pytest.param(of_deployment(), None, id="no pod yet"),
    pytest.param(of_deployment(pod("web-2-a", waiting("ContainerCreating"))), None, id="container is being created"),
    pytest.param(of_deployment(pod("web-2-a", running(), phase="Running")), None, id="container is starting"),
    pytest.param(
        of_deployment(pod("web-2-a", waiting("ErrImagePull", NOT_FOUND), age=2)),
        "image-not-found",
        id="image not found in its first seconds: a registry replica may lag",
    ),
    pytest.param(
        of_deployment(pod("web-2-a", waiting("ErrImagePull", ""), age=900)),
        None,
        id="pull failed, reason still unknown",
    ),
    pytest.param(
        of_deployment(
            pod("web-2-a", waiting("ImagePullBackOff", f"{BACK_OFF}: dial tcp: lookup harbor: no such host"), age=900)
        ),
        "image-pull-error",
        id="registry not reachable, however long",
    ),
    pytest.param(
        of_deployment(pod("web-2-a", waiting("ImagePullBackOff", f"{BACK_OFF}: 503 Service Unavailable"), age=900)),
        "image-pull-error",
        id="registry down",
    ),
    pytest.param(
        of_deployment(pod("web-2-a", waiting("ImagePullBackOff", f"{BACK_OFF}: toomanyrequests: rate limit"), age=900)),
        "image-pull-error",
        id="rate limit",
    ),
    pytest.param(
        of_deployment(pod("web-2-a", waiting("ImagePullBackOff", BACK_OFF), age=900)),
        "image-pull-error",
        id="back-off of an old kubelet, which does not say why",
    ),
    pytest.param(
        of_deployment(pod("web-2-a", waiting("ImagePullBackOff", f"{BACK_OFF}: 401 Unauthorized"), age=10)),
        "image-pull-denied",
        id="no right to pull, but an operator may be copying the pull Secret",
    ),
    pytest.param(
        of_deployment(
            pod("web-2-a", waiting("ImagePullBackOff", "pulling x/not-found:404 failed: EOF", image="x/not-found:404"))
        ),
        "image-pull-error",
        id="an image's own name is no verdict",
    ),
    pytest.param(
        of_deployment(pod("web-2-a", waiting("CreateContainerConfigError", 'secret "db" not found'), age=10)),
        "missing-secret",
        id="missing secret, but an operator may make it",
    ),
    pytest.param(
        of_deployment(pod("web-2-a", waiting("CreateContainerError", "context deadline exceeded"), age=900)),
        "container-config",
        id="slow node",
    ),
    pytest.param(
        of_deployment(pod("web-2-a", waiting("CrashLoopBackOff", restarts=2, last=terminated(1)))),
        "crash",
        id="crashed twice",
    ),
    pytest.param(
        of_deployment(pod("web-2-a", running(restarts=5, last=terminated(1), since=4), phase="Running")),
        "crash",
        id="crashed five times, runs now: this may be the one that holds",
    ),
    pytest.param(
        of_deployment(pod("web-2-a", running(restarts=5, last=terminated(1), since=400), phase="Running")),
        None,
        id="crashed long ago, runs since",
    ),
    pytest.param(
        of_deployment(pod("web-2-a", waiting("CrashLoopBackOff", restarts=1, last=terminated(137, "OOMKilled")))),
        "out-of-memory",
        id="out of memory once",
    ),
    pytest.param(
        of_deployment(
            pod("web-2-a", conditions=[unschedulable("0/3 nodes are available: 3 Insufficient cpu.", since=5)])
        ),
        "unschedulable",
        id="unschedulable for seconds",
    ),
    pytest.param(
        of_deployment(
            pod(
                "web-2-a",
                conditions=[{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}],
                age=900,
            )
        ),
        None,
        id="held back by a scheduling gate",
    ),
    pytest.param(
        [
            *refused("exceeded quota: compute, requested: cpu=2, used: cpu=4, limited: cpu=4"),
            pod("web-1-x", deleting=True),
        ],
        "quota",
        id="quota full, but a pod is on its way out",
    ),
    pytest.param(refused("exceeded quota: q, requested: cpu=2, used: cpu=4", since=3), "quota", id="quota for seconds"),
    pytest.param(
        refused('failed calling webhook "policy.example": connect: connection refused'),
        "admission",
        id="webhook is down",
    ),
    pytest.param(refused("etcdserver: request timed out", since=900), "admission", id="the API server is slow"),
    pytest.param(
        [deployment(status={"observedGeneration": 1}, conditions=[DEADLINE]), NEWEST],
        None,
        id="deadline of the generation before",
    ),
    pytest.param(
        [
            deployment(status={"updatedReplicas": 1, "replicas": 4}, revision=3, conditions=[DEADLINE]),
            NEWEST,
            replicaset("web-1", revision=3),
        ],
        None,
        id="deadline of the revision that was rolled back, kept by the controller",
    ),
    pytest.param(
        [
            deployment(status={"updatedReplicas": 1, "replicas": 4}, revision=3),
            NEWEST,
            pod("web-2-a", waiting("ImagePullBackOff", NOT_FOUND)),
        ],
        None,
        id="right after a rollback: the watch still shows the broken ReplicaSet as the newest",
    ),
    pytest.param(
        [
            STARTING,
            replicaset("web-1", revision=1, available=3),
            NEWEST,
            pod("web-1-x", waiting("ImagePullBackOff", NOT_FOUND), owner=owned_by("ReplicaSet", "web-1"), age=900),
        ],
        None,
        id="an old revision's pod does not count",
    ),
    pytest.param(
        of_deployment(
            pod("web-2-a", waiting("ImagePullBackOff", NOT_FOUND), deleting=True),
            pod("web-2-b", waiting("ImagePullBackOff", NOT_FOUND), phase="Failed"),
        ),
        None,
        id="terminating and finished pods do not count",
    ),
    pytest.param(
        [
            statefulset(current="db-old", status={"updatedReplicas": 1}),
            pod_of_set(0, waiting("ContainerCreating"), revision="db-old", age=900),
        ],
        None,
        id="statefulset waits for an old pod that is starting",
    ),
    pytest.param(
        [
            daemonset(status={"updatedNumberScheduled": 1}),
            pod(
                "agent-old",
                waiting("ImagePullBackOff", NOT_FOUND),
                owner=owned_by("DaemonSet", "agent"),
                labels={"pod-template-generation": "1"},
            ),
        ],
        None,
        id="daemonset's old pod does not count",
    ),
    pytest.param(
        [
            job(status={"failed": 2}),
            pod(
                "import-x", waiting("CrashLoopBackOff", restarts=5, last=terminated(1)), owner=owned_by("Job", "import")
            ),
        ],
        "crash",
        id="a job's pod may crash as often as its backoffLimit says",
    ),
    pytest.param([claim(phase="Pending")], None, id="claim being provisioned"),
    pytest.param(
        [
            deployment(status={"updatedReplicas": 3, "availableReplicas": 1}),
            replicaset(),
            pod("web-2-a", running(ready=True, restarts=9, last=terminated(1)), ready=True, phase="Running"),
        ],
        None,
        id="ready pods with a past",
    ),
]


@pytest.mark.parametrize(("live", "kind"), PROGRESSING)
def test_does_not_doom(live: list[Json], kind: str | None) -> None:
    status = judge(*live)
    assert status.state == "progressing"
    assert [cause.kind for cause in status.causes] == ([kind] if kind else [])
