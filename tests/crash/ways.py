"""What comes after a death, from another host."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.builders.worlds import MemoryWorld
from tests.crash.landscapes import NEW, OLD, Landscape
from tests.crash.runs import Run, go, recover


@dataclass(frozen=True)
class Way:
    """Something a person types next."""

    name: str
    act: Callable[[MemoryWorld, Landscape, Run], Awaitable[str]]
    to: str = ""
    """The version at which it leaves the set; empty: that depends on the run."""


def _recover(how: str) -> Callable[..., Awaitable[str]]:
    async def act(memory: MemoryWorld, landscape: Landscape, run: Run) -> str:
        return await recover(memory, how)

    return act


def _upgrade(version: str) -> Callable[..., Awaitable[str]]:
    async def act(memory: MemoryWorld, landscape: Landscape, run: Run) -> str:
        return await go(memory, version, name=landscape.last if run.alone else None)

    return act


WAYS = (
    Way("resume", _recover("resume")),
    Way("abort", _recover("abort")),
    Way("upgrade to the new version", _upgrade(NEW), to=NEW),
    Way("upgrade to the old version", _upgrade(OLD), to=OLD),
)
