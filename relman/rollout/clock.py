"""The machine's time (effects)."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's time, as `relman.rollout.ports.Clock`."""

    def now(self) -> str:
        """Return the time, RFC 3339 in UTC."""
        return datetime.now(UTC).isoformat()

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
