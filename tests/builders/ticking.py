"""A clock that goes on with the event loop: time passes while others work, at the same pace for everybody."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from tests.builders.worlds import VirtualClock

STEP = 0.02
"""Seconds that pass in one turn of the event loop."""


class TickingClock(VirtualClock):
    """Leases are renewed in time on it, and expire when nobody does. Use it as an async context manager."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[tuple[float, asyncio.Future[None]]] = []

    async def __aenter__(self) -> Self:
        self._ticking = asyncio.create_task(self._tick())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ticking.cancel()

    async def sleep(self, seconds: float) -> None:
        """Wait until the time has passed."""
        self.slept.append(seconds)
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self.seconds + seconds, woken))
        await woken

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(0)
            self.seconds += STEP
            due = [entry for entry in self._waiting if entry[0] <= self.seconds]
            for entry in due:
                self._waiting.remove(entry)
                if not entry[1].done():
                    entry[1].set_result(None)
