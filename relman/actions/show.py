"""One set revision whole, and what differs between two: from the records alone, so no right on Secrets is needed."""

from __future__ import annotations

import asyncio

import msgspec

from helmkit.errors import UsageError
from relman.actions.inventory import installed_scope, load_inventory
from relman.actions.ports import World
from relman.core.naming import Scope
from relman.core.probing import ProbeRecord
from relman.core.record import CauseRecord, Content, Hold, MigrationRecord, ServiceRecord, SetRecord, Who, record_name
from relman.core.revisions import RevisionDiff, compare_revisions
from relman.observe.namespace import list_records, record_number
from relman.observe.record_reading import read_record


class ShownService(msgspec.Struct, frozen=True, kw_only=True):
    """One service in a set revision."""

    service: str
    release: str
    action: str
    outcome: str
    reason: str
    content: Content | None = None
    """What it ran afterwards: chart, digests, images; null when it was not installed."""
    before: Content | None = None
    wanted: Content | None = None
    """What the run meant to bring, when that is not where the service ended."""
    revision: int = 0
    """Helm's."""
    good: bool = False
    causes: tuple[CauseRecord, ...] = ()
    migrations: tuple[MigrationRecord, ...] = ()
    """Objects that were deleted to be created anew, because a field of them cannot be changed."""
    leftovers: tuple[str, ...] = ()
    started: str = ""
    finished: str = ""


class ShownRevision(msgspec.Struct, frozen=True, kw_only=True):
    """One set revision."""

    namespace: str
    revision: int
    platform: str
    version: str
    """The platform version asked for."""
    stands_at: str
    """The platform version the set stood at afterwards; empty when no single one describes it."""
    environment: str
    cluster: str
    action: str
    outcome: str
    good: bool
    who: Who
    why: str
    started: str
    finished: str
    source: str
    source_digest: str
    bom_digest: str
    previous: int
    target: int
    continues: bool
    on_failure: str
    run: str
    skipped_checks: tuple[str, ...]
    holds: tuple[Hold, ...]
    notes: tuple[str, ...]
    probes: tuple[ProbeRecord, ...]
    events: tuple[str, ...]
    services: tuple[ShownService, ...]


async def show(world: World, name: str | None, namespace: str | None, number: int) -> ShownRevision:
    """Return one set revision; the newest when `number` is 0.

    Raises:
        UsageError: What is named is not there, or has no such revision.
    """
    scope, place, platform = await _set_of(world, name, namespace)
    return _shown(await _load(world, place, platform, number), scope)


async def compare(world: World, name: str | None, namespace: str | None, old: int, new: int) -> RevisionDiff:
    """Return what differs between two set revisions.

    Raises:
        UsageError: What is named is not there, or has no such revision.
    """
    scope, place, platform = await _set_of(world, name, namespace)
    left, right = await asyncio.gather(*(_load(world, place, platform, number) for number in (old, new)))
    return compare_revisions(left, right, scope.services)


async def _set_of(world: World, name: str | None, namespace: str | None) -> tuple[Scope, str, str]:
    if not (name or namespace):
        raise UsageError("nothing is named", hint="Name a namespace or a service: `relman show NAME REVISION`.")
    inventory = await load_inventory(world.kube, name=name, namespace=namespace)
    scope = installed_scope(inventory, name, namespace)
    place = scope.namespaces[0]
    record = inventory.of(place)
    return scope, place, record.platform if record else ""


async def _load(world: World, namespace: str, platform: str, number: int) -> SetRecord:
    listed = sorted(record_number(one) for one in await list_records(world.kube, namespace, platform))
    wanted = number or listed[-1]
    record = None
    if wanted in listed:
        record, _ = await read_record(world.kube, namespace, record_name(platform, wanted))
    if record is None:
        msg = f"{namespace} has no revision {wanted} in its history"
        raise UsageError(msg, hint=f"It has {listed[0]} to {listed[-1]}: `relman history {namespace}/`.")
    return record


def _shown(record: SetRecord, scope: Scope) -> ShownRevision:
    given = {field: getattr(record, field) for field in ShownRevision.__struct_fields__ if hasattr(record, field)}
    services = tuple(
        _service(key, service)
        for key, service in sorted(record.services.items())
        if scope.covers(record.namespace, key)
    )
    return ShownRevision(**{**given, "revision": record.number, "good": record.finished_well, "services": services})


def _service(key: str, service: ServiceRecord) -> ShownService:
    content = service.now.content if service.now else None
    wanted = service.wanted
    return ShownService(
        service=key,
        release=service.release,
        action=service.action,
        outcome=service.outcome,
        reason=service.reason,
        content=content,
        before=service.before.content if service.before else None,
        wanted=None if wanted is None or wanted.same_as(content) else wanted,
        revision=service.now.revision if service.now else 0,
        good=bool(service.now and service.now.good),
        causes=service.causes,
        migrations=service.migrations,
        leftovers=service.leftovers,
        started=service.started,
        finished=service.finished,
    )
