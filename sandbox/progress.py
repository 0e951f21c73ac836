"""How long actions say what they are doing, and waiting with a deadline.

Actions take a `Progress` and never print. The default says nothing, so that tests and libraries stay quiet.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO, TypeVar

from helmkit.errors import TimedOutError

T = TypeVar("T")

_POLL_SECONDS = 0.03
_HEARTBEAT_SECONDS = 60.0


class Progress:
    """Says nothing."""

    def line(self, text: str) -> None:
        """Take note of one finished step."""

    def tick(self, text: str) -> None:
        """Take note that a step still runs; called often, about once a second."""


class ConsoleProgress(Progress):
    """Writes lines to a stream; on a terminal a step that still runs has a line that keeps changing.

    Elsewhere such a step says so once a minute, so that CI does not take silence for a hang.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._ticking = False
        self._last_sign_of_life = time.monotonic()

    def line(self, text: str) -> None:
        """Write one line for good."""
        self._clear()
        self._write(f"{text}\n")

    def tick(self, text: str) -> None:
        """Rewrite the changing line, or, not on a terminal, write one a minute."""
        if self._live:
            self._clear()
            self._write(text)
            self._ticking = True
        elif time.monotonic() - self._last_sign_of_life >= _HEARTBEAT_SECONDS:
            self._write(f"{text}\n")

    def _clear(self) -> None:
        if self._ticking:
            self._stream.write("\r\x1b[2K")
            self._ticking = False

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
        self._last_sign_of_life = time.monotonic()


class StepTimes:
    """Reports steps with the seconds since the whole action began."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._began = time.monotonic()

    def done(self, text: str) -> None:
        """Report a step as done now."""
        self._progress.line(f"{self.seconds():6.1f} s  {text}")

    def seconds(self) -> float:
        """Return how long the action has run, in seconds."""
        return time.monotonic() - self._began


def wait_until(probe: Callable[[], T | None], what: str, *, seconds: float, hint: str | None = None) -> T:
    """Ask `probe` again and again until it returns something true, and return that.

    `probe` may raise to end the waiting early.

    Args:
        probe: Returns None (or anything false) for "not yet".
        what: What is waited for; it completes "waited 30 s for …".
        seconds: How long to wait at most.
        hint: What to do when it does not come.

    Raises:
        TimedOutError: It did not come in time.
    """
    deadline = time.monotonic() + seconds
    while True:
        if found := probe():
            return found
        if time.monotonic() >= deadline:
            message = f"waited {seconds:.0f} s for {what}, and it did not come"
            raise TimedOutError(message, hint=hint)
        time.sleep(_POLL_SECONDS)


def clock_time(seconds: float) -> str:
    """Return a span as minutes and seconds.

    >>> clock_time(83.9)
    '1:23'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
