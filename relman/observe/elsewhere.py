"""The sets of a platform in namespaces that a run does not name: services may have to move from there."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from helmkit.errors import ForbiddenError
from helmkit.kube import ObjectMetadata
from relman.core.record import SetRecord
from relman.observe.namespace import list_records, record_number
from relman.observe.record_cache import RecordCache
from relman.ports import RecordStore


async def read_elsewhere(
    kube: RecordStore, platform: str, known: Collection[str], cache: RecordCache | None = None
) -> tuple[SetRecord, ...]:
    """Return the newest record of each other namespace; none where only single namespaces may be read.

    Args:
        kube: The cluster.
        platform: Whose records.
        known: Namespaces that are looked at anyway.
        cache: What was read of records before.
    """
    try:
        listed = await list_records(kube, None, platform)
    except ForbiddenError:
        return ()
    newest: dict[str, ObjectMetadata] = {}
    for one in sorted(listed, key=record_number):
        if one.namespace not in known:
            newest[one.namespace] = one
    cache = cache or RecordCache()
    found = await asyncio.gather(*(cache.read(kube, newest[name]) for name in sorted(newest)))
    return tuple(record for record, _ in found if record is not None)
