"""The journal of a run over several namespaces: one record that holds the decision to commit or to restore."""

from __future__ import annotations

import contextlib

import msgspec

from helmkit.errors import LockHeldError
from helmkit.kube import AlreadyExistsError, ConfigMap, ConflictError
from relman.core.record import DONE, INTERRUPTED, RUNNING, Coordinator, RecordRef, coordinator_name
from relman.core.record_codec import (
    DATA_KEY,
    PREFIX,
    coordinator_labels,
    decode_coordinator,
    encode_coordinator,
    label_value,
)
from relman.ports import RecordStore


class CoordinatorJournal:
    """A coordinator record being written. Made by `create`.

    Args:
        store: The cluster.
        home: The platform's home namespace.
        record: The record as it is there.
        stored: Its ConfigMap as it is there.
    """

    def __init__(self, store: RecordStore, home: str, record: Coordinator, stored: ConfigMap) -> None:
        self._store = store
        self._home = home
        self._stored = stored
        self.record = record

    @classmethod
    async def create(cls, store: RecordStore, home: str, record: Coordinator) -> CoordinatorJournal:
        """Write the first state.

        Raises:
            LockHeldError: Somebody else has begun a run of that number.
        """
        try:
            stored = await store.create_configmap(_configmap(home, record, ""))
        except AlreadyExistsError as error:
            message = f"somebody else has begun run {record.number} of platform {record.platform}"
            raise LockHeldError(message, hint="See `relman status`; then try again.") from error
        return cls(store, home, record, stored)

    @property
    def reference(self) -> RecordRef:
        """Where it is."""
        return RecordRef(self._home, coordinator_name(self.record.platform, self.record.number))

    async def write(self, *, decision: str | None = None, outcome: str | None = None, finished: str = "") -> None:
        """Record a decision or the end; raises ConflictError when somebody else changed the record."""
        self.record = msgspec.structs.replace(
            self.record,
            decision=self.record.decision if decision is None else decision,
            outcome=self.record.outcome if outcome is None else outcome,
            finished=finished or self.record.finished,
        )
        configmap = _configmap(self._home, self.record, self._stored.resource_version)
        self._stored = await self._store.replace_configmap(configmap)


async def close_coordinator(store: RecordStore, reference: RecordRef | None, finished: str) -> str:
    """Close the record that binds a dead run, if it is still open, and return its decision; idempotent."""
    found = await store.get_configmap(reference.namespace, reference.name) if reference else None
    if reference is None or found is None or DATA_KEY not in found.binary_data:
        return ""
    record = decode_coordinator(found.binary_data[DATA_KEY], reference.name)
    if record.outcome == RUNNING:
        journal = CoordinatorJournal(store, reference.namespace, record, found)
        # Whoever was faster did the same.
        with contextlib.suppress(ConflictError):
            await journal.write(outcome=DONE if record.decision == "commit" else INTERRUPTED, finished=finished)
    return record.decision


async def next_coordinator_number(store: RecordStore, home: str, platform: str) -> int:
    """Return the number of the next run over several namespaces."""
    selector = f"{PREFIX}kind=coordinator,{PREFIX}platform={label_value(platform)}"
    listed = await store.list_configmap_metadata(home, selector)
    numbers = [int(one.labels.get(PREFIX + "number", "0")) for one in listed]
    return max(numbers, default=0) + 1


def _configmap(home: str, record: Coordinator, resource_version: str) -> ConfigMap:
    return ConfigMap(
        namespace=home,
        name=coordinator_name(record.platform, record.number),
        binary_data={DATA_KEY: encode_coordinator(record)},
        labels=coordinator_labels(record),
        resource_version=resource_version,
    )
