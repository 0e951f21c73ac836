"""Take a lock away from a holder that no longer renews it, and never from one that does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from helmkit.errors import LockHeldError
from helmkit.kube import ConflictError, NotFoundError
from relman.lock.lease import API_VERSION, KIND, holder_of, lease_duration
from relman.ports import Clock, ObjectStore

_PREFIX = "relman."
_POLL = 1.0


@dataclass(frozen=True)
class Held:
    """A lock somebody holds."""

    namespace: str
    platform: str
    holder: str
    since: str
    duration: float
    lease: dict[str, Any]


async def held_locks(store: ObjectStore, namespace: str) -> list[Held]:
    """Return the locks of release sets that are held in a namespace."""
    leases = await store.list_objects(API_VERSION, KIND, namespace)
    return [
        Held(
            namespace=namespace,
            platform=str(lease["metadata"]["name"]).removeprefix(_PREFIX),
            holder=holder_of(lease),
            since=str(lease["spec"].get("acquireTime", ""))[:19],
            duration=lease_duration(lease),
            lease=lease,
        )
        for lease in leases
        if str(lease["metadata"]["name"]).startswith(_PREFIX) and holder_of(lease)
    ]


async def break_lock(store: ObjectStore, held: Held, clock: Clock, waiting: Callable[[str], None]) -> bool:
    """Watch a lock for as long as its holder may stay silent, and free it when it did.

    Returns:
        False when its holder gave it back meanwhile.

    Raises:
        LockHeldError: The holder renews it, so it lives.
    """
    name, version = held.lease["metadata"]["name"], held.lease["metadata"]["resourceVersion"]
    waiting(f"{held.namespace}: watching {held.holder} for {held.duration:.0f} s: whoever lives renews the lock")
    end = clock.monotonic() + held.duration
    while True:
        found = await store.get_object(API_VERSION, KIND, held.namespace, name)
        if found is None or not holder_of(found):
            return False
        if found["metadata"]["resourceVersion"] != version:
            raise _alive(held)
        if clock.monotonic() >= end:
            break
        await clock.sleep(_POLL)
    metadata = {key: value for key, value in found["metadata"].items() if key != "managedFields"}
    try:
        await store.replace_object({**found, "metadata": metadata, "spec": {**found["spec"], "holderIdentity": ""}})
    except NotFoundError:
        return False
    except ConflictError as error:
        raise _alive(held) from error
    return True


def _alive(held: Held) -> LockHeldError:
    message = f"the lock of {held.namespace} is held by {held.holder} since {held.since} UTC, and was renewed just now"
    return LockHeldError(message, hint="It works. Wait for it (--wait-lock 10m queues), or stop it where it runs.")
