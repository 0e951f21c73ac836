"""Close the record of a run that died, from what is there now.

By now we hold its lock, so its relman is gone or frozen past its lease. A helm of it may still live where the host
was lost rather than the process: a pending release is therefore left alone until no helm of that run can live any
more, by the cluster's own clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

from relman.actions.ports import World
from relman.core.plan import Plan
from relman.core.record import SetRecord
from relman.core.recording import close_interrupted, dangling_revisions, next_revisions
from relman.core.seen import NamespaceSeen
from relman.execute.effects import FAILED
from relman.execute.plan_run import COMMIT
from relman.journal import Journal
from relman.journal.coordinator import close_coordinator

_LIMIT = 120
"""Seconds a helm lives at most, when the record does not say."""


async def close_unfinished(world: World, plan: Plan, seen: Mapping[str, NamespaceSeen], server_time: object) -> None:
    """Close every unfinished record of the plan as interrupted.

    Raises:
        FencedError: Somebody else closes it at the same time.
    """
    for namespace in plan.unfinished:
        await _close(world, seen[namespace], server_time)


async def _close(world: World, seen: NamespaceSeen, server_time: object) -> None:
    record = seen.record
    if record is None:
        return
    await _outlive(world, record, seen, server_time)
    ours = await _made_by(world, record, seen)
    decision = await close_coordinator(world.kube, record.coordinator, world.clock.now())
    journal = Journal.take_over(world.kube, record, seen.record_version)
    finished, committed = world.clock.now(), record.coordinator is None or decision == COMMIT
    await journal.write(lambda one: close_interrupted(one, seen, ours, finished, committed=committed))
    world.reporter.note(f"{seen.namespace}: revision {record.number} was closed as {journal.record.outcome}")


async def _outlive(world: World, record: SetRecord, seen: NamespaceSeen, server_time: object) -> None:
    """Wait until no helm of the dead run can still work on a pending release."""
    limit = timedelta(seconds=record.helm_limit or _LIMIT)
    for service in record.services.values():
        release = seen.releases.get(service.release)
        if release is None or not release.newest.pending or not isinstance(server_time, datetime):
            continue
        age = server_time - datetime.fromisoformat(release.newest.created_at)
        if age < limit:
            left = (limit - age).total_seconds()
            world.reporter.note(f"{release.name}: waiting {left:.0f} s until the helm of the dead run has ended")
            await world.clock.sleep(left)


async def _made_by(world: World, record: SetRecord, seen: NamespaceSeen) -> frozenset[str]:
    """Return the UIDs of revisions the dead run made without living to record them: its id stands in them."""
    dangling = dangling_revisions(record, seen)
    stored = await asyncio.gather(
        *(world.kube.get_release(seen.namespace, release, revision) for release, revision in dangling)
    )
    found = {one.uid for one in stored if record.run in one.description}
    # While a revision is pending, and when it fails, Helm writes a description of its own: then only the intent
    # speaks for us. A helm whose relman was killed gets SIGTERM, and sets its release to failed before it ends.
    unnamed = {one.uid for one in stored if one.status.startswith("pending-") or one.status == FAILED}
    return frozenset(found | (unnamed & next_revisions(record, seen)))
