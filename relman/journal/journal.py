"""One namespace's journal: the record's ConfigMap, of which we hold the only right version.

Creating it is a fence: if it exists, somebody else is running. Every write carries the resource version of the one
before; when that is no longer right, somebody closed our record and goes on from what is there, so we must not
start anything any more. Writes asked for at the same time become one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from helmkit.errors import LockHeldError
from helmkit.kube import AlreadyExistsError, ConfigMap, ConflictError, NotFoundError
from relman.core.record import SetRecord
from relman.core.record_codec import DATA_KEY, encode_record, record_labels, summary_annotations
from relman.ports import RecordStore

Change = Callable[[SetRecord], SetRecord]


class FencedError(LockHeldError):
    """Somebody else closed our record: this run no longer owns the set."""


class Journal:
    """A record being written. Made by `create` or `take_over`.

    Args:
        store: The cluster.
        record: The record as it is there.
        stored: Its ConfigMap as it is there.
    """

    def __init__(self, store: RecordStore, record: SetRecord, stored: ConfigMap) -> None:
        self._store = store
        self._record = record
        self._stored = stored
        self._lock = asyncio.Lock()
        self._dirty = False
        self._unsure: list[bytes] = []
        """What was sent since the last answer: any of it may have arrived."""
        self._fenced: FencedError | None = None

    @classmethod
    async def create(cls, store: RecordStore, record: SetRecord) -> Journal:
        """Write the first state of a record.

        Raises:
            LockHeldError: There is a record of that number: somebody else runs on this set.
        """
        try:
            stored = await store.create_configmap(_configmap(record, ""))
        except AlreadyExistsError as error:
            stored_already = await store.get_configmap(record.namespace, record.name)
            if stored_already is not None and stored_already.labels == record_labels(record):
                # Our own request, repeated after a lost answer: the run id in the labels is ours alone.
                return cls(store, record, stored_already)
            message = f"somebody else has begun revision {record.number} of {record.namespace}"
            raise LockHeldError(
                message, hint=f"See who: `relman history {record.namespace}/`; then try again."
            ) from error
        return cls(store, record, stored)

    @classmethod
    def take_over(cls, store: RecordStore, record: SetRecord, resource_version: str) -> Journal:
        """Continue the record of a run that died, at the version it was read at."""
        return cls(store, record, _configmap(record, resource_version))

    @property
    def record(self) -> SetRecord:
        """The record with all changes, also those still being written."""
        return self._record

    @property
    def fenced(self) -> bool:
        """Whether somebody else owns the set now."""
        return self._fenced is not None

    async def write(self, change: Change) -> None:
        """Change the record and return when that is in the cluster.

        Raises:
            FencedError: Somebody else changed the record; also every time after.
            HelmkitError: The cluster cannot be written to; the change is kept and goes with the next write.
        """
        if self._fenced:
            raise self._fenced
        self._record = change(self._record)
        self._dirty = True
        async with self._lock:
            if self._dirty:
                await self._flush()

    async def _flush(self) -> None:
        meant = self._record
        self._dirty = False
        try:
            self._stored = await self._replace(meant)
        except BaseException:
            self._dirty = True
            raise

    async def _replace(self, meant: SetRecord) -> ConfigMap:
        while True:
            configmap = _configmap(meant, self._stored.resource_version)
            packed = configmap.binary_data[DATA_KEY]
            earlier, self._unsure = self._unsure, [*self._unsure, packed]
            try:
                stored = await self._store.replace_configmap(configmap)
            except (ConflictError, NotFoundError) as error:
                found = await self._store.get_configmap(meant.namespace, meant.name)
                there = found.binary_data.get(DATA_KEY) if found else None
                if found is None or there not in self._unsure:
                    raise self._fence(meant) from error
                # A write of ours went through and its answer was lost.
                self._stored, self._unsure = found, [one for one in earlier if one != there]
                if there != packed:
                    continue
                stored = found
            self._unsure = []
            return stored

    def _fence(self, meant: SetRecord) -> FencedError:
        self._fenced = FencedError(
            f"revision {meant.number} of {meant.namespace} was taken over by somebody else",
            hint=f"This run stops here; `relman history {meant.namespace}/` shows who goes on.",
        )
        return self._fenced


def _configmap(record: SetRecord, resource_version: str) -> ConfigMap:
    return ConfigMap(
        namespace=record.namespace,
        name=record.name,
        binary_data={DATA_KEY: encode_record(record)},
        labels=record_labels(record),
        annotations=summary_annotations(record),
        resource_version=resource_version,
    )
