"""One list and watch of one kind in one namespace, shared by everybody who waits there (effects)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

from helmkit.errors import ForbiddenError, HelmkitError
from relman.core.diagnosis.kinds import API_VERSIONS
from relman.core.diagnosis.snapshot import Object
from relman.rollout.live import LiveObjects
from relman.rollout.ports import Change, Clock, RolloutKube

RETRY = 2.0
"""Seconds before a watch is started anew after the cluster did not answer for longer than helmkit tries."""


class Feed:
    """Keeps the objects of a kind up to date until it is closed.

    Args:
        kube: The cluster.
        kind: One of `API_VERSIONS`.
        namespace: Where.
        clock: Time.
        changed: Called after every change with the object; with None after a whole new picture and when the state of
            the connection changes.
    """

    def __init__(
        self, kube: RolloutKube, kind: str, namespace: str, clock: Clock, changed: Callable[[Object | None], None]
    ) -> None:
        self.kind = kind
        self.objects = LiveObjects()
        self.error: HelmkitError | None = None
        """Why the picture may be out of date at the moment; None while the watch stands."""
        self.crash: BaseException | None = None
        """What ended the feed for good: an error in this program."""
        self._kube = kube
        self._namespace = namespace
        self._clock = clock
        self._changed = changed
        self._settled = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name=f"watch {kind} in {namespace}")
        self._task.add_done_callback(self._ended)

    @property
    def synced(self) -> bool:
        """Whether there has been a whole picture."""
        return self._settled.is_set() and self.error is None

    async def settled(self) -> None:
        """Wait until there is a whole picture, or a reason why there is none yet."""
        await self._settled.wait()

    async def close(self) -> None:
        """Stop watching; returns when the connection is closed."""
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _run(self) -> None:
        while True:
            try:
                await self._follow()
            except HelmkitError as error:
                self.error = error
            self._settled.set()
            self._changed(None)
            # Rights may be granted meanwhile, a cluster comes back: whoever waits has the time limit.
            await self._clock.sleep(RETRY * (5 if isinstance(self.error, ForbiddenError) else 1))

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            self.crash = task.exception()
        self._settled.set()
        self._changed(None)

    async def _follow(self) -> None:
        stream = self._kube.list_and_watch(API_VERSIONS[self.kind], self.kind, self._namespace)
        async with aclosing(stream) as changes:
            async for change in changes:
                self._take(change)

    def _take(self, change: Change) -> None:
        self.error = None
        if change.type == "SNAPSHOT":
            self.objects.replace_all(change.objects)
            self._settled.set()
            self._changed(None)
            return
        item = change.objects[0]
        taken = self.objects.remove(item) if change.type == "DELETED" else self.objects.put(item)
        if taken:
            self._changed(item)
