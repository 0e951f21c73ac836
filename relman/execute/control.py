"""What stops a run: a person, a failure, a lost lock. Everybody who starts something asks here first."""

from __future__ import annotations

import asyncio


class Control:
    """Whether new steps may start, and why not."""

    def __init__(self) -> None:
        self._stopped = asyncio.Event()
        self.interrupted = False
        """A person asked to stop."""
        self.lost = ""
        """Why this run no longer owns the set; empty while it does."""
        self.failed = False
        """A step failed and nothing new may start."""
        self.running = False
        """Records are open: stopping means bringing them to an end. Before that, stopping is stopping."""

    @property
    def may_start(self) -> bool:
        """Whether new steps may start."""
        return not (self.interrupted or self.lost or self.failed)

    def interrupt(self) -> None:
        """Stop on a person's request."""
        self.interrupted = True
        self._stopped.set()

    def lose(self, why: str) -> None:
        """Stop because somebody else may own the set now."""
        self.lost = self.lost or why
        self._stopped.set()

    def fail(self) -> None:
        """Start nothing new: a step failed."""
        self.failed = True

    async def stopped(self) -> None:
        """Return when running waits should end early: on a person's request, or when the lock is lost."""
        await self._stopped.wait()
