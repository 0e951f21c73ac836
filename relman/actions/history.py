"""What ran before: the revisions of a set or of a service, who made them, when, why, and which were good."""

from __future__ import annotations

import asyncio

import msgspec

from relman.actions.inventory import installed_scope, load_inventory
from relman.actions.ports import World
from relman.core import outcome
from relman.core.record import ServiceRecord, SetRecord, Who
from relman.observe.namespace import read_history


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One revision, of a set or of one service in it."""

    namespace: str
    revision: int
    """Of the set."""
    version: str
    """Platform version."""
    action: str
    outcome: str
    good: bool
    who: Who
    why: str = ""
    started: str = ""
    finished: str = ""
    environment: str = ""
    service: str = ""
    service_version: str = ""
    """What the service ran afterwards."""
    helm_revision: int = 0
    images: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    """For a set: what became of each service that moved."""
    source: str = ""
    target: int = 0
    skipped_checks: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    """What was done to it from outside its run: who took its lock away, and why."""


async def history(world: World, name: str | None, namespace: str | None, *, limit: int) -> tuple[HistoryEntry, ...]:
    """Return the newest `limit` entries, newest first; only the records shown are read."""
    inventory = await load_inventory(world.kube, name=name, namespace=namespace)
    scope = installed_scope(inventory, name, namespace)
    keys = sorted(scope.services) if scope.services is not None else None
    # A service does not move in every revision of its set, so all of them are read for it.
    read = 0 if keys else limit
    every = await asyncio.gather(*(read_history(world.kube, name, "", limit=read) for name in scope.namespaces))
    records = [record for found in every for record in found]
    if keys is None:
        return tuple(_set_entry(record) for record in records)
    entries = [_service_entry(r, keys[0], r.services[keys[0]]) for r in records if _moved(r, keys[0])]
    return tuple(entries[:limit])


def _moved(record: SetRecord, key: str) -> bool:
    service = record.services.get(key)
    return service is not None and (service.action != "none" or service.outcome == outcome.HELD)


def _set_entry(record: SetRecord) -> HistoryEntry:
    moved = {key: service for key, service in record.services.items() if service.action != "none"}
    return HistoryEntry(
        namespace=record.namespace,
        revision=record.number,
        version=record.version,
        action=record.action,
        outcome=record.outcome,
        good=record.finished_well,
        who=record.who,
        why=record.why,
        started=record.started,
        finished=record.finished,
        environment=record.environment,
        changes=tuple(f"{key} {_change(service)}" for key, service in moved.items()),
        causes=tuple(f"{key}: {s.causes[0].summary}" for key, s in moved.items() if s.causes),
        source=record.source,
        target=record.target,
        skipped_checks=record.skipped_checks,
        events=record.events,
    )


def _service_entry(record: SetRecord, key: str, service: ServiceRecord) -> HistoryEntry:
    content = service.now.content if service.now else None
    return HistoryEntry(
        namespace=record.namespace,
        revision=record.number,
        version=record.version,
        action=service.action if service.action != "none" else record.action,
        outcome=service.outcome,
        good=bool(service.now and service.now.good),
        who=record.who,
        why=record.why or service.reason,
        started=service.started or record.started,
        finished=service.finished or record.finished,
        environment=record.environment,
        service=key,
        service_version=content.label if content else "",
        helm_revision=service.now.revision if service.now else 0,
        images=content.images if content else (),
        causes=tuple(cause.summary for cause in service.causes),
        changes=(_change(service),),
        source=record.source,
        target=record.target,
    )


def _change(service: ServiceRecord) -> str:
    old = service.before.content.label if service.before and service.before.content else ""
    new = service.wanted.label if service.wanted else ""
    arrow = f"{old} -> {new}" if old and new and old != new else new or old
    return f"{arrow} {service.outcome}".strip()
