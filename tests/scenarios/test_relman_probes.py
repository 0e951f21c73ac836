"""Probes: counted as they should be, in the history, and able to take a run back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from relman.actions.ports import World
from relman.actions.rollback import RollbackOptions, rollback
from relman.actions.run import RunResult
from relman.actions.show import show
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.core.probing import Sample, Span, summarise
from relman.probe import ProbedReporter, Probes, shown_url
from relman.probe.http import HttpAsker
from relman.source import Source
from tests.builders.platforms import Service, write_package
from tests.builders.worlds import MemoryWorld, VirtualClock, agree

NS = "shop-gw"
URL = "http://user:pw@127.0.0.1/health?token=x"


async def breathe() -> None:
    """Let others go on for a while."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
async def memory(tmp_path: Path) -> MemoryWorld:
    for version, tag in (("1.0.0", "1"), ("1.1.0", "2")):
        write_package(
            tmp_path / "dist",
            version,
            [Service("store", NS, tag=tag), Service("gateway", NS, tag=tag, depends_on=("store",))],
        )
    memory = MemoryWorld(tmp_path)
    assert (await go(memory, "1.0.0", memory.world())).outcome == "done"
    return memory


async def go(memory: MemoryWorld, version: str, world: World, **options: Any) -> RunResult:
    source = Source(str(memory.folder / "dist"))
    return await upgrade(world, UpgradeOptions(version=version, everything=True, source=source, **options), agree)


def probed(memory: MemoryWorld, answer: Callable[[], str], limit: int | None = None) -> World:
    """Return a world with one probe, asked whenever somebody waits for something."""

    @asynccontextmanager
    async def asker() -> AsyncIterator[Callable[[str], Any]]:
        async def ask(url: str) -> str:
            assert url == URL
            return answer()

        yield ask

    world = memory.world()
    probes = Probes([URL], asker, VirtualClock(), world.control, world.reporter, limit=limit)
    return replace(world, probes=probes, reporter=ProbedReporter(world.reporter, probes))


async def test_what_was_seen_stands_in_the_history(memory: MemoryWorld) -> None:
    moving: set[str] = set()

    async def gate(ref: str) -> None:
        moving.add(ref)
        await breathe()

    memory.gate = gate
    world = probed(memory, lambda: "status 503" if "Deployment/gateway" in moving else "")
    result = await go(memory, "1.1.0", world)
    assert result.outcome == "done", "failures are counted, and fail nothing unless a limit is asked for"
    (seen,) = (await show(memory.world(), f"{NS}/", None, 0)).probes
    assert seen.url == "http://127.0.0.1/health", "no user, no password, no query"
    assert 0 < seen.failures < seen.requests
    assert seen.first_failure == "status 503"
    assert seen.longest_gap > 0
    assert not seen.down_before
    by_service = {one.service: one.failures for one in seen.services}
    assert by_service["gateway"] > 0
    assert by_service["store"] == 0
    assert "gateway" in seen.sentence


async def test_more_failures_than_the_limit_take_the_run_back(memory: MemoryWorld) -> None:
    async def gate(_ref: str) -> None:
        await breathe()

    memory.gate = gate
    result = await go(memory, "1.1.0", probed(memory, lambda: "connection refused", limit=3))
    assert result.outcome == "restored"
    words = {key: service.outcome for key, service in result.records[0].services.items()}
    assert words == {"store": "restored", "gateway": "not started"}
    assert result.records[0].probes[0].down_before
    assert any("the run fails" in line for line in memory.reporter.lines)


async def test_with_keep_too_many_failures_end_the_run_as_failed(memory: MemoryWorld) -> None:
    memory.gate = None
    result = await go(memory, "1.1.0", probed(memory, lambda: "status 500", limit=0), restore=False)
    assert result.outcome == "failed"


async def test_a_rollback_is_probed_as_well(memory: MemoryWorld) -> None:
    await go(memory, "1.1.0", memory.world())
    world = probed(memory, lambda: "")
    result = await rollback(world, RollbackOptions(name=f"{NS}/gateway", why="slow"), agree)
    assert result.outcome == "done"
    assert result.records[0].probes[0].failures == 0


def test_a_gap_is_from_the_first_failure_to_the_next_success() -> None:
    samples = [
        Sample(0, 0.01),
        Sample(1, 0.5, "status 503"),
        Sample(2, 0.1, "status 503"),
        Sample(3, 0.2),
        Sample(4, 0.1, "x"),
    ]
    seen = summarise("u", reversed(samples), {"a": [Span(0.5, 2.5)], "b": [Span(3.0, 3.5)]})
    assert (seen.requests, seen.failures, seen.longest_gap, seen.worst_latency) == (5, 3, 2.0, 0.2)
    assert [(one.service, one.requests, one.failures) for one in seen.services] == [("a", 2, 2), ("b", 1, 0)]
    assert summarise("u", [], {}).sentence == "u: nothing was asked"


def test_an_outage_that_lasts_to_the_end_counts_to_its_last_request() -> None:
    assert summarise("u", [Sample(0, 0.1, "x"), Sample(5, 1.0, "x")], {}).longest_gap == 6.0


async def test_real_requests_are_sent_at_a_fixed_rate_and_a_slow_answer_slows_none() -> None:
    """Against a server of our own: it answers, refuses and hangs in turn."""
    count = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        await reader.readuntil(b"\r\n\r\n")
        count += 1
        if count == 2:
            await asyncio.sleep(0.5)
        status = b"503 Service Unavailable" if count == 3 else b"200 OK"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    from relman.cli.compose import SystemClock
    from relman.execute.control import Control

    memory_reporter = MemoryWorld(Path("/nowhere")).reporter
    urls = [f"http://127.0.0.1:{port}/", "http://127.0.0.1:1/"]
    async with server, Probes(urls, HttpAsker, SystemClock(), Control(), memory_reporter) as probes:
        await asyncio.sleep(0.9)
    alive, dead = probes.results
    assert 4 <= alive.requests <= 6
    assert (alive.failures, alive.first_failure) == (1, "status 503")
    assert 0.5 <= alive.worst_latency < 2
    assert dead.failures == dead.requests >= 4
    assert dead.down_before


def test_a_url_is_shown_without_what_may_be_secret() -> None:
    assert shown_url("https://a:b@host:8443/x/y?token=1#z") == "https://host:8443/x/y"
