"""What a wait knows beyond one look: how long it has seen something itself."""

from __future__ import annotations

from datetime import timedelta

from relman.core.rollout import Memory, Snapshot, decide_rollout, judge_rollout
from tests.unit.relman_rollout_objects import (
    NAMESPACE,
    NOW,
    Json,
    applied,
    deployment,
    pod,
    terminated,
    unschedulable,
    waiting,
)
from tests.unit.relman_rollout_situations import (
    DEADLINE,
    NEWEST,
    NOT_FOUND,
    of_deployment,
)


def test_a_missing_object_is_waited_for_a_little() -> None:
    manifest, empty = [applied(deployment())], Snapshot.of([], namespace=NAMESPACE)
    assert decide_rollout(manifest, empty, now=NOW).causes[0].kind == "missing-object"
    memory = Memory()
    states = []
    for seconds in (0, 20, 31):
        status, memory = judge_rollout(manifest, empty, now=NOW + timedelta(seconds=seconds), memory=memory)
        states.append(status.state)
    assert states == ["progressing", "progressing", "doomed"]


class TestMemory:
    """What a wait knows beyond one look: how long it has seen something itself."""

    def judge_over_time(self, *looks: tuple[float, list[Json]]) -> list[str]:
        memory = Memory()
        states: list[str] = []
        for seconds, live in looks:
            snapshot = Snapshot.of(live, namespace=NAMESPACE)
            now = NOW + timedelta(seconds=seconds)
            status, memory = judge_rollout([applied(live[0])], snapshot, now=now, memory=memory)
            states.append(status.state)
        return states

    def test_patience_counts_from_the_first_look_not_from_the_clusters_clock(self) -> None:
        """A cluster whose clock is an hour behind must not make a wait impatient."""
        message = "0/3 nodes are available: 3 Insufficient cpu."
        clean = of_deployment()
        broken = of_deployment(pod("web-2-a", age=3600, conditions=[unschedulable(message, since=3600)]))
        assert self.judge_over_time((0, clean), (1, broken), (25, broken), (32, broken)) == [
            "progressing",
            "progressing",
            "progressing",
            "doomed",
        ]

    def test_what_heals_and_returns_counts_anew(self) -> None:
        broken = of_deployment(pod("web-2-a", conditions=[unschedulable("0/3 nodes are available", since=0)]))
        looks = [(0, broken), (20, of_deployment()), (25, broken), (45, broken), (56, broken)]
        assert self.judge_over_time(*looks)[-2:] == ["progressing", "doomed"]

    def test_what_was_broken_before_gets_one_retry(self) -> None:
        """The Secret was created, the image pushed, and the release applied again: kubelet tries every 5 minutes."""
        broken = of_deployment(pod("web-2-a", waiting("ImagePullBackOff", NOT_FOUND), age=3600))
        assert self.judge_over_time((0, broken), (320, broken), (331, broken)) == [
            "progressing",
            "progressing",
            "doomed",
        ]
        fresh = of_deployment(pod("web-2-a", waiting("ImagePullBackOff", NOT_FOUND), age=1))
        assert self.judge_over_time((0, fresh)) == ["doomed"]

    def test_a_crash_loop_from_before_gets_one_retry_too(self) -> None:
        """Its dependency may be back; with three more failures it would take a quarter of an hour."""
        broken = of_deployment(pod("web-2-a", waiting("CrashLoopBackOff", restarts=12, last=terminated(1)), age=3600))
        assert self.judge_over_time((0, broken), (200, broken), (331, broken)) == [
            "progressing",
            "progressing",
            "doomed",
        ]

    def test_a_deadline_that_had_passed_before_is_not_this_waits(self) -> None:
        live = [deployment(status={"updatedReplicas": 1, "replicas": 4}, conditions=[DEADLINE]), NEWEST]
        assert self.judge_over_time((0, live), (60, live)) == ["progressing", "progressing"]

    def test_a_deadline_that_passes_during_the_wait_dooms(self) -> None:
        before = [deployment(status={"updatedReplicas": 1, "replicas": 4}), NEWEST]
        after = [deployment(status={"updatedReplicas": 1, "replicas": 4}, conditions=[DEADLINE]), NEWEST]
        assert self.judge_over_time((0, before), (600, after)) == ["progressing", "doomed"]
