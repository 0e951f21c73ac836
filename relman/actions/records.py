"""Opening and closing the records of a run, and pruning old ones."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from relman.actions.ports import World
from relman.core.plan import Plan
from relman.core.record import SCHEMA, Coordinator, RecordRef, SetRecord
from relman.core.recording import close_record, open_record
from relman.core.seen import NamespaceSeen
from relman.core.unfinished import is_unfinished
from relman.journal import CoordinatorJournal, Journal
from relman.journal.coordinator import next_coordinator_number


async def open_journals(
    world: World, header: SetRecord, plan: Plan, seen: Mapping[str, NamespaceSeen], home: str
) -> tuple[dict[str, Journal], CoordinatorJournal | None]:
    """Create the run's records in sorted order; for several namespaces, first the one that binds them.

    Raises:
        LockHeldError: Somebody else began the same revision.
    """
    records = [_first_state(header, plan, seen[namespace]) for namespace in plan.recorded]
    coordinator = None
    if len(records) > 1 and home:
        coordinator = await _coordinator(world, header, home, records)
        records = [msgspec.structs.replace(record, coordinator=coordinator.reference) for record in records]
    journals = await asyncio.gather(*(Journal.create(world.kube, record) for record in records))
    return {journal.record.namespace: journal for journal in journals}, coordinator


async def close_journals(
    world: World, journals: Mapping[str, Journal], coordinator: CoordinatorJournal | None, word: str
) -> tuple[SetRecord, ...]:
    """Close all records of a run with its outcome."""
    finished = world.clock.now()
    # First the one that binds them: whoever finds an open record closes that one too, but nobody looks for one whose
    # records are all closed.
    if coordinator:
        await coordinator.write(outcome=word, finished=finished)
    await asyncio.gather(
        *(journal.write(lambda record: close_record(record, word, finished)) for journal in journals.values())
    )
    return tuple(journal.record for journal in journals.values())


def _first_state(header: SetRecord, plan: Plan, seen: NamespaceSeen) -> SetRecord:
    # The header belongs to the version asked for; the plan knows what a rollback really goes to.
    own = msgspec.structs.replace(
        header,
        namespace=seen.namespace,
        number=seen.next_number,
        previous=seen.record.number if seen.record else 0,
        version=plan.version,
        environment=plan.environment,
        whole=plan.whole,
        target=plan.target,
        continues=plan.continues and seen.record is not None and is_unfinished(seen.record),
        notes=plan.notes,
    )
    return open_record(own, plan, seen.record)


async def _coordinator(world: World, header: SetRecord, home: str, records: Sequence[SetRecord]) -> CoordinatorJournal:
    await world.kube.ensure_namespace(home)
    number = await next_coordinator_number(world.kube, home, header.platform)
    record = Coordinator(
        schema=SCHEMA,
        platform=header.platform,
        number=number,
        run=header.run,
        version=header.version,
        environment=header.environment,
        records=tuple(RecordRef(one.namespace, one.name) for one in records),
        why=header.why,
        who=header.who,
        started=header.started,
    )
    return await CoordinatorJournal.create(world.kube, home, record)
