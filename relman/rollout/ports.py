"""What watching rollouts needs from the outside."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Protocol


class Change(Protocol):
    """A change in the cluster, or a whole picture to start from; `helmkit.kube.WatchEvent` is one."""

    @property
    def type(self) -> str:
        """`SNAPSHOT`, `ADDED`, `MODIFIED` or `DELETED`."""

    @property
    def objects(self) -> tuple[dict[str, Any], ...]:
        """All objects of a snapshot; else the one that changed."""


class RolloutKube(Protocol):
    """The cluster; `helmkit.kube.Kube` is one.

    A method `read_log` as in `LogReader` is used when it is there.
    """

    # Not `async def`: calling an async generator function gives the generator at once.
    def list_and_watch(self, api_version: str, kind: str, namespace: str | None = None) -> AsyncGenerator[Change, None]:
        """Yield a snapshot of all objects, then every change, for ever; further snapshots void what was before."""

    async def list_objects(self, api_version: str, kind: str, namespace: str | None = None) -> list[dict[str, Any]]:
        """Return all objects of a kind."""

    async def get_object(self, api_version: str, kind: str, namespace: str | None, name: str) -> dict[str, Any] | None:
        """Return one object; None when there is none of that name."""


class LogReader(Protocol):
    """Reads container logs. Optional: without it a crash is diagnosed by exit code alone."""

    async def read_log(self, namespace: str, pod: str, container: str, *, previous: bool, lines: int) -> str:
        """Return the last `lines` lines a container wrote.

        Args:
            namespace: Of the pod.
            pod: Its name.
            container: The container's name.
            previous: Of the attempt before the one that runs or waits now.
            lines: How many at most.

        Raises:
            HelmkitError: They cannot be had: no right, no log any more, the node does not answer.
        """


class Clock(Protocol):
    """Time; `relman.ports.Clock` is one."""

    def now(self) -> str:
        """Return the time, RFC 3339 in UTC."""

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back; only differences mean anything."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
