"""Watching the status: each change once, and a cluster that is away for a while ends nothing."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from helmkit.errors import UsageError
from helmkit.kube.memory import fail
from helmkit.kube.transport import ConnectionFailedError
from relman.actions.status import StatusReport, status
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.actions.watching import INTERVAL, status_changes, watch_status
from relman.cli.status import _table
from relman.cli.watching import LiveScreen
from relman.source import Source
from tests.builders.platforms import Service, write_package
from tests.builders.worlds import MemoryWorld, agree

NS = "shop-gw"


class EnoughError(Exception):
    """The test has seen enough."""


@pytest.fixture
async def memory(tmp_path: Path) -> MemoryWorld:
    for version, tag in (("1.0.0", "1"), ("1.1.0", "2")):
        write_package(tmp_path / "dist", version, [Service("gateway", NS, tag=tag), Service("store", NS)])
    memory = MemoryWorld(tmp_path)
    await go(memory, "1.0.0")
    return memory


async def go(memory: MemoryWorld, version: str) -> None:
    source = Source(str(memory.folder / "dist"))
    await upgrade(memory.world(), UpgradeOptions(version=version, everything=True, source=source), agree)


async def watch(memory: MemoryWorld, *rounds: Callable[[], Awaitable[Any]], name: str = f"{NS}/") -> list[StatusReport]:
    """Watch, doing something after each look."""
    left, seen = list(rounds), []
    slept = memory.clock.sleep

    async def sleep(seconds: float) -> None:
        if seconds != INTERVAL:
            await slept(seconds)
        elif left:
            await left.pop(0)()
        else:
            raise EnoughError

    memory.clock.sleep = sleep  # type: ignore[method-assign]  # each look is followed by what the test does
    with pytest.raises(EnoughError):
        await watch_status(memory.world(), name, None, lambda _, report: seen.append(report))
    return seen


async def nothing() -> None:
    pass


async def test_only_what_changed_is_shown(memory: MemoryWorld) -> None:
    async def change() -> None:
        await go(memory, "1.1.0")

    first, second = await watch(memory, nothing, change, nothing)
    lines = status_changes(first, second)
    assert f"{NS}: revision 2, upgrade to 1.1.0 done, by anna@laptop" in lines
    (gateway,) = [line for line in lines if "gateway" in line]
    assert gateway == f"{NS}/gateway: 1 -> 2, wanted 1 -> 2, revision 1 -> 2"
    assert not [line for line in lines if "store" in line]


async def test_a_cluster_that_is_away_is_told_once_and_waited_for(memory: MemoryWorld) -> None:
    async def away() -> None:
        memory.kube.memory.hooks.append(fail(1000, ConnectionFailedError("refused", sent=False)))

    async def back() -> None:
        memory.kube.memory.hooks.clear()

    seen = await watch(memory, away, nothing, nothing, back, nothing)
    assert len(seen) == 1
    told = [line for line in memory.reporter.lines if "answer" in line]
    assert len(told) == 2
    assert told[-1] == "the cluster answers again"


async def test_what_is_not_there_is_said_at_once(memory: MemoryWorld) -> None:
    with pytest.raises(UsageError):
        await watch_status(memory.world(), "nobody", None, lambda *_: None)


async def test_services_that_come_and_go_are_lines_of_their_own(memory: MemoryWorld) -> None:
    report = await status(memory.world(), f"{NS}/", None)
    (one,) = report.sets
    without = msgspec.structs.replace(report, sets=(msgspec.structs.replace(one, services=one.services[:1]),))
    assert status_changes(report, without) == (f"{NS}/store: gone",)
    assert status_changes(without, report) == (f"{NS}/store: 1, healthy 1/1",)


async def test_the_live_table_is_redrawn_and_leaves_the_cursor(memory: MemoryWorld) -> None:
    report = await status(memory.world(), f"{NS}/", None)
    out = io.StringIO()
    screen = LiveScreen(out)
    try:
        draw = screen.show(_table)
        draw(None, report)
        draw(report, report)
    finally:
        screen.close()
    screen.close()
    text = out.getvalue()
    assert text.count("gateway") >= 2
    assert text.rstrip().endswith("\x1b[?25h"), "the cursor is shown again"
