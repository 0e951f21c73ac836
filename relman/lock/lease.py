"""One Lease `relman.<platform>` in each namespace of the set.

No clocks are compared: a Lease has expired when its resource version stayed the same for its own duration by *our*
monotonic clock. The holder renews every third of the duration, and considers itself without a lock when it could not
for two thirds, so that it stops before anybody else may start. The Lease queues operators; what fences writes is the
resource version of the journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helmkit.errors import HelmkitError, LockHeldError
from helmkit.kube import AlreadyExistsError, ConflictError, NotFoundError
from relman.ports import Clock, ObjectStore

API_VERSION = "coordination.k8s.io/v1"
KIND = "Lease"
_POLL = 1.0


@dataclass(frozen=True)
class LockSettings:
    """How locks behave."""

    duration: float = 15.0
    """Seconds after which a Lease nobody renewed has expired."""
    wait: float = 0.0
    """Seconds to queue for a Lease somebody holds."""


class SetLock:
    """The lock of one set. `acquire` it, `release` it; while held it renews itself.

    Args:
        store: The cluster.
        namespace: Of the set.
        platform: Of the set.
        holder: Who we are, for people.
        clock: Time.
        settings: How it behaves.
        waiting: Is told who holds the lock while we queue.
        on_lost: Is called once when the lock is lost.
    """

    def __init__(
        self, store: ObjectStore, namespace: str, platform: str, *, holder: str, clock: Clock,
        settings: LockSettings, waiting: Callable[[str], None], on_lost: Callable[[], None],
    ) -> None:  # fmt: skip
        self._store = store
        self.namespace = namespace
        self._name = f"relman.{platform}"
        self._holder = holder
        self._clock = clock
        self._settings = settings
        self._waiting = waiting
        self._on_lost = on_lost
        self._lease: dict[str, Any] | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._writes = 0
        self.lost = False
        self.server_time: datetime | None = None
        """The cluster's own time when the lock was taken, for judging the age of what a dead run left behind."""

    async def acquire(self) -> None:
        """Take the lock.

        Raises:
            LockHeldError: Somebody holds it, and still does after the time to wait.
        """
        started = self._clock.monotonic()
        watched: tuple[str, float] | None = None
        while True:
            found = await self._store.get_object(API_VERSION, KIND, self.namespace, self._name)
            free = found is None or not holder_of(found) or holder_of(found) == self._holder
            version = "" if found is None else str(found["metadata"]["resourceVersion"])
            now = self._clock.monotonic()
            renewed = watched is not None and watched[0] != version
            if watched is None or renewed:
                watched = (version, now)
            if (free or now - watched[1] >= lease_duration(found)) and await self._take(found):
                return
            if not free and found is not None:
                self._refuse_or_wait(found, renewed=renewed, waited=now - started)
            await self._clock.sleep(_POLL)

    async def release(self) -> None:
        """Give the lock back; failing to is no error, it expires by itself. A second time does nothing."""
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.wait({self._renewing})
            self._renewing = None
        lease, self._lease = self._lease, None
        if lease is None or self.lost:
            return
        try:
            await self._write(lease, {**lease["spec"], "holderIdentity": ""})
        except HelmkitError:
            # Its record is closed, so whoever comes next only waits for the lease to expire.
            return

    def _refuse_or_wait(self, found: dict[str, Any], *, renewed: bool, waited: float) -> None:
        # A lease seen renewed is alive. One not yet seen renewed may be dead: that takes its duration to find out.
        who, since = holder_of(found), str(found["spec"].get("acquireTime", ""))[:19]
        if waited >= self._settings.wait and (renewed or waited > 2 * lease_duration(found)):
            message = f"{self.namespace} is being changed by {who} since {since} UTC"
            raise LockHeldError(message, hint="Wait for it: --wait-lock 10m queues.")
        self._waiting(f"{self.namespace}: waiting for {who} (since {since} UTC)")

    async def _take(self, found: dict[str, Any] | None) -> bool:
        now = self._micro_time()
        transitions = 0 if found is None else int(found["spec"].get("leaseTransitions") or 0) + 1
        spec = {
            "holderIdentity": self._holder,
            "leaseDurationSeconds": max(1, round(self._settings.duration)),
            "acquireTime": now,
            "renewTime": now,
            "leaseTransitions": transitions,
        }
        try:
            if found is None:
                self._lease = await self._store.create_object(self._object(spec))
            else:
                self._lease = await self._write(found, spec)
        except (AlreadyExistsError, ConflictError, NotFoundError):
            return False
        self.server_time = _server_time(self._lease)
        self._renewing = asyncio.create_task(self._renew())
        return True

    async def _renew(self) -> None:
        last = self._clock.monotonic()
        while True:
            await self._clock.sleep(self._settings.duration / 3)
            lease = self._lease
            if lease is None:
                return None
            silent = self._settings.duration * 2 / 3
            try:
                # A request that is repeated, or hangs, must not keep us from noticing that the lease runs out. Who was
                # kept from renewing for too long may still try: it is refused once somebody else has the lock.
                left = silent - (self._clock.monotonic() - last)
                async with asyncio.timeout(max(left, self._settings.duration / 15)):
                    if not await self._renewed(lease):
                        return self._lose()
                last = self._clock.monotonic()
            except TimeoutError:
                return self._lose()
            except HelmkitError:
                if self._clock.monotonic() - last >= silent:
                    return self._lose()

    async def _renewed(self, lease: Mapping[str, Any]) -> bool:
        """Renew the lock; False when somebody else has it."""
        try:
            self._lease = await self._write(lease, {**lease["spec"], "renewTime": self._micro_time()})
        except (ConflictError, NotFoundError):
            # What was refused may be our own: an earlier renewal whose answer got lost has arrived.
            found = await self._store.get_object(API_VERSION, KIND, self.namespace, self._name)
            if found is None or holder_of(found) != self._holder:
                return False
            self._lease = found
        return True

    def _lose(self) -> None:
        self.lost = True
        self._on_lost()

    async def _write(self, lease: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
        metadata = {key: value for key, value in lease["metadata"].items() if key != "managedFields"}
        return await self._store.replace_object({**lease, "metadata": metadata, "spec": dict(spec)})

    def _micro_time(self) -> str:
        # The fraction counts writes: an update that changes nothing would not get a new resource version.
        self._writes += 1
        return f"{self._clock.now()[:19]}.{self._writes % 1_000_000:06d}Z"

    def _object(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        metadata = {"name": self._name, "namespace": self.namespace}
        return {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": dict(spec)}


def holder_of(lease: Mapping[str, Any]) -> str:
    """Return who holds a Lease; empty when nobody does."""
    return str((lease.get("spec") or {}).get("holderIdentity") or "")


def lease_duration(lease: Mapping[str, Any] | None) -> float:
    """Return the seconds after which a Lease nobody renewed has expired."""
    return float(((lease or {}).get("spec") or {}).get("leaseDurationSeconds") or 15)


def _server_time(lease: Mapping[str, Any]) -> datetime | None:
    """Return the cluster's time of the write that made this version of a Lease."""
    metadata = lease.get("metadata") or {}
    times = [entry.get("time") for entry in metadata.get("managedFields") or ()] or [metadata.get("creationTimestamp")]
    known = [str(time) for time in times if time]
    return datetime.fromisoformat(max(known)) if known else None
