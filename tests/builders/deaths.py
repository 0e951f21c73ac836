"""A relman that dies: after so many writes to the cluster nothing is sent any more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from helmkit.kube.transport import Answer, Request
from tests.builders.worlds import MemoryWorld


class DiedError(BaseException):
    """The process is gone; no handler of ours may run as if it were not."""


async def die_after_writes(memory: MemoryWorld, writes: int, run: Callable[[], Awaitable[object]]) -> None:
    """Run something, and die some writes after its record was created.

    Args:
        memory: The world it runs in.
        writes: How many writes still go through once the record is there.
        run: What dies.
    """
    begun: list[bool] = []

    async def kill(request: Request) -> Answer | None:
        if begun or (request.method == "POST" and request.path.endswith("/configmaps")):
            begun.append(request.method != "GET")
        if sum(begun) > writes:
            raise DiedError
        return None

    memory.kube.memory.hooks.append(kill)
    try:
        with pytest.raises(DiedError):
            await run()
    finally:
        memory.kube.memory.hooks.remove(kill)
