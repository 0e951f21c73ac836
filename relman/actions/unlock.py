"""Free the lock of a set whose holder is gone; the reason goes into the history."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from helmkit.errors import HelmkitError
from relman.actions.inventory import installed_scope, load_inventory
from relman.actions.ports import World
from relman.core.record import SetRecord
from relman.journal import Journal
from relman.lock import Held, break_lock, held_locks
from relman.observe.namespace import list_records, record_number
from relman.observe.record_reading import read_record

Ask = Callable[[str], Awaitable[bool]]


class Unlocked(msgspec.Struct, frozen=True, kw_only=True):
    """One lock that was looked at."""

    namespace: str
    platform: str
    holder: str
    since: str
    """When it was taken, by the holder's clock."""
    freed: bool
    noted: int = 0
    """The set revision whose history says so; 0 when there is none yet."""


async def unlock(
    world: World, name: str | None, namespace: str | None, *, why: str, dry_run: bool = False, ask: Ask | None = None
) -> tuple[Unlocked, ...]:
    """Free the locks of a namespace; empty when nobody holds one.

    The newest record gets a line that says who, when and why. Writing it also fences a run that is frozen rather than
    dead: its next write finds that the record is no longer its own.

    Args:
        world: The ports.
        name: A namespace or a service.
        namespace: The namespace.
        why: Stands in the history.
        dry_run: Look only.
        ask: Asks a person whether to go on in a protected environment, whose name it gets; None: nobody is asked.

    Raises:
        LockHeldError: A holder still renews its lock.
        HelmkitError: A person said no.
    """
    place = namespace or await _namespace_of(world, name or "")
    found = []
    for held in await held_locks(world.kube, place):
        if ask is not None and not dry_run:
            await _confirm(world, held, ask)
        freed = not dry_run and await break_lock(world.kube, held, world.clock, world.reporter.note)
        noted = await _note(world, held, why) if freed else 0
        found.append(
            Unlocked(
                namespace=place, platform=held.platform, holder=held.holder, since=held.since, freed=freed, noted=noted
            )
        )
    return tuple(found)


async def _namespace_of(world: World, name: str) -> str:
    inventory = await load_inventory(world.kube, name=name)
    if not name.endswith("/") and inventory.services:
        known = {record.namespace for record in inventory.records}
        return name if name in known else installed_scope(inventory, name, None).namespaces[0]
    # A first run may have died before it wrote anything: then the namespace is known by its lock alone.
    return name.rstrip("/")


async def _confirm(world: World, held: Held, ask: Ask) -> None:
    record, _ = await _newest(world, held)
    if record is not None and record.protected and not await ask(record.environment):
        msg = "not confirmed, nothing was changed"
        raise HelmkitError(msg, hint="Say --yes to go on without being asked.")


async def _newest(world: World, held: Held) -> tuple[SetRecord | None, str]:
    listed = await list_records(world.kube, held.namespace, held.platform)
    if not listed:
        return None, ""
    return await read_record(world.kube, held.namespace, max(listed, key=record_number).name)


async def _note(world: World, held: Held, why: str) -> int:
    record, version = await _newest(world, held)
    if record is None:
        return 0
    event = f"unlocked {world.clock.now()} by {world.who}: {why} (was held by {held.holder})"
    journal = Journal.take_over(world.kube, record, version)
    await journal.write(lambda one: _with_event(one, event))
    return record.number


def _with_event(record: SetRecord, event: str) -> SetRecord:
    return msgspec.structs.replace(record, events=(*record.events, event))
