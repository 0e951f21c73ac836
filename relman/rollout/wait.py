"""One wait for the objects of one service (effects)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from helmkit.errors import ForbiddenError, UnreachableError
from relman.core.diagnosis import Cause, Patience, diagnose
from relman.core.diagnosis.kinds import explaining_kinds, judged_kinds
from relman.core.diagnosis.snapshot import Object, Snapshot, name_of
from relman.core.diagnosis.symptom import parse_time
from relman.core.rollout import Memory, RolloutStatus, judge_rollout
from relman.rollout.logs import read_crash_logs
from relman.rollout.outcome import RolloutOutcome
from relman.rollout.ports import Clock, LogReader
from relman.rollout.view import NamespaceView

TICK = 2.0
"""Seconds between looks when nothing changes: for the rules that depend on time."""
GATHER = 0.05
"""Seconds to collect further changes after one: a rollout comes in bursts."""
EVENTS_EVERY = 5.0
"""Seconds between lists of the namespace's events while something looks wrong."""
FRESH = 0.5
"""Seconds a list may be old and still count as fresh: services that fail at once share it."""
FIRST_PICTURE = 15.0
"""Seconds the cluster always gets for its first answer."""
LAST_LOOK = 15.0
"""Seconds a fresh picture, and the logs, may take before the wait does without."""
QUIET = 3.0
"""Seconds after which what is not ready is worth a look at the events even when nothing else looks wrong."""

Report = Callable[[RolloutStatus], None]
Result = TypeVar("Result")


class Wait:
    """Waits until objects are ready, cannot get ready, or the time is over.

    Args:
        view: The namespace.
        objects: What Helm applied, those to wait for only.
        time_limit: Seconds.
        report: Hears every new status.
        clock: Time.
        patience: How long what looks wrong may last.
        logs: Reads container logs; None where that is not possible.
        namespace: Its name.
    """

    def __init__(
        self,
        view: NamespaceView,
        objects: Sequence[Object],
        *,
        time_limit: float,
        report: Report | None,
        clock: Clock,
        patience: Patience,
        logs: LogReader | None,
        namespace: str,
    ) -> None:
        self._view = view
        self._objects = objects
        self._limit = time_limit
        self._report = report
        self._clock = clock
        self._patience = patience
        self._logs = logs
        self._namespace = namespace
        self._judged = judged_kinds(objects)
        self._explaining = explaining_kinds(objects)
        self._memory = Memory()
        self._told: RolloutStatus | None = None
        self._start = clock.monotonic()
        self._started_at = parse_time(clock.now()) or datetime.now(UTC)

    async def run(self) -> RolloutOutcome:
        """Wait.

        Raises:
            ForbiddenError: The right to list or watch the objects is missing.
            UnreachableError: The cluster does not answer, and did not until the time was over.
        """
        with self._view.woken_by((str(item["kind"]), name_of(item)) for item in self._objects) as woken:
            await self._first_picture()
            while True:
                woken.clear()
                status = self._look(self._view.snapshot())
                if status.state == "ready":
                    return RolloutOutcome("ready", status)
                failed = await self._confirm() if status.state == "doomed" else None
                if failed is not None:
                    return failed
                if self._elapsed >= self._limit:
                    return await self._time_out()
                if status.causes or self._elapsed >= QUIET:
                    self._view.request_events(since=self._clock.monotonic() - EVENTS_EVERY)
                await self._pause(woken)

    @property
    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._start

    @property
    def _now(self) -> datetime:
        # By the monotonic clock: a corrected wall clock must not end anybody's patience.
        return self._started_at + timedelta(seconds=self._elapsed)

    async def _first_picture(self) -> None:
        """Make sure that what is judged is not older than this wait: Helm has applied just now."""
        watched_before = [item for item in self._objects if self._view.follows(str(item["kind"]))]
        following = self._view.follow(self._judged | self._explaining)
        # A short look is no reason to call a busy cluster unreachable.
        limit = max(self._limit, FIRST_PICTURE)
        if await self._within(limit, following) is None:
            message = f"the cluster did not list {', '.join(sorted(self._judged))} within {limit:g} s"
            raise UnreachableError(message, hint="Check the way to the cluster: kubectl cluster-info")
        await self._refresh(watched_before)

    async def _refresh(self, objects: Sequence[Object]) -> None:
        while objects:
            try:
                await self._view.refresh(objects)
            except UnreachableError:
                if self._elapsed >= self._limit:
                    raise
                await self._clock.sleep(TICK)
            else:
                return

    def _look(self, snapshot: Snapshot) -> RolloutStatus:
        problem = self._view.problem(self._judged)
        if isinstance(problem, ForbiddenError):
            raise problem
        status, self._memory = judge_rollout(
            self._objects, snapshot, now=self._now, memory=self._memory, patience=self._patience
        )
        if problem is not None:
            # What was seen last is no verdict on now.
            status = replace(status, state="progressing", message="the cluster does not answer at the moment")
        self._tell(status)
        return status

    def _tell(self, status: RolloutStatus) -> None:
        # That one more pod shows the same is no news.
        news = replace(status, causes=tuple(replace(cause, detail="", objects=()) for cause in status.causes))
        if self._report is not None and news != self._told:
            self._report(status)
        self._told = news

    async def _confirm(self) -> RolloutOutcome | None:
        """Return the failure when it stands on a fresh picture too, with all there is to tell about it.

        Watches of different kinds run apart: for a moment one may show the Deployment after a rollback and another the
        pods before it.
        """
        try:
            snapshot = await self._fresh()
        except UnreachableError:
            return None
        if snapshot is None or self._look(snapshot).state != "doomed":
            return None
        status = self._look(await self._with_logs(snapshot))
        return RolloutOutcome("failed", status, status.causes)

    async def _fresh(self) -> Snapshot | None:
        """Return a picture read from the cluster just now, None when it takes too long."""
        # Never from before this wait: what was true then is what Helm has just changed.
        since = max(self._start, self._clock.monotonic() - FRESH)

        async def read() -> Snapshot:
            await self._view.read_events(since=since)
            return await self._view.list_fresh(self._judged, since=since, optional=self._explaining)

        return await self._within(LAST_LOOK, read())

    async def _with_logs(self, snapshot: Snapshot) -> Snapshot:
        reading = read_crash_logs(self._logs, self._namespace, self._objects, snapshot)
        return replace(snapshot, logs=await self._within(LAST_LOOK, reading) or {})

    async def _time_out(self) -> RolloutOutcome:
        """Return what there is when the time is over, after a last look at the cluster itself."""
        problem = self._view.problem(self._judged)
        if problem is not None:
            raise problem
        snapshot = await self._fresh() or self._view.snapshot()
        status = self._look(snapshot)
        if status.state == "ready":
            return RolloutOutcome("ready", status)
        full = await self._with_logs(snapshot)
        causes = diagnose(self._objects, full, now=self._now, patience=self._patience)
        deadline = Cause("deadline", f"not ready within {self._limit:g} s", status.message)
        return RolloutOutcome("timed_out", status, (*causes, deadline))

    async def _pause(self, woken: asyncio.Event) -> None:
        left = max(0.0, self._limit - self._elapsed)
        await self._within(min(TICK, left), woken.wait())
        if woken.is_set():
            await self._clock.sleep(min(GATHER, left))

    async def _within(self, seconds: float, work: Coroutine[Any, Any, Result]) -> Result | None:
        """Return what `work` returns; None when it took longer, and then it is cancelled."""
        working = asyncio.ensure_future(work)
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({working, sleeping}, return_when=asyncio.FIRST_COMPLETED)
            return working.result() if working.done() else None
        finally:
            for task in (working, sleeping):
                task.cancel()
            await asyncio.wait({working, sleeping})
