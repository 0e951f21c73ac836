"""What dooms a rollout: a table of situations that cannot heal."""

from __future__ import annotations

import pytest

from relman.core.rollout import Snapshot, decide_rollout
from tests.unit.relman_rollout_objects import (
    NOW,
    Json,
    ago,
    applied,
    claim,
    deployment,
    job,
    pod,
    pod_of_set,
    statefulset,
    terminated,
    unschedulable,
    waiting,
)
from tests.unit.relman_rollout_situations import (
    BACK_OFF,
    DEADLINE,
    IMAGE,
    NEWEST,
    NOT_FOUND,
    POD_SECURITY,
    judge,
    of_deployment,
    refused,
)

DOOMED = [
    pytest.param(
        of_deployment(pod("web-2-a", waiting("ImagePullBackOff", f"{BACK_OFF}: ErrImagePull: {NOT_FOUND}"))),
        "image-not-found",
        f"image {IMAGE} does not exist",
        id="image not found, in back-off",
    ),
    pytest.param(
        of_deployment(pod("web-2-a", waiting("ErrImagePull", NOT_FOUND), age=20)),
        "image-not-found",
        f"image {IMAGE} does not exist",
        id="image not found for longer than the first failure",
    ),
    pytest.param(
        of_deployment(pod("web-2-a", waiting("ImagePullBackOff", f"{BACK_OFF}: ErrImagePull: manifest unknown"))),
        "image-not-found",
        f"image {IMAGE} does not exist",
        id="manifest unknown",
    ),
    pytest.param(
        of_deployment(pod("web-2-a", waiting("InvalidImageName", 'couldn\'t parse image name "web:"'))),
        "image-not-found",
        f"image name {IMAGE} is invalid",
        id="invalid image name",
    ),
    pytest.param(
        of_deployment(pod("web-2-a", waiting("ImagePullBackOff", f"{BACK_OFF}: 401 Unauthorized"), age=40)),
        "image-pull-denied",
        "no right to pull from harbor.example",
        id="no right to pull for longer than a pull Secret takes",
    ),
    pytest.param(
        of_deployment(pod("web-2-a", waiting("CreateContainerConfigError", 'secret "db-creds" not found'), age=40)),
        "missing-secret",
        "Secret db-creds does not exist",
        id="missing secret",
    ),
    pytest.param(
        of_deployment(
            pod("web-2-a", waiting("CreateContainerConfigError", "couldn't find key url in ConfigMap shop/db"), age=40)
        ),
        "missing-configmap",
        "ConfigMap db has no key url",
        id="missing key",
    ),
    pytest.param(
        of_deployment(
            pod(
                "web-2-a", waiting("CreateContainerConfigError", "container has runAsNonRoot and image is root"), age=90
            )
        ),
        "container-config",
        "container app cannot be created: container has runAsNonRoot and image is root",
        id="refused by the kubelet",
    ),
    pytest.param(
        of_deployment(pod("web-2-a", waiting("CrashLoopBackOff", restarts=3, last=terminated(1)))),
        "crash",
        "container app exits with code 1",
        id="crash loop",
    ),
    pytest.param(
        of_deployment(pod("web-2-a", waiting("CrashLoopBackOff", restarts=2, last=terminated(137, "OOMKilled")))),
        "out-of-memory",
        "container app needs more than the node's memory",
        id="out of memory twice",
    ),
    pytest.param(
        of_deployment(
            pod("web-2-a", conditions=[unschedulable("0/3 nodes are available: 3 Insufficient memory.", since=40)])
        ),
        "unschedulable",
        "no node fits: 0/3 nodes are available: 3 Insufficient memory",
        id="unschedulable",
    ),
    pytest.param(
        refused("exceeded quota: compute, requested: cpu=2,memory=1Gi, used: cpu=3, limited: cpu=4"),
        "quota",
        "quota compute is full: cpu, memory",
        id="quota",
    ),
    pytest.param(
        refused("failed quota: compute: must specify limits.cpu for: app"),
        "quota",
        "quota compute wants every pod to set limits.cpu for: app",
        id="quota wants limits",
    ),
    pytest.param(
        refused(POD_SECURITY), "admission", "Pod Security restricted:latest refuses the pod", id="Pod Security"
    ),
    pytest.param(
        refused('admission webhook "policy.example" denied the request: no latest tag'),
        "admission",
        "admission webhook policy.example refuses the pod: no latest tag",
        id="webhook denies",
    ),
    pytest.param(
        refused('error looking up service account shop/web: serviceaccount "web" not found'),
        "admission",
        "ServiceAccount web does not exist",
        id="service account",
    ),
    pytest.param(
        [deployment(status={"updatedReplicas": 1, "replicas": 4}, conditions=[DEADLINE]), NEWEST],
        "deadline",
        "no progress for 600 s (progressDeadlineSeconds)",
        id="progress deadline",
    ),
    pytest.param(
        [
            deployment(
                paused=True,
                status={"updatedReplicas": 0},
                conditions=[{"type": "Progressing", "lastUpdateTime": ago(60)}],
            )
        ],
        "paused",
        "Deployment web is paused",
        id="paused by somebody",
    ),
    pytest.param(
        [job(status={"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]})],
        "job-failed",
        "Job import failed: BackoffLimitExceeded",
        id="job failed",
    ),
    pytest.param(
        [claim(phase="Lost")], "claim-unbound", "claim data has no volume: its PersistentVolume is gone", id="lost"
    ),
    pytest.param(
        [
            statefulset(current="db-new", status={"updatedReplicas": 2, "readyReplicas": 2}),
            pod_of_set(2, waiting("ImagePullBackOff", NOT_FOUND), revision="db-broken", age=70),
        ],
        "blocked",
        "StatefulSet db waits for pod db-2 of another revision, which is broken",
        id="statefulset blocked by the broken pod of the revision before (T076)",
    ),
]


@pytest.mark.parametrize(("live", "kind", "summary"), DOOMED)
def test_dooms(live: list[Json], kind: str, summary: str) -> None:
    if live[0].get("spec", {}).get("paused"):  # by somebody, not by the chart
        manifest = applied(live[0])
        manifest["spec"] = {}
        status = decide_rollout([manifest], Snapshot.of(live), now=NOW)
    else:
        status = judge(*live)
    assert status.state == "doomed"
    assert status.causes[0].kind == kind
    assert status.causes[0].summary.startswith(summary)
    assert status.message == status.causes[0].summary


def test_the_root_cause_comes_before_the_passed_deadline() -> None:
    live = deployment(status={"updatedReplicas": 1, "replicas": 4}, conditions=[DEADLINE])
    broken = pod("web-2-a", waiting("CreateContainerConfigError", 'secret "db" not found'), age=700)
    status = judge(live, NEWEST, broken)
    assert [cause.kind for cause in status.causes] == ["missing-secret", "deadline"]


def test_what_dooms_comes_before_what_may_heal() -> None:
    denied = pod("web-2-a", waiting("ImagePullBackOff", f"{BACK_OFF}: 401 Unauthorized"), age=5)
    crashed = pod("web-2-b", waiting("CrashLoopBackOff", restarts=3, last=terminated(1)))
    status = judge(*of_deployment(denied, crashed))
    assert [cause.kind for cause in status.causes] == ["crash", "image-pull-denied"]


def test_what_merely_follows_is_never_the_root() -> None:
    """A passed deadline is final and a crash may heal; the crash is why."""
    live = deployment(status={"updatedReplicas": 1, "replicas": 4}, conditions=[DEADLINE])
    status = judge(live, NEWEST, pod("web-2-a", waiting("CrashLoopBackOff", restarts=1, last=terminated(1))))
    assert status.state == "doomed"
    assert [cause.kind for cause in status.causes] == ["crash", "deadline"]
    assert status.message == "container app exits with code 1"
