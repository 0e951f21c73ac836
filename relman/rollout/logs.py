"""The last lines of containers that crashed (effects)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from helmkit.errors import HelmkitError
from relman.core.diagnosis import Snapshot, find_crashed
from relman.core.diagnosis.snapshot import Object
from relman.rollout.ports import LogReader

LINES = 20
"""Of each container: a Java stack trace's head and its first cause."""
CONTAINERS = 3
"""At most: the pods of one revision crash alike."""


async def read_crash_logs(
    reader: LogReader | None, namespace: str, objects: Sequence[Object], snapshot: Snapshot
) -> dict[tuple[str, str], str]:
    """Return the last log lines of crashed containers by pod and container name, where they can be had."""
    if reader is None:
        return {}
    crashed = find_crashed(objects, snapshot)[:CONTAINERS]

    async def read(pod: str, container: str, *, previous: bool) -> str:
        try:
            return await reader.read_log(namespace, pod, container, previous=previous, lines=LINES)
        except HelmkitError:
            return ""

    logs = await asyncio.gather(*(read(one.pod, one.container, previous=one.previous) for one in crashed))
    return {(one.pod, one.container): log for one, log in zip(crashed, logs, strict=True) if log.strip()}
