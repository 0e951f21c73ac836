"""How far is it: tables of live objects against what decide_rollout says of them."""

from __future__ import annotations

import pytest

from relman.core.rollout import Snapshot, decide_rollout
from tests.unit.relman_rollout_objects import (
    NAMESPACE,
    NOW,
    Json,
    ago,
    applied,
    claim,
    daemonset,
    deployment,
    event,
    job,
    named,
    owned_by,
    pod,
    pod_of_set,
    replicaset,
    running,
    statefulset,
)


def judge(*live: Json, of: list[Json] | None = None, events: list[Json] | None = None) -> tuple[str, int, int, str]:
    """Judge the first live object, or those of `of`, in a namespace that holds all of `live`."""
    snapshot = Snapshot.of(live, events=events or (), namespace=NAMESPACE)
    status = decide_rollout([applied(item) for item in of or live[:1]], snapshot, now=NOW)
    return status.state, status.ready, status.wanted, status.message


COMPLETE = [
    pytest.param(deployment(), "3 of 3 pods available", id="deployment"),
    pytest.param(deployment(replicas=0), "0 of 0 pods available", id="deployment scaled to zero"),
    pytest.param(statefulset(), "3 of 3 pods available", id="statefulset"),
    pytest.param(statefulset(replicas=0), "0 of 0 pods available", id="statefulset scaled to zero"),
    pytest.param(
        statefulset(
            current="db-old", status={"updatedReplicas": 1}, updateStrategy={"rollingUpdate": {"partition": 2}}
        ),
        "3 of 3 pods available; 2 kept old by partition 2",
        id="statefulset with a partition: the pods below it stay",
    ),
    pytest.param(
        statefulset(current="db-old", status={"updatedReplicas": 0}, updateStrategy={"type": "OnDelete"}),
        "3 of 3 pods available; 3 old until deleted by hand",
        id="statefulset OnDelete",
    ),
    pytest.param(
        statefulset(status={"availableReplicas": 0}), "3 of 3 pods available", id="statefulset before minReadySeconds"
    ),
    pytest.param(daemonset(), "3 of 3 pods available", id="daemonset"),
    pytest.param(
        daemonset(status={"updatedNumberScheduled": 0}, updateStrategy={"type": "OnDelete"}),
        "3 of 3 pods available",
        id="daemonset OnDelete",
    ),
    pytest.param(replicaset("bare", replicas=2, available=2), "2 of 2 pods available", id="replicaset"),
    pytest.param(job(status={"conditions": [{"type": "Complete", "status": "True"}]}), "completed", id="job"),
    pytest.param(job(suspend=True), "suspended", id="suspended job"),
    pytest.param(pod("bare", running(ready=True), ready=True, phase="Running"), "Running", id="pod"),
    pytest.param(pod("bare", phase="Succeeded"), "Succeeded", id="pod that is through"),
    pytest.param(claim(), "Bound", id="claim"),
]


@pytest.mark.parametrize(("live", "message"), COMPLETE)
def test_is_ready(live: Json, message: str) -> None:
    state, ready, wanted, said = judge(live)
    assert (state, said) == ("ready", message)
    assert ready == wanted


INCOMPLETE = [
    pytest.param(deployment(status={"observedGeneration": 1}), 0, "has not seen change 2", id="deployment unseen"),
    pytest.param(deployment(status={"updatedReplicas": 1, "replicas": 4}), 0, "1 of 3 pods updated", id="updating"),
    pytest.param(deployment(status={"replicas": 4}), 2, "1 old pod still there", id="old pods not gone"),
    pytest.param(
        deployment(status={"availableReplicas": 2}),
        2,
        "2 of 3 pods available",
        id="available, so minReadySeconds count",
    ),
    pytest.param(
        deployment(status={"readyReplicas": 3, "availableReplicas": 0}), 0, "0 of 3", id="ready is not available"
    ),
    pytest.param({**deployment(), "status": {}}, 0, "has not seen change 2", id="deployment just created"),
    pytest.param(statefulset(status={"observedGeneration": 1}), 0, "has not seen change 2", id="statefulset unseen"),
    pytest.param(
        statefulset(current="db-old", status={"updatedReplicas": 1}),
        1,
        "1 of 3 pods updated",
        id="statefulset updating",
    ),
    pytest.param(
        statefulset(current="db-new", update="db-new", status={"updatedReplicas": 2, "readyReplicas": 2}),
        2,
        "2 of 3 pods updated",
        id="statefulset rolled back to the revision that was current, the broken pod still there (T076)",
    ),
    pytest.param(
        statefulset(current="db-old"), 3, "the last pod is being replaced", id="statefulset not yet declared complete"
    ),
    pytest.param(
        statefulset(status={"readyReplicas": 3, "availableReplicas": 1}, minReadySeconds=10),
        1,
        "1 of 3 pods available",
        id="statefulset with minReadySeconds",
    ),
    pytest.param(statefulset(status={"replicas": 4}), 3, "1 pod too many", id="statefulset shrinking"),
    pytest.param(
        statefulset(
            current="db-old",
            status={"updatedReplicas": 0, "readyReplicas": 3},
            updateStrategy={"rollingUpdate": {"partition": 2}},
        ),
        3,
        "0 of 1 pods updated",
        id="statefulset above the partition not updated",
    ),
    pytest.param(
        statefulset(status={"readyReplicas": 1}, updateStrategy={"type": "OnDelete"}),
        1,
        "1 of 3",
        id="OnDelete, pods down",
    ),
    pytest.param(daemonset(status={"observedGeneration": 1}), 0, "has not seen", id="daemonset unseen"),
    pytest.param(daemonset(status={"updatedNumberScheduled": 1}), 1, "1 of 3 pods updated", id="daemonset updating"),
    pytest.param(daemonset(status={"numberAvailable": 2}), 2, "2 of 3 pods available", id="daemonset starting"),
    pytest.param(job(completions=3, status={"succeeded": 1}), 1, "1 of 3 completed", id="job"),
    pytest.param(pod("bare", running(), phase="Running"), 0, "Running", id="pod not ready"),
    pytest.param(claim(phase="Pending"), 0, "Pending", id="claim"),
    pytest.param(
        {**deployment(), "metadata": {**deployment()["metadata"], "deletionTimestamp": ago(1)}},
        0,
        "is being deleted",
        id="being deleted",
    ),
]


@pytest.mark.parametrize(("live", "ready", "message"), INCOMPLETE)
def test_is_not_ready(live: Json, ready: int, message: str) -> None:
    state, counted, _, said = judge(live)
    assert state == "progressing"
    assert message in said
    assert counted == ready


def test_only_the_newest_replicaset_counts() -> None:
    """Three old pods are available, the new one is not: nothing of the new version is ready."""
    live = deployment(status={"replicas": 4, "updatedReplicas": 1, "availableReplicas": 3})
    old = replicaset("web-1", revision=1, available=3)
    new = replicaset("web-2", revision=2, replicas=1, available=0)
    assert judge(live, old, new)[:3] == ("progressing", 0, 3)


def test_terminating_and_finished_pods_never_count() -> None:
    """T144: `kubectl wait pod --all` waits for them; a workload that is complete does not."""
    live = deployment()
    owner = owned_by("ReplicaSet", "web-2")
    leftovers = [
        pod("web-1-x", running(), owner=owned_by("ReplicaSet", "web-1"), phase="Running", deleting=True),
        pod("web-2-evicted", owner=owner, phase="Failed", reason="Evicted"),
        pod("web-2-done", owner=owner, phase="Succeeded"),
    ]
    assert judge(live, replicaset(available=3), *leftovers)[0] == "ready"


def test_other_kinds_are_ready_when_applied() -> None:
    service = named("Service", "web", "v1")
    status = decide_rollout([service, named("Job", "train", "batch.volcano.sh/v1alpha1")], Snapshot.of([]), now=NOW)
    assert (status.state, status.wanted, status.message) == ("ready", 0, "nothing to wait for")


def test_objects_of_other_namespaces_are_not_judged() -> None:
    elsewhere = applied(deployment())
    elsewhere["metadata"]["namespace"] = "other"
    assert decide_rollout([elsewhere], Snapshot.of([], namespace=NAMESPACE), now=NOW).state == "ready"


def test_a_service_is_ready_when_all_its_objects_are() -> None:
    live = [deployment(), claim(phase="Pending"), statefulset()]
    state, ready, wanted, message = judge(*live, of=live)
    assert (state, ready, wanted) == ("progressing", 6, 7)
    assert message == "data: Pending"


def test_paused_by_its_own_chart_is_as_ready_as_it_gets() -> None:
    assert judge(deployment(paused=True, status={"updatedReplicas": 0, "availableReplicas": 0}))[0] == "ready"


def test_a_claim_that_binds_on_first_use_is_ready_when_nobody_uses_it() -> None:
    pending = claim(phase="Pending")
    told = event(pending, "WaitForFirstConsumer", "waiting for first consumer to be created before binding")
    assert judge(pending, events=[told])[0] == "ready"


def test_a_job_that_removed_itself_has_finished() -> None:
    gone = applied(job(ttlSecondsAfterFinished=60))
    assert decide_rollout([gone], Snapshot.of([]), now=NOW).state == "ready"


def test_a_statefulset_without_pods_in_the_picture_is_judged_by_its_status() -> None:
    assert judge(statefulset(status={"readyReplicas": 2}), pod_of_set(0, ready=True))[0] == "progressing"
