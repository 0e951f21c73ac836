"""kill -9 of relman, and of the helm under it, at every journal write and every helm call, on a real control plane.

A proxy before the API server counts what goes through and kills before it lets a request pass: the write on which
the process died never happened. Several namespaces are worked through side by side.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.cluster import Sandbox
from tests.builders.kills import children_of, kill, let_time_pass
from tests.builders.lanes import CHAIN, NEW, OLD, UNCHECKED, Lane, open_lane
from tests.builders.proxies import Call, Cut, Fault, no_fault

LANES = 4


@dataclass(frozen=True)
class Point:
    """Where to kill, and whom."""

    what: str
    """`journal`, or `helm`."""
    number: int
    """Of the journal write, or of the helm call; from 1."""
    victims: str
    """`relman`, `helm` or `both`."""


@dataclass
class Killer:
    """Kills once."""

    point: Point
    pid: int = 0
    journal: int = 0
    helm: int = 0
    struck: bool = False

    async def __call__(self, call: Call) -> Fault | None:
        self.journal += call.journals
        # A helm call begins with its release Secret; in the middle of it, objects are applied.
        self.helm += call.agent == "helm" and call.method == "POST"
        if self.struck:
            # A helm that outlives relman may still tidy up.
            return None
        here = (
            (call.journals and self.journal == self.point.number)
            if self.point.what == "journal"
            else (call.agent == "helm" and call.method == "PATCH" and self.helm == self.point.number)
        )
        if not here:
            return None
        self.struck = True
        helms = children_of(self.pid)
        kill(*{"relman": [self.pid], "helm": helms, "both": [self.pid, *helms]}[self.point.victims])
        return Cut("before")


@pytest.fixture
async def lanes(sandbox: Sandbox, unique_name: str, tmp_path: Path) -> AsyncIterator[list[Lane]]:
    folders = [tmp_path / str(number) for number in range(LANES)]
    for folder in folders:
        folder.mkdir()
    async with AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(open_lane(sandbox, folder, f"{unique_name}-{folder.name}"))
            for folder in folders
        ]
        yield opened
        for lane in opened:
            sandbox.api.delete(f"/api/v1/namespaces/{lane.namespace}")


async def test_killed_at_every_journal_write_and_helm_call_the_set_is_old_or_new(lanes: list[Lane]) -> None:
    ended = asyncio.Event()
    points = _points(ended)
    done: list[Point] = []

    async def work(lane: Lane) -> None:
        await lane.upgrade(OLD)
        while (point := next(points, None)) is not None:
            if await _strike(lane, point):
                done.append(point)
            else:
                ended.set()

    async with asyncio.TaskGroup() as group:
        for lane in lanes:
            group.create_task(work(lane))
    journal = sorted(point.number for point in done if point.what == "journal")
    assert journal == list(range(1, len(journal) + 1))
    assert len(journal) > 3 * len(CHAIN), "a record opens and closes, and each service is meant, made and good"
    assert len([point for point in done if point.what == "helm"]) == 2 * len(CHAIN)


def _points(ended: asyncio.Event) -> Iterator[Point]:
    """Yield the helm calls, then journal writes until a run lives through."""
    for number in range(1, len(CHAIN) + 1):
        yield Point("helm", number, ("both", "relman", "both")[number - 1])
        yield Point("helm", number, "helm")
    number = 0
    while not ended.is_set():
        number += 1
        yield Point("journal", number, "relman")


async def _strike(lane: Lane, point: Point) -> bool:
    """Kill an upgrade to the version that does not run, bring it in order, and tell whether it was killed at all."""
    before = await lane.check_true(locked=True)
    target = NEW if before == "1" else OLD
    killer = Killer(point)
    lane.proxy.rule = killer
    async with lane.running("upgrade", f"{lane.namespace}/", "--to", target, *UNCHECKED) as process:
        killer.pid = process.pid
        _, err = await process.communicate()
    lane.proxy.rule = no_fault
    said = err.decode()
    assert process.returncode == (0 if not killer.struck else 7 if point.victims == "helm" else -9), said
    if point.victims == "helm":
        assert "everything is back" in said
        assert "signal 9" in said
        assert await lane.check_true() == before
        return True
    # `resume` goes forward from what it finds, `abort` goes back; the run that was through needs neither.
    how = "resume" if point.number % 3 == 0 else "abort"
    await let_time_pass(lane.kube, lane.namespace, lane.namespace)
    found = await lane.recover(how)
    after = await _check(lane, how, found, before, target, point)
    assert killer.struck or after == target[0]
    return killer.struck


async def _check(lane: Lane, how: str, found: str, before: str, target: str, point: Point) -> str:
    assert found in ("done", "nothing"), (point, found)
    after = await lane.tags()
    allowed = {before, target[0]} if found == "nothing" else {before if how == "abort" else target[0]}
    assert len(after) == 1, (point, after)
    assert after <= allowed, (point, how, found, after)
    assert await lane.recover("abort") == "nothing"
    # A command that has nothing to do leaves the lock of the dead to expire; the next one takes it.
    return await lane.check_true(locked=found == "nothing")
