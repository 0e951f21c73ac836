"""Probes as part of a run: asked while its steps go on, written into its history, and able to fail it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import msgspec

from relman.actions.ports import World
from relman.core.record import DONE, FAILED, SetRecord
from relman.journal import Journal


@asynccontextmanager
async def probed(world: World) -> AsyncIterator[None]:
    """Ask the world's probes for as long as the block lasts."""
    if world.probes is None:
        yield
        return
    async with world.probes:
        yield


async def record_probes(world: World, journals: Iterable[Journal]) -> None:
    """Write into every record of the run what was seen."""
    if world.probes is None:
        return
    results = world.probes.results

    def changed(record: SetRecord) -> SetRecord:
        return msgspec.structs.replace(record, probes=results)

    await asyncio.gather(*(journal.write(changed) for journal in journals))


def judged(world: World, word: str) -> str:
    """Return the outcome of a run: one with more failures than the limit did not end well."""
    return FAILED if word == DONE and world.probes is not None and world.probes.exceeded else word
