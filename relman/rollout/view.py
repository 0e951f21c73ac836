"""What is known of one namespace: feeds by kind, events on request, direct reads (effects)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from helmkit.errors import ForbiddenError, HelmkitError
from relman.core.diagnosis import Snapshot
from relman.core.diagnosis.kinds import API_VERSIONS
from relman.core.diagnosis.snapshot import Object, metadata, name_of
from relman.rollout.feed import Feed
from relman.rollout.ports import Clock, RolloutKube

Key = tuple[str, str]
"""Kind and name."""


class NamespaceView:
    """The live objects of one namespace, shared by everybody who waits there.

    Args:
        kube: The cluster.
        namespace: Which one.
        clock: Time.
    """

    def __init__(self, kube: RolloutKube, namespace: str, clock: Clock) -> None:
        self._kube = kube
        self._namespace = namespace
        self._clock = clock
        self._feeds: dict[str, Feed] = {}
        self._waiting: dict[asyncio.Event, frozenset[Key]] = {}
        self._events: list[dict[str, Any]] = []
        self._events_at: float | None = None
        self._reading = asyncio.Lock()
        self._requested: asyncio.Task[None] | None = None
        self._lists: dict[str, tuple[float, list[dict[str, Any]]]] = {}
        self._listing: dict[str, asyncio.Lock] = {}
        self._picture: Snapshot | None = None

    async def close(self) -> None:
        """Stop all watches."""
        await asyncio.gather(*(feed.close() for feed in self._feeds.values()))
        self._feeds.clear()
        if self._requested is not None:
            self._requested.cancel()
            await asyncio.wait({self._requested})

    async def follow(self, kinds: Iterable[str]) -> bool:
        """Watch these kinds from now on; returns (True) once each has a picture, or a reason why not."""
        for kind in kinds:
            if kind not in self._feeds:
                self._feeds[kind] = Feed(self._kube, kind, self._namespace, self._clock, self._changed)
        await asyncio.gather(*(self._feeds[kind].settled() for kind in kinds))
        return True

    def follows(self, kind: str) -> bool:
        """Return whether this kind is watched; its picture may be older than this moment."""
        return kind in self._feeds

    def problem(self, kinds: Iterable[str]) -> HelmkitError | None:
        """Return why the picture of these kinds is not current, None when it is.

        Raises:
            Exception: An error in this program ended a watch.
        """
        for kind in kinds:
            feed = self._feeds[kind]
            if feed.crash is not None:
                raise feed.crash
            if feed.error is not None:
                return feed.error
        return None

    @contextmanager
    def woken_by(self, keys: Iterable[Key]) -> Iterator[asyncio.Event]:
        """Yield an event that is set whenever one of these objects, or what belongs to it, changes."""
        event = asyncio.Event()
        self._waiting[event] = frozenset(keys)
        try:
            yield event
        finally:
            del self._waiting[event]

    def snapshot(self) -> Snapshot:
        """Return the picture as it is now."""
        if self._picture is None:
            objects = (item for feed in self._feeds.values() for item in feed.objects)
            self._picture = Snapshot.of(objects, events=self._events, namespace=self._namespace)
        return self._picture

    async def refresh(self, objects: Sequence[Object]) -> None:
        """Read these objects directly, so that the picture is not older than this call.

        Raises:
            HelmkitError: One cannot be read.
        """
        found = await asyncio.gather(*(self._read(item) for item in objects))
        for kind, item in found:
            if item is not None and kind in self._feeds and self._feeds[kind].objects.put(item):
                self._changed(item)

    def request_events(self, *, since: float) -> None:
        """Have the events listed in the background, as `read_events` does; nobody waits for it."""
        fresh = self._events_at is not None and self._events_at >= since
        if not fresh and (self._requested is None or self._requested.done()):
            self._requested = asyncio.create_task(self.read_events(since=since))

    async def read_events(self, *, since: float) -> None:
        """List the namespace's events unless that was done at or after `since`, by the monotonic clock.

        It does not matter if it fails. Whoever waits is woken when there are others than before.
        """
        async with self._reading:
            if self._events_at is not None and self._events_at >= since:
                return
            asked, before = self._clock.monotonic(), self._events
            # Without them there is less to tell, and nothing to decide wrongly.
            with suppress(HelmkitError):
                self._events = await self._kube.list_objects("v1", "Event", self._namespace)
            self._events_at = asked
        if before != self._events:
            self._changed(None)

    async def list_fresh(self, kinds: Collection[str], *, since: float, optional: Collection[str] = ()) -> Snapshot:
        """Return a picture read from the cluster now, not from watches, with the events read last.

        Args:
            kinds: What to list.
            since: A list asked for at or after this moment of the monotonic clock is used again, so that many may ask.
            optional: What to list where it is allowed.

        Raises:
            HelmkitError: One of `kinds` cannot be listed.
        """
        lists = await asyncio.gather(
            *(self._list(kind, since, required=True) for kind in kinds),
            *(self._list(kind, since, required=False) for kind in optional),
        )
        objects = (item for items in lists for item in items)
        return Snapshot.of(objects, events=self._events, namespace=self._namespace)

    async def _list(self, kind: str, since: float, *, required: bool) -> list[dict[str, Any]]:
        async with self._listing.setdefault(kind, asyncio.Lock()):
            known = self._lists.get(kind)
            if known is not None and known[0] >= since:
                return known[1]
            asked = self._clock.monotonic()
            try:
                found = await self._kube.list_objects(API_VERSIONS[kind], kind, self._namespace)
            except ForbiddenError:
                if required:
                    raise
                found = []
            self._lists[kind] = (asked, found)
            return found

    async def _read(self, item: Object) -> tuple[str, dict[str, Any] | None]:
        kind = str(item["kind"])
        return kind, await self._kube.get_object(API_VERSIONS[kind], kind, self._namespace, name_of(item))

    def _changed(self, item: Object | None) -> None:
        self._picture = None
        touched = None if item is None else self._touched(item)
        for event, keys in self._waiting.items():
            if touched is None or touched & keys:
                event.set()

    def _touched(self, item: Object) -> set[Key] | None:
        """Return the objects a change concerns, up the chain of owners; None when it may concern anybody."""
        kind = str(item.get("kind"))
        if kind == "PersistentVolumeClaim":
            return None
        keys = {(kind, name_of(item))}
        for reference in metadata(item).get("ownerReferences") or ():
            owner = (str(reference.get("kind")), str(reference.get("name")))
            keys.add(owner)
            feed = self._feeds.get("ReplicaSet") if owner[0] == "ReplicaSet" else None
            above = feed.objects.get(owner[1]) if feed else None
            if above is not None:
                keys |= self._touched(above) or set()
        return keys
