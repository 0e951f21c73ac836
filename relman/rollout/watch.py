"""Waits for rollouts by watch events, one list and watch per kind of a namespace (effects).

RolloutWatcher  ->  Wait (one service)  ->  NamespaceView  ->  Feed (one kind)  ->  helmkit.kube
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from relman.core.diagnosis.finding import is_judged
from relman.core.diagnosis.kinds import explaining_kinds, judged_kinds
from relman.core.diagnosis.snapshot import Snapshot
from relman.core.diagnosis.symptom import parse_time
from relman.core.rollout import DEFAULT_PATIENCE, Patience, RolloutStatus, decide_rollout
from relman.rollout.clock import SystemClock
from relman.rollout.outcome import RolloutOutcome
from relman.rollout.ports import Clock, LogReader, RolloutKube
from relman.rollout.view import NamespaceView
from relman.rollout.wait import Wait

SHARED = 1.0
"""Seconds a list may be old when a status is asked for: all services of a namespace are asked about together."""


class RolloutWatcher:
    """Waits for rollouts in one namespace; use it as an async context manager.

    Watches start with the first wait that needs them, are shared by all waits, and end with the context. Any number
    of waits may run at once; cancelling one leaves the others alone.

    Args:
        kube: The cluster.
        namespace: Where.
        clock: Time.
        logs: Reads container logs; when None, `kube` itself if it can.
        patience: How long what looks wrong may last.
    """

    def __init__(
        self,
        kube: RolloutKube,
        namespace: str,
        *,
        clock: Clock | None = None,
        logs: LogReader | None = None,
        patience: Patience = DEFAULT_PATIENCE,
    ) -> None:
        self._namespace = namespace
        self._clock = clock or SystemClock()
        self._logs = logs or _log_reader(kube)
        self._patience = patience
        self._view = NamespaceView(kube, namespace, self._clock)

    async def __aenter__(self) -> Self:
        """Start nothing yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop all watches."""
        await self._view.close()

    async def wait_ready(
        self,
        objects: Sequence[Mapping[str, Any]],
        *,
        time_limit: float,
        report: Callable[[RolloutStatus], None] | None = None,
    ) -> RolloutOutcome:
        """Wait until objects are ready, cannot get ready, or the time is over.

        What is judged is never older than the call, so call it after helm has returned.

        Args:
            objects: The release's manifest as Helm applied it, parsed; hooks left out.
            time_limit: Seconds, counted from this call.
            report: Hears the first status and every one that differs from the last.

        Raises:
            ForbiddenError: The right to list or watch the objects is missing.
            UnreachableError: The cluster did not answer until the time was over.
        """
        wanted = self._wanted(objects)
        if not wanted:
            status = decide_rollout(wanted, Snapshot({}), now=self._now())
            if report is not None:
                report(status)
            return RolloutOutcome("ready", status)
        wait = Wait(
            self._view,
            wanted,
            time_limit=time_limit,
            report=report,
            clock=self._clock,
            patience=self._patience,
            logs=self._logs,
            namespace=self._namespace,
        )
        return await wait.run()

    async def snapshot_once(self, objects: Sequence[Mapping[str, Any]]) -> RolloutStatus:
        """Judge objects now, without waiting; what is ready costs one list per kind of workload and no more.

        Raises:
            ForbiddenError: The right to list the objects is missing.
            UnreachableError: The cluster does not answer.
        """
        wanted = self._wanted(objects)
        judged = judged_kinds(wanted)
        since = self._clock.monotonic() - SHARED
        snapshot = await self._view.list_fresh(judged, since=since)
        status = decide_rollout(wanted, snapshot, now=self._now(), patience=self._patience)
        if status.state == "ready":
            return status
        await self._view.read_events(since=since)
        snapshot = await self._view.list_fresh(judged, since=since, optional=explaining_kinds(wanted))
        return decide_rollout(wanted, snapshot, now=self._now(), patience=self._patience)

    def _wanted(self, objects: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        here = Snapshot({}, namespace=self._namespace)
        return [item for item in objects if is_judged(item, here)]

    def _now(self) -> datetime:
        return parse_time(self._clock.now()) or datetime.now(UTC)


def _log_reader(kube: Any) -> LogReader | None:
    return kube if hasattr(kube, "read_log") else None
