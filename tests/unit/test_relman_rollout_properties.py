"""Facts about the judgement that hold for any state of a cluster (hypothesis)."""

from __future__ import annotations

import json
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from relman.core.rollout import Memory, Snapshot, decide_rollout, judge_rollout
from tests.unit.relman_rollout_objects import (
    NAMESPACE,
    NOW,
    Json,
    applied,
    daemonset,
    deployment,
    owned_by,
    pod,
    replicaset,
    running,
    statefulset,
    terminated,
    unschedulable,
    waiting,
)

COUNT = st.integers(0, 5)
REVISIONS = st.sampled_from(["one", "two"])
CONTAINERS = st.one_of(
    st.builds(running, ready=st.booleans(), restarts=COUNT, last=st.none() | st.just(terminated(1))),
    st.builds(
        waiting,
        st.sampled_from(
            ["ContainerCreating", "ErrImagePull", "ImagePullBackOff", "CrashLoopBackOff", "InvalidImageName"]
        ),
        st.sampled_from(["", "not found", "dial tcp: i/o timeout", 'secret "db" not found']),
        restarts=COUNT,
        last=st.none() | st.just(terminated(137, "OOMKilled")),
    ),
)
CONDITIONS = st.none() | st.just([unschedulable("0/3 nodes are available: 3 Insufficient cpu.")])


@st.composite
def pods(draw: st.DrawFn, owner: list[Json]) -> list[Json]:
    return [
        pod(
            f"pod-{number}",
            draw(CONTAINERS),
            owner=owner,
            phase=draw(st.sampled_from(["Pending", "Running", "Failed", "Succeeded"])),
            ready=draw(st.booleans()),
            age=draw(st.sampled_from([1, 40, 4000])),
            conditions=draw(CONDITIONS),
            deleting=draw(st.booleans()),
            labels={"controller-revision-hash": draw(REVISIONS)},
        )
        for number in range(draw(st.integers(0, 3)))
    ]


@st.composite
def workloads(draw: st.DrawFn) -> list[Json]:
    """A workload in any state, consistent or not, and its pods; the workload comes first."""
    status = {
        "observedGeneration": draw(st.integers(0, 4)),
        **draw(
            st.fixed_dictionaries(
                {},
                optional=dict.fromkeys(["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"], COUNT)
                | dict.fromkeys(["desiredNumberScheduled", "updatedNumberScheduled", "numberAvailable"], COUNT),
            )
        ),
    }
    replicas, generation = draw(COUNT), draw(st.integers(1, 4))
    match draw(st.sampled_from(["Deployment", "StatefulSet", "DaemonSet"])):
        case "Deployment":
            live = deployment(replicas=replicas, generation=generation, status=status)
            return [live, replicaset(replicas=replicas), *draw(pods(owned_by("ReplicaSet", "web-2")))]
        case "StatefulSet":
            live = statefulset(
                replicas=replicas, generation=generation, status=status, current=draw(REVISIONS), update=draw(REVISIONS)
            )
            return [live, *draw(pods(owned_by("StatefulSet", "db")))]
        case _:
            live = daemonset(generation=generation, status=status)
            return [live, *draw(pods(owned_by("DaemonSet", "agent")))]


def picture(live: list[Json]) -> Snapshot:
    return Snapshot.of(live, namespace=NAMESPACE)


@given(workloads())
def test_never_ready_before_the_controller_has_seen_the_newest_generation(live: list[Json]) -> None:
    status = decide_rollout([applied(live[0])], picture(live), now=NOW)
    if live[0]["status"]["observedGeneration"] < live[0]["metadata"]["generation"]:
        assert status.state == "progressing"
        assert status.ready == 0


@given(workloads())
def test_never_ready_with_fewer_pods_than_wanted(live: list[Json]) -> None:
    status = decide_rollout([applied(live[0])], picture(live), now=NOW)
    assert 0 <= status.ready <= status.wanted
    if status.state == "ready":
        assert status.ready == status.wanted
        assert status.causes == ()


@given(workloads())
def test_pods_explain_but_never_decide_that_it_is_ready(live: list[Json]) -> None:
    manifest = [applied(live[0])]
    with_pods = decide_rollout(manifest, picture(live), now=NOW)
    without = decide_rollout(manifest, picture([item for item in live if item["kind"] != "Pod"]), now=NOW)
    assert (with_pods.state == "ready") == (without.state == "ready")


@given(workloads())
def test_finished_and_terminating_pods_change_no_verdict_on_deployments(live: list[Json]) -> None:
    manifest = [applied(live[0])]
    counting = [
        item
        for item in live
        if item["kind"] != "Pod"
        or not (item["metadata"].get("deletionTimestamp") or item["status"]["phase"] in {"Failed", "Succeeded"})
    ]
    assert decide_rollout(manifest, picture(live), now=NOW).state == (
        decide_rollout(manifest, picture(counting), now=NOW).state
    )


@given(workloads())
def test_doomed_always_says_why_in_plain_data(live: list[Json]) -> None:
    status = decide_rollout([applied(live[0])], picture(live), now=NOW)
    if status.state == "doomed":
        assert status.causes
        assert status.message
    assert json.loads(json.dumps(status.as_json()))["state"] == status.state


@given(workloads(), st.lists(st.floats(0, 1000), min_size=2, max_size=5))
def test_an_unchanged_picture_never_gets_less_doomed_with_time(live: list[Json], moments: list[float]) -> None:
    """Running containers apart: that a crash was a while ago makes it count less."""
    still = [item for item in live if "running" not in str(item["status"].get("containerStatuses"))]
    memory, states = Memory(), []
    for seconds in sorted(moments):
        now = NOW + timedelta(seconds=seconds)
        status, memory = judge_rollout([applied(live[0])], picture(still), now=now, memory=memory)
        states.append(status.state)
    assert states == sorted(states, key=["ready", "progressing", "doomed"].index)


@given(workloads())
def test_judging_changes_nothing(live: list[Json]) -> None:
    before = json.dumps(live)
    decide_rollout([applied(live[0])], picture(live), now=NOW)
    assert json.dumps(live) == before
