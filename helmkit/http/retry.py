"""What passes is tried again, with growing pauses and a limit."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from helmkit.http.exchange import ConnectionLostError, Reply

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for."""

    pauses: tuple[float, ...]
    """Seconds before each further attempt."""
    longest: float
    """Seconds to wait at most between two attempts, also when the server asks for more (`Retry-After`)."""
    passing: frozenset[int]
    """Statuses that may be gone the next time."""
    jitter: float = 0.0
    """Share of a pause that is left to chance, so that those who failed together do not come back together."""

    def pause(self, attempt: int, asked: str = "") -> float:
        """Return the seconds to wait after the attempt of that number (from 0): what the server asks for, or ours."""
        if asked.isdecimal():
            return min(float(asked), self.longest)
        return self.pauses[attempt] * (1.0 - self.jitter * random.random())  # noqa: S311 - no secret


async def send_patiently(
    send: Callable[[], Awaitable[Reply]],
    patience: Patience,
    *,
    repeat: bool = True,
    accept: frozenset[int] = frozenset(),
    sleep: Sleep = asyncio.sleep,
) -> Reply:
    """Send a request, again and again while it fails in a way that may pass, and return the last answer.

    Args:
        send: Sends it once.
        patience: How long.
        repeat: Whether it may be sent again although the server may have had it. A connection that could not be made
            is tried again in any case: nothing was sent.
        accept: Statuses that are an answer although they look like something that passes.
        sleep: Waits between attempts.

    Raises:
        ConnectionLostError: There was no answer to the last attempt.
    """
    for attempt in range(len(patience.pauses) + 1):
        last, asked = attempt == len(patience.pauses), ""
        try:
            reply = await send()
        except ConnectionLostError as error:
            # Who needs minutes for an answer gets one more chance, not four.
            if last or error.hopeless or not (repeat or error.never_sent) or (error.timed_out and attempt > 0):
                raise
        else:
            if last or not repeat or reply.status in accept or reply.status not in patience.passing:
                return reply
            asked = reply.headers.get("retry-after", "")
        await sleep(patience.pause(attempt, asked))
    raise AssertionError("the last attempt returns or raises")
