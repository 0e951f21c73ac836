"""Waiting while watches break, pictures are old and waits are cancelled: never a wrong verdict, nothing left behind."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from helmkit.errors import UnreachableError
from helmkit.kube.memory import fail
from helmkit.kube.memory.faults import verb_of
from helmkit.kube.transport import ConnectionFailedError
from tests.unit.relman_rollout_objects import deployment, pod, replicaset, waiting
from tests.unit.relman_rollout_world import World, named_like, run, timed

STARTING = deployment(status={"updatedReplicas": 1, "replicas": 4, "availableReplicas": 3})
READY = deployment()
NOT_FOUND = "Back-off pulling image: ErrImagePull: not found"


def test_several_waits_share_one_watch_per_kind() -> None:
    async def main(world: World) -> None:
        names = [f"web-{number}" for number in range(10)]
        world.put(*(named_like(STARTING, name) for name in names))
        world.later(5, *(named_like(READY, name) for name in names))
        outcomes = await asyncio.gather(*(world.wait(named_like(READY, name)) for name in names))
        assert {outcome.state for outcome in outcomes} == {"ready"}
        assert world.requests.count("watch deployments") == 1
        assert world.requests.count("watch pods") == 1

    run(main)


def test_only_the_kinds_that_are_needed_are_watched() -> None:
    async def main(world: World) -> None:
        world.put(READY)
        await world.wait(READY)
        assert {word.partition(" ")[2] for word in world.requests} == {"deployments", "pods", "replicasets"}

    run(main)


def test_a_dropped_watch_that_lost_its_thread_misses_nothing() -> None:
    """The API server forgot the history (410 Gone): what happened meanwhile comes with a new list."""

    async def main(world: World) -> None:
        world.put(STARTING, replicaset())

        def lose() -> None:
            world.put(READY)
            world.break_watches()

        asyncio.get_running_loop().call_later(10, lose)
        seconds, outcome = await timed(world.wait(READY))
        assert outcome.state == "ready"
        assert seconds < 11

    run(main)


def test_an_outage_is_waited_out_and_told() -> None:
    """The cluster is away for minutes: no verdict in between, and the right one afterwards."""

    async def main(world: World) -> None:
        world.put(STARTING, replicaset())
        memory = world.kube.memory

        async def down(_request: Any) -> None:
            raise ConnectionFailedError("connection refused", sent=False)

        def goes_down() -> None:
            memory.hooks.append(down)
            world.break_watches()

        def comes_back() -> None:
            memory.hooks.clear()
            world.put(READY)

        loop = asyncio.get_running_loop()
        loop.call_later(10, goes_down)
        loop.call_later(130, comes_back)
        seconds, outcome = await timed(world.wait(READY, limit=300))
        assert outcome.state == "ready"
        assert 130 < seconds < 135
        assert "the cluster does not answer at the moment" in [status.message for status in world.told]

    run(main)


def test_an_outage_until_the_end_is_no_failed_rollout() -> None:
    async def main(world: World) -> None:
        world.put(STARTING, replicaset())
        memory = world.kube.memory

        async def down(_request: Any) -> None:
            raise ConnectionFailedError("connection refused", sent=False)

        def goes_down() -> None:
            memory.hooks.append(down)
            world.break_watches()

        asyncio.get_running_loop().call_later(10, goes_down)
        with pytest.raises(UnreachableError, match="does not answer"):
            await world.wait(READY, limit=60)

    run(main)


def test_a_cluster_that_never_answers_does_not_outlast_the_limit() -> None:
    async def main(world: World) -> None:
        async def silent(_request: Any) -> None:
            await asyncio.sleep(10_000)

        world.kube.memory.hooks.append(silent)
        start = asyncio.get_running_loop().time()
        with pytest.raises(UnreachableError, match="did not list Deployment within 20 s"):
            await world.wait(READY, limit=20)
        assert asyncio.get_running_loop().time() - start == pytest.approx(20, abs=0.1)

    run(main)


def test_a_doom_that_cannot_be_confirmed_is_waited_out() -> None:
    """The API server breaks down at the moment something looks final: no verdict, and no error, before it is back."""

    async def main(world: World) -> None:
        world.put(STARTING, replicaset())
        memory = world.kube.memory

        async def no_lists(request: Any) -> None:
            if verb_of(request) == "list":
                raise ConnectionFailedError("connection refused", sent=False)

        def breaks() -> None:
            memory.hooks.append(no_lists)
            world.put(pod("web-2-a", waiting("ImagePullBackOff", NOT_FOUND)))

        loop = asyncio.get_running_loop()
        loop.call_later(5, breaks)
        loop.call_later(60, memory.hooks.clear)
        seconds, outcome = await timed(world.wait(READY))
        assert (outcome.state, outcome.causes[0].kind) == ("failed", "image-not-found")
        assert 60 < seconds < 63

    run(main)


def test_slow_lists_do_not_hide_that_it_is_ready() -> None:
    """Events take a minute to come; readiness comes by the watch."""

    async def main(world: World) -> None:
        world.put(STARTING, replicaset(), pod("web-2-a", waiting("ImagePullBackOff", "i/o timeout")))

        async def slow(request: Any) -> None:
            if request.path.endswith("/events"):
                await asyncio.sleep(60)

        world.kube.memory.hooks.append(slow)
        world.later(10, READY)
        seconds, outcome = await timed(world.wait(READY))
        assert outcome.state == "ready"
        assert seconds < 11

    run(main)


def test_a_last_look_that_hangs_does_not_outlast_the_limit_by_much() -> None:
    async def main(world: World) -> None:
        world.put(STARTING, replicaset())

        async def hang() -> None:
            async def slow(request: Any) -> None:
                if verb_of(request) == "list":
                    await asyncio.sleep(10_000)

            world.kube.memory.hooks.append(slow)

        asyncio.get_running_loop().call_later(10, lambda: asyncio.ensure_future(hang()))
        seconds, outcome = await timed(world.wait(READY, limit=30))
        assert outcome.state == "timed_out"
        assert seconds < 50

    run(main)


def test_short_faults_are_not_noticed() -> None:
    async def main(world: World) -> None:
        world.put(STARTING, replicaset())
        refused = ConnectionFailedError("reset by peer", sent=True)
        world.kube.memory.hooks.append(fail(3, refused, lambda request: verb_of(request) in {"list", "watch"}))
        world.later(5, READY)
        assert (await world.wait(READY)).state == "ready"

    run(main)


class TestCancelling:
    def test_one_wait_leaves_the_others_alone(self) -> None:
        async def main(world: World) -> None:
            world.put(STARTING, named_like(STARTING, "other"))
            other = asyncio.create_task(world.wait(named_like(READY, "other")))
            cancelled = asyncio.create_task(world.wait(READY))
            await asyncio.sleep(10)
            cancelled.cancel()
            with pytest.raises(asyncio.CancelledError):
                await cancelled
            world.put(named_like(READY, "other"))
            assert (await other).state == "ready"

        run(main)

    @pytest.mark.parametrize("moment", [0, 0.01, 0.06, 1, 2.03, 5.01, 31])
    def test_at_any_moment_leaves_nothing_behind(self, moment: float) -> None:
        """`run` asserts that no task is left."""

        async def main(world: World) -> None:
            world.put(STARTING, replicaset(), pod("web-2-a", waiting("ImagePullBackOff", "i/o timeout")))
            task = asyncio.create_task(world.wait(READY))
            await asyncio.sleep(moment)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        run(main)


def test_an_error_in_a_watch_is_not_swallowed() -> None:
    """A fault in this program must end the wait, not let it run into its limit."""

    async def main(world: World) -> None:
        async def broken(_request: Any) -> None:
            raise ZeroDivisionError

        world.kube.memory.hooks.append(broken)
        with pytest.raises(ZeroDivisionError):
            await world.wait(READY)

    run(main)
