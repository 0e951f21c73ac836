"""Processes that come back from the dead: frozen, taken for dead, and thawed when others have gone on."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.cluster import Sandbox
from tests.builders.kills import children_of, kill, let_time_pass
from tests.builders.lanes import NEW, OLD, UNCHECKED, Lane, chain, open_lane
from tests.builders.platforms import Service
from tests.builders.proxies import Call, Fault, no_fault

SECONDS = 60


@pytest.fixture
async def lane(sandbox: Sandbox, unique_name: str, tmp_path: Path) -> AsyncIterator[Lane]:
    async with open_lane(sandbox, tmp_path, unique_name) as opened:
        await opened.upgrade(OLD)
        yield opened
        opened.proxy.rule = no_fault
        sandbox.api.delete(f"/api/v1/namespaces/{unique_name}")


class Freezer:
    """Freezes a helm, or relman with it, when the helm is about to apply its first object; holds that request back."""

    def __init__(self, *, relman_too: bool) -> None:
        self._relman_too = relman_too
        self.pid = 0
        self.helms: list[int] = []
        self.frozen = asyncio.Event()
        self.thawed = asyncio.Event()

    async def __call__(self, call: Call) -> Fault | None:
        if call.agent == "helm" and call.method == "PATCH" and not self.frozen.is_set():
            self.helms = children_of(self.pid)
            kill(*self.helms, *([self.pid] if self._relman_too else []), number=signal.SIGSTOP)
            self.frozen.set()
            await self.thawed.wait()
        return None


async def _ended(pids: list[int]) -> None:
    end = time.monotonic() + SECONDS
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < end, "the helm still runs"
        await asyncio.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_a_helm_thawed_after_its_release_was_healed_changes_nothing(lane: Lane) -> None:
    freezer = Freezer(relman_too=False)
    lane.proxy.rule = freezer
    async with lane.running("upgrade", f"{lane.namespace}/", "--to", NEW, *UNCHECKED) as process:
        freezer.pid = process.pid
        await asyncio.wait_for(freezer.frozen.wait(), SECONDS)
        process.kill()
        await process.wait()
    lane.proxy.rule = no_fault
    await let_time_pass(lane.kube, lane.namespace, lane.namespace)
    assert await lane.recover("abort") == "done"
    assert await lane.check_true() == "1"
    before = await _picture(lane)
    # The helm wakes up with the signal that its relman's death sent; the request it had on its way stays behind.
    kill(*freezer.helms, number=signal.SIGCONT)
    await _ended(freezer.helms)
    assert await lane.check_true() == "1"
    assert await _picture(lane) == before


async def _picture(lane: Lane) -> list[tuple[str, str]]:
    """Return every Deployment with its generation, and every release Secret with its status.

    The thawed helm may still put its own words on the revision it died over, which is failed as before.
    """
    revisions = await lane.kube.list_release_metadata(lane.namespace)
    workloads = await lane.kube.list_metadata("apps/v1", "Deployment", lane.namespace)
    return [*((one.secret_name, one.status) for one in revisions), *((w.name, str(w.generation)) for w in workloads)]


async def test_a_relman_thawed_past_its_lock_starts_nothing_and_says_so(lane: Lane) -> None:
    lane.publish("2.5.0", *_hanging(lane.namespace))
    async with lane.running("upgrade", f"{lane.namespace}/", "--to", "2.5.0", "--timeout", "10m", *UNCHECKED) as frozen:
        await _until_waiting(lane)
        kill(frozen.pid, number=signal.SIGSTOP)
        await let_time_pass(lane.kube, lane.namespace, lane.namespace)
        assert await lane.recover("abort") == "done"
        assert await lane.check_true() == "1"
        taken = [(record.number, record.outcome) for record in await lane.history()]
        kill(frozen.pid, number=signal.SIGCONT)
        _, err = await asyncio.wait_for(frozen.communicate(), SECONDS)
    said = err.decode()
    assert frozen.returncode not in (0, 7), said
    assert "the lock of" in said or "taken over by somebody else" in said
    assert await lane.check_true() == "1"
    assert [(record.number, record.outcome) for record in await lane.history()] == taken
    assert "third" not in {call.target.rpartition("/")[2] for call in lane.proxy.calls if call.method == "PATCH"}


def _hanging(namespace: str) -> list[Service]:
    first, second, third = chain(namespace, "2")
    return [first, replace(second, tag="never-ready-2", replicas=1), third]


async def _until_waiting(lane: Lane) -> None:
    end = time.monotonic() + SECONDS
    while True:
        newest = (await lane.history())[0]
        if newest.services["second"].made is not None:
            return
        assert time.monotonic() < end
        await asyncio.sleep(0.1)
