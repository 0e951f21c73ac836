"""The scheduler, the journal and the lock: order, bounds, fences, and time nobody compares."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import msgspec
import pytest

from helmkit.errors import HelmkitError, LockHeldError, UnreachableError
from helmkit.kube import ConfigMap
from helmkit.kube.api import BACK_OFF
from helmkit.kube.memory import MemoryKube, fail
from helmkit.kube.transport import Answer, ConnectionFailedError, Request
from relman.core.graph import dependants_of, edges_within, ready_nodes, reverse_edges
from relman.core.record import SCHEMA, SetRecord
from relman.execute.scheduler import OnFailure, blocked_by, run_graph
from relman.journal import FencedError, Journal
from relman.lock import LockSettings, SetLock
from tests.builders.worlds import VirtualClock

DIAMOND = {"db": (), "cache": (), "api": ("db", "cache"), "web": ("api",), "batch": ("db",)}


class Track:
    """A worker that remembers when what ran, on yielded turns instead of time."""

    def __init__(self, *broken: str, turns: int = 3) -> None:
        self.broken = set(broken)
        self.turns = turns
        self.started: list[str] = []
        self.ended: list[str] = []
        self.most = 0

    async def __call__(self, node: str) -> bool:
        self.started.append(node)
        self.most = max(self.most, len(self.started) - len(self.ended))
        for _ in range(self.turns):
            await asyncio.sleep(0)
        self.ended.append(node)
        return node not in self.broken


async def run(track: Track, *, parallel: int = 4, on_failure: OnFailure = OnFailure.STOP) -> set[str]:
    return await run_graph(DIAMOND, track, parallel=parallel, on_failure=on_failure, may_start=lambda: True)


async def test_nothing_starts_before_what_it_waits_for_has_ended() -> None:
    order: list[str] = []

    async def worker(node: str) -> bool:
        assert set(DIAMOND[node]) <= set(order)
        await asyncio.sleep(0)
        order.append(node)
        return True

    assert await run_graph(DIAMOND, worker, parallel=4, on_failure=OnFailure.STOP, may_start=lambda: True) == set()
    assert sorted(order) == sorted(DIAMOND)


async def test_parallelism_is_bounded_and_used() -> None:
    track = Track()
    await run(track, parallel=2)
    assert track.most == 2


async def test_there_are_no_layers() -> None:
    # api waits for db and cache alone: while cache still works, what waits for db alone is under way.
    track, batch_ended = Track(), asyncio.Event()

    async def worker(node: str) -> bool:
        if node == "cache":
            await batch_ended.wait()
        fine = await track(node)
        if node == "batch":
            batch_ended.set()
        return fine

    await asyncio.wait_for(run_graph(DIAMOND, worker, parallel=4, on_failure=OnFailure.STOP, may_start=lambda: True), 5)


async def test_after_a_failure_nothing_new_starts() -> None:
    track = Track("db")
    assert await run(track, parallel=1) == {"api", "web", "batch", "cache"} - set(track.started)


async def test_independent_branches_go_on_when_asked_to() -> None:
    track = Track("cache")
    assert await run(track, on_failure=OnFailure.BRANCH) == {"api", "web"}
    assert "batch" in track.ended
    assert blocked_by(DIAMOND, {"cache"}, "web") == "cache"


async def test_on_the_way_back_one_failure_keeps_nobody() -> None:
    track = Track("db", "cache")
    assert await run(track, on_failure=OnFailure.IGNORE) == set()


async def test_an_error_ends_the_run_after_what_is_under_way() -> None:
    ended: list[str] = []

    async def worker(node: str) -> bool:
        if node == "db":
            raise HelmkitError("the journal cannot be written")
        for _ in range(5):
            await asyncio.sleep(0)
        ended.append(node)
        return True

    with pytest.raises(HelmkitError, match="journal"):
        await run_graph(DIAMOND, worker, parallel=4, on_failure=OnFailure.BRANCH, may_start=lambda: True)
    assert ended == ["cache"]


async def test_cancelling_ends_all_workers() -> None:
    track = Track(turns=1_000_000)
    task = asyncio.create_task(run(track))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(asyncio.all_tasks()) == 1


def test_a_skipped_link_keeps_the_order_of_the_chain() -> None:
    chain = {"a": (), "b": ("a",), "c": ("b",)}
    assert edges_within(chain, ["a", "c"]) == {"a": (), "c": ("a",)}


def test_a_cycle_is_printed() -> None:
    with pytest.raises(HelmkitError, match="a -> b -> a"):
        edges_within({"a": ("b",), "b": ("a",)}, ["a", "b"])


def test_the_longest_chain_starts_first() -> None:
    assert ready_nodes(DIAMOND, (), ()) == ("cache", "db")
    assert ready_nodes({**DIAMOND, "aaa": ()}, (), ())[-1] == "aaa"


@pytest.mark.parametrize("seed", range(20))
def test_reversing_twice_changes_nothing(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - reproducible graphs
    names = [f"n{i}" for i in range(12)]
    edges = {name: tuple(sorted(chance.sample(names[:i], k=min(i, 3)))) for i, name in enumerate(names)}
    assert reverse_edges(reverse_edges(edges)) == edges
    for name in names:
        assert dependants_of(edges, {name}) >= set(reverse_edges(edges)[name])


def record(run: str = "one") -> SetRecord:
    return SetRecord(
        schema=SCHEMA,
        platform="shop",
        namespace="ns",
        number=1,
        run=run,
        action="upgrade",
        version="1",
        environment="dev",
    )


@pytest.fixture
async def kube() -> MemoryKube:
    kube = MemoryKube()
    await kube.ensure_namespace("ns")
    return kube


def why(text: str) -> Callable[[SetRecord], SetRecord]:
    return lambda one: msgspec.structs.replace(one, why=one.why + text)


async def test_the_second_to_begin_a_revision_is_refused(kube: MemoryKube) -> None:
    await Journal.create(kube, record("one"))
    with pytest.raises(LockHeldError, match="somebody else has begun revision 1"):
        await Journal.create(kube, record("two"))


async def test_a_begun_revision_whose_answer_was_lost_is_ours(kube: MemoryKube) -> None:
    await Journal.create(kube, record("one"))
    again = await Journal.create(kube, record("one"))
    await again.write(why("x"))


async def test_a_journal_somebody_else_closed_is_fenced_for_good(kube: MemoryKube) -> None:
    ours = await Journal.create(kube, record())
    found = await kube.get_configmap("ns", "relman.v1.shop.1")
    assert found is not None
    theirs = Journal.take_over(kube, record(), found.resource_version)
    await theirs.write(why("closed"))
    for _ in range(2):
        with pytest.raises(FencedError, match="taken over"):
            await ours.write(why("mine"))
    assert theirs.record.why == "closed"


async def _slowly(request: Request) -> Answer | None:
    for _ in range(5):
        await asyncio.sleep(0)
    return None


async def test_writes_at_the_same_time_become_few_and_none_is_lost(kube: MemoryKube) -> None:
    journal = await Journal.create(kube, record())
    before = len(kube.memory.requests)
    kube.memory.hooks.append(_slowly)
    await asyncio.gather(*(journal.write(why(str(i))) for i in range(8)))
    assert sorted(journal.record.why) == list("01234567")
    assert len(kube.memory.requests) - before < 8


async def test_a_write_whose_answer_was_lost_is_found_to_be_ours(kube: MemoryKube) -> None:
    journal = await Journal.create(kube, record())
    original = kube.replace_configmap

    async def lossy(configmap: ConfigMap) -> ConfigMap:
        await original(configmap)
        return await original(configmap)

    kube.replace_configmap = lossy  # type: ignore[method-assign]
    await journal.write(why("once"))
    assert not journal.fenced


async def test_what_could_not_be_written_goes_with_the_next_write(kube: MemoryKube) -> None:
    journal = await Journal.create(kube, record())
    cut = ConnectionFailedError("cut", sent=True)
    kube.memory.hooks.append(fail(len(BACK_OFF) + 1, cut, lambda r: r.method == "PUT"))
    with pytest.raises(UnreachableError, match="cut"):
        await journal.write(why("a"))
    await journal.write(why("b"))
    assert journal.record.why == "ab"


def lock(kube: MemoryKube, clock: VirtualClock, holder: str, *, wait: float = 0) -> tuple[SetLock, list[str]]:
    said: list[str] = []
    made = SetLock(
        kube, "ns", "shop", holder=holder, clock=clock, settings=LockSettings(wait=wait), waiting=said.append,
        on_lost=lambda: said.append("lost"),
    )  # fmt: skip
    return made, said


async def test_a_free_lock_is_taken_and_given_back(kube: MemoryKube) -> None:
    first, _ = lock(kube, VirtualClock(), "anna")
    await first.acquire()
    await first.release()
    await first.release()
    second, _ = lock(kube, VirtualClock(), "bert")
    await second.acquire()
    assert second.server_time is not None
    await second.release()


async def test_a_living_holder_is_named_and_not_disturbed(kube: MemoryKube) -> None:
    first, _ = lock(kube, VirtualClock(), "anna")
    await first.acquire()
    second, said = lock(kube, VirtualClock(), "bert")
    with pytest.raises(LockHeldError, match="is being changed by anna"):
        await second.acquire()
    assert not first.lost
    assert "waiting for anna" in said[0]
    await first.release()


async def test_a_dead_holder_is_replaced_after_its_lease_by_our_own_clock(kube: MemoryKube) -> None:
    first, _ = lock(kube, VirtualClock(), "anna")
    await first.acquire()
    assert first._renewing is not None
    first._renewing.cancel()
    clock = VirtualClock()
    second, _ = lock(kube, clock, "bert")
    await second.acquire()
    assert clock.seconds >= LockSettings().duration
    await second.release()


async def test_whoever_waits_gets_it_when_it_becomes_free(kube: MemoryKube) -> None:
    first, _ = lock(kube, VirtualClock(), "anna")
    await first.acquire()
    second, _ = lock(kube, VirtualClock(), "bert", wait=10_000)
    waiting = asyncio.create_task(second.acquire())
    for _ in range(50):
        await asyncio.sleep(0)
    assert not waiting.done()
    await first.release()
    await asyncio.wait_for(waiting, 5)
    await second.release()


async def test_a_stolen_lock_is_noticed_by_its_holder(kube: MemoryKube) -> None:
    first, said = lock(kube, VirtualClock(), "anna")
    await first.acquire()
    lease = await kube.get_object("coordination.k8s.io/v1", "Lease", "ns", "relman.shop")
    assert lease is not None
    lease["spec"]["holderIdentity"] = "thief"
    await kube.replace_object(lease)
    for _ in range(100):
        await asyncio.sleep(0)
    assert first.lost
    assert said == ["lost"]
    await first.release()
    found = await kube.get_object("coordination.k8s.io/v1", "Lease", "ns", "relman.shop")
    assert found is not None
    assert found["spec"]["holderIdentity"] == "thief"


async def test_a_holder_that_cannot_renew_gives_up_before_others_may_start(kube: MemoryKube) -> None:
    clock = VirtualClock()
    first, said = lock(kube, clock, "anna")
    await first.acquire()
    kube.memory.hooks.append(fail(10_000, ConnectionFailedError("cut", sent=False)))
    for _ in range(400):
        await asyncio.sleep(0)
    assert said == ["lost"]
    assert clock.seconds <= LockSettings().duration
    await first.release()
