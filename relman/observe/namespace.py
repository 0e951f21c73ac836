"""Look at one namespace: Helm releases, the newest set record, and the metadata of the objects it names.

About four requests, all metadata except for the one record: releases, records, that record, and one list for each
kind of object the set has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from itertools import groupby

from helmkit.errors import ForbiddenError
from helmkit.kube import ObjectMetadata, ReleaseMetadata
from relman.core.record import SetRecord
from relman.core.record_codec import PREFIX, label_value
from relman.core.seen import UNINSTALLED, NamespaceSeen, ReleaseSeen, RevisionSeen
from relman.observe.marks import kinds_of, live_marks
from relman.observe.record_cache import RecordCache
from relman.observe.record_reading import read_record
from relman.ports import KubePort, RecordStore


async def observe_namespace(
    kube: KubePort, namespace: str, platform: str, *, objects: bool = True, cache: RecordCache | None = None
) -> NamespaceSeen:
    """Look at a namespace; one that does not exist is seen as empty.

    Args:
        kube: The cluster.
        namespace: Which.
        platform: Whose records to read.
        objects: Also look at live objects, as drift needs it.
        cache: What was read of records before.

    Raises:
        HelmkitError: Something could not be read that a decision needs.
    """
    releases, records = await asyncio.gather(
        kube.list_release_metadata(namespace), list_records(kube, namespace, platform)
    )
    numbers = tuple(sorted(record_number(one) for one in records))
    record, version = (
        await (cache or RecordCache()).read(kube, max(records, key=record_number)) if records else (None, "")
    )
    seen = live_marks_wanted(record) if objects else ()
    return NamespaceSeen(
        namespace=namespace,
        releases=releases_seen(releases),
        record=record,
        record_version=version,
        numbers=numbers,
        objects=await live_marks(kube, namespace, seen) if seen else {},
    )


async def observe_all(
    kube: KubePort, namespaces: Iterable[str], platform: str, cache: RecordCache | None = None
) -> dict[str, NamespaceSeen]:
    """Look at several namespaces at once."""
    names = sorted(namespaces)
    found = await asyncio.gather(*(observe_namespace(kube, name, platform, cache=cache) for name in names))
    return dict(zip(names, found, strict=True))


async def list_records(kube: RecordStore, namespace: str | None, platform: str = "") -> list[ObjectMetadata]:
    """Return the metadata of set records; of all namespaces when `namespace` is None, of all platforms when empty."""
    selector = f"{PREFIX}kind=set" + (f",{PREFIX}platform={label_value(platform)}" if platform else "")
    found = await kube.list_configmap_metadata(namespace, selector)
    return [one for one in found if one.labels.get(PREFIX + "number", "").isdecimal()]


async def read_history(kube: RecordStore, namespace: str, platform: str, *, limit: int = 0) -> list[SetRecord]:
    """Return the set's records, newest first; the newest `limit` when it is not 0."""
    listed = sorted(await list_records(kube, namespace, platform), key=record_number, reverse=True)
    chosen = listed[:limit] if limit else listed
    found = await asyncio.gather(*(read_record(kube, namespace, one.name) for one in chosen))
    return [record for record, _ in found if record is not None]


def record_number(one: ObjectMetadata) -> int:
    """Return a record's number, from its label."""
    return int(one.labels[PREFIX + "number"])


def releases_seen(found: Sequence[ReleaseMetadata]) -> dict[str, ReleaseSeen]:
    """Group revisions by release; what was uninstalled counts as not there."""
    ordered = sorted(found, key=lambda one: (one.name, one.revision))
    seen = {name: ReleaseSeen(name, tuple(map(_revision, group))) for name, group in groupby(ordered, lambda r: r.name)}
    return {name: release for name, release in seen.items() if release.newest.status != UNINSTALLED}


def live_marks_wanted(record: SetRecord | None) -> tuple[tuple[str, str], ...]:
    """Return the kinds of objects a record names, as (apiVersion, kind)."""
    if record is None:
        return ()
    return kinds_of(ref for service in record.services.values() if service.now for ref in service.now.objects)


async def platforms_in(kube: RecordStore, namespace: str | None) -> list[ObjectMetadata]:
    """Return the metadata of every set record there is.

    Raises:
        ForbiddenError: All namespaces were asked for, and only single ones may be read.
    """
    try:
        return await list_records(kube, namespace)
    except ForbiddenError as error:
        if namespace is not None:
            raise
        msg = f"{error.message}; only single namespaces may be read"
        raise ForbiddenError(msg, hint="Name the namespace.") from error


def _revision(one: ReleaseMetadata) -> RevisionSeen:
    created = one.created_at.isoformat() if one.created_at else ""
    return RevisionSeen(one.revision, one.uid, one.status, one.resource_version, created)
