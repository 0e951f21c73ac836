"""Writes that arrive while their answers get lost: what is ours stays ours, and what is not is still noticed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from helmkit.errors import UnreachableError
from helmkit.kube.api import BACK_OFF
from helmkit.kube.memory import MemoryKube, fail
from helmkit.kube.transport import Answer, ConnectionFailedError, Request
from relman.cli.compose import SystemClock
from relman.core.record import SCHEMA, Coordinator, SetRecord
from relman.core.record_codec import DATA_KEY, decode_record
from relman.journal import CoordinatorJournal, FencedError, Journal
from relman.journal.coordinator import close_coordinator
from relman.lock import LockSettings, SetLock, break_lock, held_locks
from relman.ports import Clock
from tests.builders.worlds import VirtualClock

ATTEMPTS = len(BACK_OFF) + 1


@pytest.fixture
async def kube() -> MemoryKube:
    kube = MemoryKube()
    await kube.ensure_namespace("ns")
    return kube


def record() -> SetRecord:
    return SetRecord(
        schema=SCHEMA, platform="shop", namespace="ns", number=1, run="one", action="upgrade", version="1",
        environment="dev",
    )  # fmt: skip


def why(text: str) -> Callable[[SetRecord], SetRecord]:
    return lambda one: msgspec.structs.replace(one, why=one.why + text)


def lock(kube: MemoryKube, clock: Clock, settings: LockSettings) -> tuple[SetLock, list[str]]:
    said: list[str] = []
    made = SetLock(
        kube, "ns", "shop", holder="anna", clock=clock, settings=settings, waiting=said.append,
        on_lost=lambda: said.append("lost"),
    )  # fmt: skip
    return made, said


def is_write(request: Request) -> bool:
    return request.method == "PUT"


def lose_answers(kube: MemoryKube, times: int) -> None:
    """Let the next writes arrive, and their answers get lost."""
    left = times

    async def hook(request: Request) -> Answer | None:
        nonlocal left
        if left <= 0 or not is_write(request):
            return None
        left -= 1
        kube.memory.hooks.remove(hook)
        await kube.memory.send(request)
        kube.memory.hooks.append(hook)
        raise ConnectionFailedError("cut", sent=True)

    kube.memory.hooks.append(hook)


async def test_what_arrived_without_an_answer_is_ours_also_for_the_next_write(kube: MemoryKube) -> None:
    journal = await Journal.create(kube, record())
    lose_answers(kube, 2 * ATTEMPTS)
    for text in ("a", "b"):
        with pytest.raises(UnreachableError, match="cut"):
            await journal.write(why(text))
    await journal.write(why("c"))
    stored = await kube.get_configmap("ns", "relman.v1.shop.1")
    assert stored is not None
    assert decode_record(stored.binary_data[DATA_KEY], "it").why == "abc"


async def test_what_arrived_without_an_answer_does_not_hide_that_somebody_closed_it(kube: MemoryKube) -> None:
    journal = await Journal.create(kube, record())
    lose_answers(kube, ATTEMPTS)
    with pytest.raises(UnreachableError, match="cut"):
        await journal.write(why("a"))
    found = await kube.get_configmap("ns", "relman.v1.shop.1")
    assert found is not None
    await Journal.take_over(kube, record(), found.resource_version).write(why("closed"))
    with pytest.raises(FencedError, match="taken over"):
        await journal.write(why("b"))


async def test_the_decision_of_a_run_is_written_though_its_answer_gets_lost(kube: MemoryKube) -> None:
    begun = Coordinator(schema=SCHEMA, platform="shop", number=1, run="one", version="1", environment="dev", records=())
    journal = await CoordinatorJournal.create(kube, "ns", begun)
    lose_answers(kube, 1)
    await journal.write(decision="commit")
    await journal.write(outcome="done")
    assert await close_coordinator(kube, journal.reference, "now") == "commit"


async def test_a_lock_that_is_freed_though_the_answer_gets_lost_is_free(kube: MemoryKube) -> None:
    first, _ = lock(kube, VirtualClock(), LockSettings())
    await first.acquire()
    assert first._renewing is not None
    first._renewing.cancel()
    (held,) = await held_locks(kube, "ns")
    lose_answers(kube, 1)
    assert await break_lock(kube, held, VirtualClock(), lambda _: None)
    assert await held_locks(kube, "ns") == []


async def test_a_renewal_that_hangs_gives_the_lock_up_in_time(kube: MemoryKube) -> None:
    held, said = lock(kube, SystemClock(), LockSettings(duration=0.3))
    await held.acquire()

    async def hang(request: Request) -> Answer | None:
        await asyncio.sleep(60 if is_write(request) else 0)
        return None

    kube.memory.hooks.append(hang)
    await asyncio.sleep(0.28)
    assert said == ["lost"]
    await held.release()


async def test_a_renewal_that_was_refused_and_cannot_be_looked_at_is_tried_again(kube: MemoryKube) -> None:
    clock = VirtualClock()
    first, said = lock(kube, clock, LockSettings())
    await first.acquire()
    conflict = Answer(409, {"kind": "Status", "reason": "Conflict", "message": "the object has been modified"})
    away = ConnectionFailedError("cut", sent=True)
    kube.memory.hooks.append(fail(1, conflict, is_write))
    kube.memory.hooks.append(fail(ATTEMPTS, away, lambda r: r.method == "GET"))
    for _ in range(200):
        await asyncio.sleep(0)
    assert said == []
    assert clock.seconds > LockSettings().duration
    await first.release()


async def test_a_holder_that_was_kept_from_renewing_keeps_the_lock_when_nobody_took_it(kube: MemoryKube) -> None:
    clock = VirtualClock()
    held, said = lock(kube, clock, LockSettings())
    await held.acquire()
    for _ in range(5):
        # As after a suspended laptop: more than two thirds of the lease are gone when it wakes up.
        clock.seconds += 12
        for _turn in range(5):
            await asyncio.sleep(0)
    assert said == []
    await held.release()
