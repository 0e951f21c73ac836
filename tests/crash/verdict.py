"""What must hold once a death was dealt with: nothing pending, nothing locked, and a history that is true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from relman.core import outcome
from relman.core.record import DONE, RESTORED, RUNNING, SetRecord
from relman.core.record_codec import DATA_KEY, PREFIX, decode_coordinator
from relman.core.seen import NamespaceSeen
from relman.observe.namespace import observe_namespace, read_history
from relman.observe.record_reading import read_record
from tests.builders.worlds import MemoryWorld
from tests.crash.landscapes import STILL, Landscape

PLATFORM = "shop"
_WORKLOADS = ("Deployment", "StatefulSet")


@dataclass(frozen=True)
class Place:
    """One namespace, as it is left."""

    seen: NamespaceSeen
    records: tuple[SetRecord, ...]
    """Newest first."""
    tags: dict[str, str]
    """By workload: the tag its containers run."""
    holder: str
    """Who holds the lock; empty when it is free."""


async def look(memory: MemoryWorld, landscape: Landscape) -> dict[str, Place]:
    """Look at every namespace of the landscape."""
    return {name: await _look_at(memory, name) for name in landscape.namespaces}


async def _look_at(memory: MemoryWorld, namespace: str) -> Place:
    kube = memory.kube
    seen = await observe_namespace(kube, namespace, PLATFORM)
    lease = await kube.get_object("coordination.k8s.io/v1", "Lease", namespace, f"relman.{PLATFORM}")
    workloads = [item for kind in _WORKLOADS for item in await kube.list_objects("apps/v1", kind, namespace)]
    return Place(
        seen=seen,
        records=tuple(await read_history(kube, namespace, PLATFORM)),
        tags={item["metadata"]["name"]: _tag(item) for item in workloads},
        holder=str((lease or {}).get("spec", {}).get("holderIdentity") or ""),
    )


def _tag(workload: dict[str, Any]) -> str:
    image: str = workload["spec"]["template"]["spec"]["containers"][0]["image"]
    return image.rpartition(":")[2]


def versions_of(places: dict[str, Place], namespaces: tuple[str, ...]) -> set[str]:
    """Return the tags of everything that moves in some namespaces; nothing when nothing is installed."""
    return {tag for name in namespaces for key, tag in places[name].tags.items() if key != STILL}


async def check_ended(
    memory: MemoryWorld, places: dict[str, Place], *, idle: bool, fresh: bool, failed: frozenset[str]
) -> None:
    """Make sure that every run came to its end and that what is written is what is there.

    Args:
        memory: The cluster.
        places: As `look` returned them.
        idle: Nothing was to be done, so no lock was taken, and that of the dead run is left to expire.
        fresh: The run was the first installation: whatever died in it is made anew.
        failed: Services that may stand where they failed.
    """
    for name, place in places.items():
        assert idle or not place.holder, f"{name} is locked by {place.holder}"
        _check_releases(place, failed, fresh=fresh)
        _check_records(place)
        if place.records:
            _check_newest(place, failed)
    await _check_coordinators(memory)


def _check_releases(place: Place, failed: frozenset[str], *, fresh: bool) -> None:
    for name, release in place.seen.releases.items():
        words = [revision.status for revision in release.revisions]
        assert not any(word.startswith("pending-") for word in words), (name, words)
        if name not in failed:
            assert release.newest.status == "deployed", (name, words)
            assert words.count("deployed") == 1, (name, words)
        if name == STILL and not fresh:
            assert len(words) == 1, f"{STILL} was touched: {words}"


def _check_records(place: Place) -> None:
    numbers = [record.number for record in place.records]
    assert numbers == list(range(len(numbers), 0, -1)), numbers
    for record in place.records:
        assert record.outcome != RUNNING, record.number
        assert record.finished, record.number
        words = {service.outcome for service in record.services.values()}
        assert not words & {outcome.PENDING, outcome.STARTED}, (record.number, words)
        assert not any(service.intent for service in record.services.values()), record.number
        if record.outcome == DONE:
            assert words <= outcome.SETTLED_WELL, (record.number, words)
        if record.outcome == RESTORED:
            _check_restored(record)


def _check_restored(record: SetRecord) -> None:
    for key, service in record.services.items():
        if service.action == "none":
            continue
        assert (service.now is None) == (service.before is None), (record.number, key)
        if service.now and service.before and service.now.content:
            assert service.now.content.same_as(service.before.content), (record.number, key)


def _check_newest(place: Place, failed: frozenset[str]) -> None:
    """The newest record must tell exactly what Helm has and what runs."""
    newest = place.records[0]
    there = set(place.seen.releases)
    told = {service.release for service in newest.services.values() if service.now}
    assert told == there, (newest.number, told, there)
    for key, service in newest.services.items():
        if service.now is None or service.release in failed:
            continue
        assert service.now.uid == place.seen.releases[service.release].newest.uid, key
        assert service.now.good, key
        assert service.now.content is not None, key
        assert service.now.content.app_version == place.tags[service.release], key


async def _check_coordinators(memory: MemoryWorld) -> None:
    selector = f"{PREFIX}kind=coordinator"
    for item in await memory.kube.list_configmap_metadata(None, selector):
        found = await memory.kube.get_configmap(item.namespace, item.name)
        assert found is not None
        record = decode_coordinator(found.binary_data[DATA_KEY], item.name)
        bound = [await read_record(memory.kube, ref.namespace, ref.name) for ref in record.records]
        # One that died before its first record began nothing, and nobody will ever ask for it.
        begun = any(one is not None and one.run == record.run for one, _ in bound)
        assert record.outcome != RUNNING or not begun, item.name
