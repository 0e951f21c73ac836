"""Set records that were read once and have not been written since: they are not asked for again."""

from __future__ import annotations

from helmkit.kube import ObjectMetadata
from relman.core.record import SetRecord
from relman.observe.record_reading import read_record
from relman.ports import RecordStore


class RecordCache:
    """What one command has read of records, by UID and resource version.

    It cannot be out of date: a listing says which version a record has now, and a version never changes its content.
    """

    def __init__(self) -> None:
        self._read: dict[tuple[str, str], SetRecord] = {}

    async def read(self, kube: RecordStore, listed: ObjectMetadata) -> tuple[SetRecord | None, str]:
        """Return a record that was just listed, and its resource version; as `read_record` does, with its errors."""
        key = (listed.uid, listed.resource_version)
        if key in self._read:
            return self._read[key], listed.resource_version
        record, version = await read_record(kube, listed.namespace, listed.name)
        if record is not None and version and version == listed.resource_version:
            self._read[key] = record
        return record, version
