"""Two relmans on one set at the same time: one after the other, or one is refused; never both, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from helmkit.errors import LockHeldError
from helmkit.helm.memory.client import Operation
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.lock import LockSettings
from relman.source import Source
from tests.builders.ticking import TickingClock
from tests.builders.worlds import MemoryWorld, agree
from tests.crash.deaths import State, deaths_of, shuffle
from tests.crash.landscapes import BROKEN, NEW, OLD, SMALL, tag_of
from tests.crash.runs import go, recover
from tests.crash.verdict import check_ended, look, versions_of

ROUNDS = range(48)
_WORDS = {"done", "restored", "nothing", "refused"}


@dataclass
class Log:
    """What the helms of all runs were asked, in order."""

    entries: list[tuple[str, str]] = field(default_factory=list)
    """Who, and in which namespace."""


@dataclass
class Two:
    """Two operators and what they meet."""

    memory: MemoryWorld
    log: Log

    def operator(self, name: str, clock: TickingClock) -> MemoryWorld:
        """Return one more command line on the same cluster."""
        one = MemoryWorld(self.memory.folder, self.memory.kube, clock, user=name)

        async def note(operation: Operation) -> None:
            self.log.entries.append((name, operation.namespace))

        one.helm.before = note
        return one


async def upgrade_as(operator: MemoryWorld, version: str, wait: float) -> str:
    wanted = UpgradeOptions(version=version, everything=True, source=Source(str(operator.folder / "dist")))
    try:
        return (await upgrade(operator.world(lock=LockSettings(wait=wait)), wanted, agree)).outcome
    except LockHeldError:
        return "refused"


async def run_together(clock: TickingClock, *acts: Awaitable[str]) -> list[str]:
    async with clock:
        return list(await asyncio.wait_for(asyncio.gather(*acts), 60))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("two")
    SMALL.write(made)
    return made


async def installed(folder: Path) -> State:
    memory = MemoryWorld(folder)
    await go(memory, OLD)
    return State.of(memory)


async def test_of_two_runs_at_once_one_waits_or_is_refused_and_no_write_is_lost(folder: Path) -> None:
    start = await installed(folder)
    seen: set[str] = set()
    for seed in ROUNDS:
        random = Random(seed)  # noqa: S311 - an order, no secret
        two = Two(start.revive(folder), Log())
        shuffle(two.memory, seed)
        clock = TickingClock()
        anna, bert = two.operator("anna", clock), two.operator("bert", clock)
        versions = [random.choice((NEW, NEW, BROKEN)), random.choice((NEW, OLD, BROKEN))]
        waits = [random.choice((0.0, 600.0)) for _ in versions]
        words = await run_together(
            clock, upgrade_as(anna, versions[0], waits[0]), upgrade_as(bert, versions[1], waits[1])
        )
        assert set(words) <= _WORDS, (seed, words)
        _check_apart(two.log, seed)
        await _check_kept(two.memory, words, versions, seed)
        seen |= set(words)
    assert seen == _WORDS, "the rounds did not meet everything that can happen"


def _check_apart(log: Log, seed: int) -> None:
    """Nobody's helm may work between two helms of somebody else, in any namespace: `--all` locks them all."""
    order = [who for number, (who, _) in enumerate(log.entries) if number == 0 or log.entries[number - 1][0] != who]
    assert len(order) == len(set(order)), (seed, log.entries)


async def _check_kept(memory: MemoryWorld, words: list[str], versions: list[str], seed: int) -> None:
    places = await look(memory, SMALL)
    await check_ended(memory, places, idle=False, fresh=False, failed=frozenset())
    carried = [word for word in words if word in ("done", "restored")]
    for place in places.values():
        newest = place.records[0]
        # Every run that was carried out has a record of its own, and the last one tells what there is.
        assert len(place.records) == 1 + len(carried), (seed, words)
        assert {tag_of(newest.stands_at)} == versions_of(places, SMALL.namespaces), (seed, words)
    ends = {version for word, version in zip(words, versions, strict=True) if word == "done"} | {OLD}
    assert versions_of(places, SMALL.namespaces) <= {tag_of(one) for one in ends}


async def test_of_two_who_take_one_dead_run_back_one_does_it(folder: Path) -> None:
    start = await installed(folder)
    states = await deaths_of(start.revive(folder), lambda one: go(one, NEW))
    for seed, state in enumerate(states[4:-4:5]):
        two = Two(state.revive(folder), Log())
        shuffle(two.memory, seed)
        clock = TickingClock()
        clock.seconds = state.seconds
        anna, bert = two.operator("anna", clock), two.operator("bert", clock)

        async def act(operator: MemoryWorld) -> str:
            try:
                return await recover(operator, "abort")
            except LockHeldError:
                return "refused"

        words = await run_together(clock, act(anna), act(bert))
        assert "done" in words, words
        assert set(words) <= {"done", "nothing", "refused"}, words
        _check_apart(two.log, seed)
        places = await look(two.memory, SMALL)
        assert versions_of(places, SMALL.namespaces) == {"1"}
        await check_ended(two.memory, places, idle=False, fresh=False, failed=frozenset())
