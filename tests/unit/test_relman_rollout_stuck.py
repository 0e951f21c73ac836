"""T075-T077: which pods of a StatefulSet must go so that it can go on."""

from __future__ import annotations

from typing import Any

import pytest

from relman.core.rollout import Snapshot, stuck_pods
from tests.unit.relman_rollout_objects import NOW, Json, applied, pod_of_set, running, statefulset, terminated, waiting

NOT_FOUND = "Back-off pulling image: ErrImagePull: not found"


def broken(ordinal: int = 2, revision: str = "db-broken", **more: Any) -> Json:
    return pod_of_set(ordinal, waiting("ImagePullBackOff", NOT_FOUND), revision=revision, **more)


def stuck(*live: Json) -> list[str]:
    return stuck_pods([applied(live[0])], Snapshot.of(live), now=NOW)


ROLLED_BACK = statefulset(current="db-old", update="db-old", status={"updatedReplicas": 2, "readyReplicas": 2})
OLD = [pod_of_set(0, ready=True, revision="db-old"), pod_of_set(1, ready=True, revision="db-old")]


def test_the_broken_pod_of_the_revision_that_was_rolled_back() -> None:
    assert stuck(ROLLED_BACK, *OLD, broken()) == ["db-2"]


def test_parallel_sets_need_it_too() -> None:
    """kubernetes#137409: in 1.35 the controller counts the broken pods against its budget and stops."""
    live = statefulset(current="db-old", update="db-old", podManagementPolicy="Parallel")
    assert stuck(live, broken(1), broken(2)) == ["db-1", "db-2"]


def test_one_that_never_gets_ready_without_being_visibly_broken() -> None:
    assert stuck(ROLLED_BACK, *OLD, pod_of_set(2, running(), revision="db-broken")) == ["db-2"]


def test_the_first_revision_was_broken_and_a_corrected_one_follows() -> None:
    """Nothing ever was complete, so the broken revision is the current one."""
    live = statefulset(current="db-broken", update="db-fixed", status={"updatedReplicas": 0, "readyReplicas": 0})
    assert stuck(live, broken(0)) == ["db-0"]
    assert stuck(live, pod_of_set(0, waiting("CrashLoopBackOff", restarts=4, last=terminated(1)), revision="db-broken"))


@pytest.mark.parametrize(
    "live",
    [
        pytest.param(
            [statefulset(current="db-old", update="db-old", status={"observedGeneration": 1}), broken()],
            id="the controller has not seen the rollback: the broken revision is still the newest",
        ),
        pytest.param(
            [statefulset(current="db-old", update="db-broken"), broken()],
            id="the rollout itself: its pod is of the newest revision",
        ),
        pytest.param([ROLLED_BACK, pod_of_set(2, ready=True, revision="db-broken")], id="ready: replaced in its turn"),
        pytest.param([ROLLED_BACK, broken(deleting=True)], id="already on its way"),
        pytest.param(
            [
                statefulset(current="db-old", update="db-new", status={"updatedReplicas": 1}),
                pod_of_set(0, waiting("ContainerCreating"), revision="db-old"),
            ],
            id="a good old pod that is just starting: the controller goes on by itself",
        ),
        pytest.param(
            [statefulset(current="db-old", update="db-new", updateStrategy={"type": "OnDelete"}), broken()],
            id="OnDelete: somebody decides about each pod",
        ),
        pytest.param(
            [
                statefulset(current="db-old", update="db-new", updateStrategy={"rollingUpdate": {"partition": 3}}),
                broken(),
            ],
            id="below the partition: it stays as it is on purpose",
        ),
        pytest.param([ROLLED_BACK, *OLD], id="no broken pod"),
    ],
)
def test_nothing_to_delete(live: list[Json]) -> None:
    assert stuck(*live) == []


def test_without_the_object_in_the_cluster_there_is_nothing_to_delete() -> None:
    assert stuck_pods([applied(ROLLED_BACK)], Snapshot.of([])) == []


def test_without_the_time_a_running_container_does_not_count_as_crashing() -> None:
    live = statefulset(current="db-broken", update="db-fixed", status={"updatedReplicas": 0})
    crashed = pod_of_set(0, running(since=1, restarts=3, last=terminated(1)), revision="db-broken")
    assert stuck_pods([applied(live)], Snapshot.of([live, crashed])) == []
    assert stuck_pods([applied(live)], Snapshot.of([live, crashed]), now=NOW) == ["db-0"]
