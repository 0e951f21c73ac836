"""Asks URLs at a fixed rate from the begin of a run to its end, whatever happens to the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from relman.core.probing import ProbeRecord, Sample, Span, summarise
from relman.execute.control import Control
from relman.ports import Clock, Reporter

INTERVAL = 0.2
"""Seconds between two requests to one URL."""
_OUTSTANDING = 50
"""Requests that may wait for an answer at once; one that cannot be sent for that reason failed."""

Asker = Callable[[str], Awaitable[str]]
"""Asks a URL once and returns what was wrong, or nothing."""


class Probe:
    """One URL.

    Args:
        url: What to ask.
        ask: Asks it once.
        clock: Time.
        failed: Called after each failure.
    """

    def __init__(self, url: str, ask: Asker, clock: Clock, failed: Callable[[], None]) -> None:
        self.url = url
        self.samples: list[Sample] = []
        self._ask = ask
        self._clock = clock
        self._failed = failed
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Ask until cancelled; the first request is sent at once."""
        start, sent = self._clock.monotonic(), 0
        while True:
            if len(self._running) < _OUTSTANDING:
                task = asyncio.create_task(self._once())
                self._running.add(task)
                task.add_done_callback(self._running.discard)
            else:
                self._note(Sample(self._clock.monotonic(), 0.0, f"{_OUTSTANDING} requests wait for an answer"))
            sent += 1
            # By the plan, not by the last answer: a slow one must not slow the probe down.
            await self._clock.sleep(max(0.0, start + sent * INTERVAL - self._clock.monotonic()))

    async def finish(self) -> None:
        """Wait for the answers that are still to come."""
        await asyncio.gather(*self._running)

    async def _once(self) -> None:
        at = self._clock.monotonic()
        failure = await self._ask(self.url)
        self._note(Sample(at, self._clock.monotonic() - at, failure))

    def _note(self, sample: Sample) -> None:
        self.samples.append(sample)
        if sample.failure:
            self._failed()


class Probes:
    """All probes of a run; a context manager around its steps.

    Args:
        urls: What to ask.
        asker: Opens what asks.
        clock: Time.
        control: Told to fail the run when there are more failures than the limit.
        reporter: Hears the first failure of each URL.
        limit: Failures of one URL that are too many from the next one on; None: they are only counted.
    """

    def __init__(
        self, urls: Sequence[str], asker: Callable[[], AbstractAsyncContextManager[Asker]], clock: Clock,
        control: Control, reporter: Reporter, *, limit: int | None = None,
    ) -> None:  # fmt: skip
        self._urls = urls
        self._asker = asker
        self._clock = clock
        self._control = control
        self._reporter = reporter
        self._limit = limit
        self._probes: list[Probe] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._stack = AsyncExitStack()
        self._moved: dict[str, list[Span]] = {}
        self._moving: dict[str, float] = {}

    @property
    def exceeded(self) -> tuple[str, ...]:
        """Sentences on the URLs with more failures than the limit."""
        if self._limit is None:
            return ()
        return tuple(one.sentence for one in self.results if one.failures > self._limit)

    @property
    def results(self) -> tuple[ProbeRecord, ...]:
        """What was seen so far, by URL in the order given."""
        now = self._clock.monotonic()
        open_ends = {key: [Span(begun, now)] for key, begun in self._moving.items()}
        moved = {key: [*self._moved.get(key, ()), *open_ends.get(key, ())] for key in {*self._moved, *open_ends}}
        return tuple(summarise(shown_url(probe.url), probe.samples, moved) for probe in self._probes)

    def moving(self, service: str) -> None:
        """Note that a service moves from now on, unless it does already."""
        self._moving.setdefault(service, self._clock.monotonic())

    def moved(self, service: str) -> None:
        """Note that a service came to rest."""
        begun = self._moving.pop(service, None)
        if begun is not None:
            self._moved.setdefault(service, []).append(Span(begun, self._clock.monotonic()))

    async def __aenter__(self) -> Self:
        """Begin to ask."""
        ask = await self._stack.enter_async_context(self._asker())
        for url in self._urls:
            told = self._teller(url)
            probe = Probe(url, ask, self._clock, told)
            self._probes.append(probe)
            self._tasks.append(asyncio.create_task(probe.run()))
        # So that the first request is sent before anything moves.
        await asyncio.sleep(0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ask no more, and wait for what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(probe.finish() for probe in self._probes))
        await self._stack.aclose()

    def _teller(self, url: str) -> Callable[[], None]:
        count = 0

        def failed() -> None:
            nonlocal count
            count += 1
            if count == 1:
                self._reporter.note(f"probe {shown_url(url)}: the first request failed")
            if self._limit is not None and count == self._limit + 1:
                self._reporter.note(f"probe {shown_url(url)}: more than {self._limit} requests failed: the run fails")
                self._control.fail()

        return failed


def shown_url(url: str) -> str:
    """Return a URL without what may be a secret: user, password, query and fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
