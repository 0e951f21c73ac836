"""Two relmans started at the same moment, as two operators do: one queues, and what both did is in the history."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.cluster import Sandbox
from tests.builders.lanes import NEW, OLD, UNCHECKED, Lane, chain, open_lane


@pytest.fixture
async def lane(sandbox: Sandbox, unique_name: str, tmp_path: Path) -> AsyncIterator[Lane]:
    async with open_lane(sandbox, tmp_path, unique_name) as opened:
        for version in (OLD, NEW):
            opened.publish(version, *chain(unique_name, version[0], length=2))
        await opened.upgrade(OLD)
        yield opened
        sandbox.api.delete(f"/api/v1/namespaces/{unique_name}")


async def test_two_processes_at_once_go_one_after_the_other_or_one_is_refused(lane: Lane) -> None:
    there = await lane.tags()
    for number, waiting in enumerate(("0s", "2m"), start=2):
        version = NEW if there == {"1"} else OLD
        command = ("upgrade", f"{lane.namespace}/", "--to", version, "--wait-lock", waiting, *UNCHECKED)
        async with lane.running(*command) as one, lane.running(*command) as other:
            said = await asyncio.gather(one.communicate(), other.communicate())
        codes = sorted(process.returncode or 0 for process in (one, other))
        # Whoever comes second finds nothing left to do, unless it would not wait.
        assert codes in ([0, 0], [0, 4]), said
        assert waiting == "0s" or codes == [0, 0], said
        assert await lane.check_true() == version[0]
        records = await lane.history()
        assert [record.number for record in records] == list(range(number, 0, -1)), "one run of both was carried out"
        there = {version[0]}
        revisions = await lane.kube.list_release_metadata(lane.namespace)
        assert len(revisions) == 2 * len(records), "each run made one revision of each release"
