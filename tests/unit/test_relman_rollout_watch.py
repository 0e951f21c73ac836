"""Waiting on a cluster in memory, on virtual time: what ends a wait and when."""

from __future__ import annotations

import asyncio

import pytest

from helmkit.errors import ForbiddenError, HelmkitError
from helmkit.kube.memory import forbid
from relman.core.rollout import RolloutStatus
from relman.rollout import RolloutOutcome
from tests.unit.relman_rollout_objects import (
    applied,
    deployment,
    event,
    job,
    named,
    pod,
    replicaset,
    running,
    terminated,
    unschedulable,
    waiting,
)
from tests.unit.relman_rollout_world import World, run, timed

STARTING = deployment(status={"updatedReplicas": 1, "replicas": 4, "availableReplicas": 3})
READY = deployment()
NOT_FOUND = "Back-off pulling image: ErrImagePull: not found"
BROKEN = pod("web-2-a", waiting("ImagePullBackOff", NOT_FOUND))


def test_ready_as_soon_as_the_watch_says_so() -> None:
    async def main(world: World) -> None:
        world.put(STARTING, replicaset())
        world.later(12.3, READY)
        seconds, outcome = await timed(world.wait(READY))
        assert outcome.state == "ready"
        assert outcome.causes == ()
        assert seconds == pytest.approx(12.35, abs=0.01)

    run(main)


def test_a_service_without_workloads_is_ready_without_asking_the_cluster() -> None:
    async def main(world: World) -> None:
        endpoints = [named("Service", "mysql", "v1"), named("EndpointSlice", "mysql", "discovery.k8s.io/v1")]
        outcome = await world.wait(*({**item, "spec": {}} for item in endpoints))
        assert (outcome.state, outcome.status.message) == ("ready", "nothing to wait for")
        assert world.requests == []
        assert [status.state for status in world.told] == ["ready"]

    run(main)


def test_fails_at_once_on_what_cannot_heal() -> None:
    async def main(world: World) -> None:
        world.put(STARTING, replicaset())
        world.later(5, BROKEN)
        seconds, outcome = await timed(world.wait(READY))
        assert outcome.state == "failed"
        assert outcome.causes[0].kind == "image-not-found"
        assert seconds == pytest.approx(5.05, abs=0.01)

    run(main)


def test_patience_is_measured_without_any_event_from_the_cluster() -> None:
    async def main(world: World) -> None:
        stuck = pod("web-2-a", conditions=[unschedulable("0/3 nodes are available: 3 Insufficient cpu.")])
        world.put(STARTING, replicaset(), stuck)
        seconds, outcome = await timed(world.wait(READY))
        assert (outcome.state, outcome.causes[0].kind) == ("failed", "unschedulable")
        assert 30 <= seconds <= 32.5

    run(main)


def test_the_time_limit_and_what_was_in_the_way() -> None:
    async def main(world: World) -> None:
        slow = pod("web-2-a", running(), phase="Running")
        world.put(STARTING, replicaset(), slow)
        text = "Readiness probe failed: HTTP probe failed with statuscode: 503"
        world.later(20, event(slow, "Unhealthy", text, container="app"))
        seconds, outcome = await timed(world.wait(READY, limit=60))
        assert seconds == pytest.approx(60, abs=0.1)
        assert outcome.state == "timed_out"
        assert [cause.kind for cause in outcome.causes] == ["probe-failed", "deadline"]
        assert outcome.causes[1].summary == "not ready within 60 s"

    run(main)


def test_readiness_in_the_very_last_moment_counts() -> None:
    """The watch is slow; a last look at the cluster itself decides."""

    async def main(world: World) -> None:
        world.put(STARTING, replicaset())

        async def deaf(request: object) -> None:
            if "watch" in request.params:  # type: ignore[attr-defined]
                await asyncio.sleep(10_000)

        world.kube.memory.hooks.append(deaf)
        world.later(30, READY)
        outcome = await world.wait(READY, limit=40)
        assert outcome.state == "ready"

    run(main)


def test_reports_every_new_status_once() -> None:
    async def main(world: World) -> None:
        world.put(STARTING, replicaset())
        world.later(10, deployment(status={"replicas": 4, "availableReplicas": 3}), replicaset(available=2))
        world.later(20, READY)
        await world.wait(READY)
        assert [(status.state, status.ready, status.message) for status in world.told] == [
            ("progressing", 0, "1 of 3 pods updated"),
            ("progressing", 2, "1 old pod still there"),
            ("ready", 3, "3 of 3 pods available"),
        ]

    run(main)


class TestDiagnosis:
    def test_crash_logs_are_read_masked_and_part_of_the_cause(self) -> None:
        async def main(world: World) -> RolloutOutcome:
            world.kube.log = "\n".join([*map(str, range(50)), "cannot log in with password=hunter2", "last words"])
            world.put(
                STARTING, replicaset(), pod("web-2-a", waiting("CrashLoopBackOff", restarts=3, last=terminated(1)))
            )
            outcome = await world.wait(READY)
            assert world.kube.logs_read == [("web-2-a", "app", True)]
            return outcome

        outcome = run(main)
        lines = outcome.causes[0].detail.splitlines()
        assert lines[0] == "exit code 1, 3 restarts"
        assert lines[-2:] == ["cannot log in with password=***", "last words"]
        assert len(lines) == 21

    def test_without_logs_the_exit_code_has_to_do(self) -> None:
        async def main(world: World) -> RolloutOutcome:
            world.kube.log = HelmkitError("the node does not answer")
            world.put(
                STARTING, replicaset(), pod("web-2-a", waiting("CrashLoopBackOff", restarts=3, last=terminated(1)))
            )
            return await world.wait(READY)

        assert run(main).causes[0].detail == "exit code 1, 3 restarts"

    def test_events_are_asked_for_only_when_something_looks_wrong(self) -> None:
        async def main(world: World) -> None:
            world.put(STARTING, replicaset(), pod("web-2-a", running(), phase="Running"))
            world.later(1, READY)
            await world.wait(READY)
            assert "list events" not in world.requests

        run(main)

    def test_events_are_asked_for_sparingly(self) -> None:
        async def main(world: World) -> None:
            world.put(STARTING, replicaset(), pod("web-2-a", waiting("ImagePullBackOff", "Back-off: i/o timeout")))
            await world.wait(READY, limit=60)
            assert 10 <= world.requests.count("list events") <= 14

        run(main)

    def test_events_decide_too(self) -> None:
        async def main(world: World) -> None:
            broken = pod("web-2-a", waiting("ImagePullBackOff", "Back-off pulling image"))
            text = 'Failed to pull image "harbor.example/shop/web:3": manifest unknown'
            world.put(STARTING, replicaset(), broken, event(broken, "Failed", text))
            seconds, outcome = await timed(world.wait(READY))
            assert (outcome.state, outcome.causes[0].kind) == ("failed", "image-not-found")
            assert seconds < 1

        run(main)

    def test_a_failed_job(self) -> None:
        async def main(world: World) -> None:
            world.put(job())
            failed = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}
            world.later(7, job(status={"conditions": [failed]}))
            outcome = await world.wait(job())
            assert (outcome.state, outcome.causes[0].kind) == ("failed", "job-failed")

        run(main)


class TestRights:
    def test_without_the_right_to_list_the_workload_it_says_so(self) -> None:
        async def main(world: World) -> None:
            world.put(READY)
            world.kube.memory.hooks.append(forbid("list", "deployments"))
            with pytest.raises(ForbiddenError, match="deployments"):
                await world.wait(READY)

        run(main)

    def test_without_the_right_to_see_pods_it_waits_all_the_same(self) -> None:
        async def main(world: World) -> None:
            for plural in ("pods", "replicasets", "events"):
                world.kube.memory.hooks.append(forbid("list", plural))
            world.put(STARTING, BROKEN)
            world.later(10, READY)
            assert (await world.wait(READY)).state == "ready"

        run(main)


class TestSnapshotOnce:
    def test_what_is_ready_costs_one_list(self) -> None:
        async def main(world: World) -> None:
            world.put(READY)
            status = await world.watcher.snapshot_once([applied(READY)])
            assert status.state == "ready"
            assert world.requests == ["list deployments"]

        run(main)

    def test_many_services_share_the_lists(self) -> None:
        async def main(world: World) -> None:
            services = [deployment(f"web-{number}", status={"availableReplicas": 0}) for number in range(20)]
            world.put(*services)
            asked = (world.watcher.snapshot_once([applied(service)]) for service in services)
            statuses: list[RolloutStatus] = await asyncio.gather(*asked)
            assert {status.state for status in statuses} == {"progressing"}
            assert sorted(world.requests) == ["list deployments", "list events", "list pods", "list replicasets"]

        run(main)

    def test_a_broken_one_tells_why(self) -> None:
        async def main(world: World) -> None:
            world.put(STARTING, replicaset(), BROKEN)
            status = await world.watcher.snapshot_once([applied(STARTING)])
            assert (status.state, status.causes[0].kind) == ("doomed", "image-not-found")

        run(main)
