"""The states of a cluster at which a run can die: one for each effect, taken while the run lives.

What a killed process leaves is what the cluster held before its next effect. So one run yields every death: its
state is saved before each write that reaches the API server, relman's own and those of the helm it calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from helmkit.kube.memory import MemoryKube
from helmkit.kube.transport import Answer, Request
from tests.builders.worlds import MemoryWorld


@dataclass(frozen=True)
class State:
    """A cluster as it was at one moment."""

    objects: dict[Any, Any]
    owners: dict[Any, Any]
    version: int
    seconds: float
    ids: int
    before: str = ""
    """The effect that did not happen any more: `PUT /apis/…`; empty after the last."""

    @classmethod
    def of(cls, memory: MemoryWorld, before: str = "") -> State:
        """Save a cluster."""
        store, clock = memory.kube.memory.store, memory.clock
        # The store replaces objects and never changes them in place; who owns which field is changed in place.
        owners = {uid: {name: set(paths) for name, paths in one.items()} for uid, one in store.owners.items()}
        return cls(dict(store.objects), owners, store.version, clock.seconds, clock.ids, before)

    def revive(self, folder: Path) -> MemoryWorld:
        """Return a new cluster in this state, as a command on another host finds it."""
        memory = MemoryWorld(folder, MemoryKube())
        store, clock = memory.kube.memory.store, memory.clock
        store.objects = dict(self.objects)
        store.owners = {uid: {name: set(paths) for name, paths in one.items()} for uid, one in self.owners.items()}
        store.version = store.oldest = self.version
        clock.seconds, clock.ids = self.seconds, self.ids
        return memory


async def deaths_of(memory: MemoryWorld, act: Callable[[MemoryWorld], Awaitable[object]]) -> list[State]:
    """Carry `act` out to its end and return every state at which it could have died, the last one after all of it."""
    store, states = memory.kube.memory.store, [State.of(memory, "anything")]

    async def save(request: Request) -> Answer | None:
        # A write that is only tried, and one that changed nothing, leave the state as it was.
        if request.method != "GET" and "dryRun" not in request.params and store.version != states[-1].version:
            states.append(State.of(memory, f"{request.method} {request.path}"))
        return None

    memory.kube.memory.hooks.append(save)
    try:
        await act(memory)
    finally:
        memory.kube.memory.hooks.remove(save)
    return [*states, State.of(memory)]


def shuffle(memory: MemoryWorld, seed: int) -> None:
    """Let requests take unequal time, so that steps which run side by side meet in another order."""
    random = Random(seed)  # noqa: S311 - an order, no secret

    async def delay(_: Request) -> Answer | None:
        for _turn in range(random.randrange(4)):
            await asyncio.sleep(0)
        return None

    memory.kube.memory.hooks.insert(0, delay)


async def say_last_words(memory: MemoryWorld) -> bool:
    """Let the helms of the dead end as they do when they are told that relman is gone; False when there was none.

    relman's death sends them SIGTERM. They stop, and set their release to failed with a description of their own.
    """
    kube, said = memory.kube, False
    for one in await kube.list_release_metadata():
        words = {"pending-install": "Release", "pending-upgrade": "Upgrade", "pending-rollback": "Rollback"}
        if one.status in words:
            text = f'{words[one.status]} "{one.name}" failed: context canceled'
            await kube.mark_release(one, status="failed", description=text)
            said = True
    return said
