"""Removing old records and old Helm revisions, never one a rollback could need.

relman calls helm without a limit on its history, because helm would prune by number alone, the only good revision
included. Failing to prune is no reason to fail a run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from helmkit.errors import HelmkitError
from relman.actions.ports import World
from relman.core.history import KEEP_RECORDS, prunable, prunable_revisions
from relman.core.record import SetRecord, record_name
from relman.observe.namespace import read_history

_MARGIN = 5
"""Beyond the limit before pruning looks at all, so that most runs do not."""
KEEP_REVISIONS = 15
"""Helm revisions of a release that always stay."""


async def prune(world: World, records: Sequence[SetRecord]) -> None:
    """Prune what belongs to the sets of these records, the newest of each."""
    await asyncio.gather(*(_prune_set(world, record) for record in records))


async def _prune_set(world: World, newest: SetRecord) -> None:
    try:
        if newest.number > KEEP_RECORDS + _MARGIN:
            await prune_records(world, newest)
        moved = [service.release for service in newest.services.values() if service.action != "none"]
        await asyncio.gather(*(prune_revisions(world, newest, release) for release in moved))
    except HelmkitError as error:
        world.reporter.note(f"{newest.namespace}: old history was not removed: {error.message}")


async def prune_records(world: World, newest: SetRecord, keep: int = KEEP_RECORDS) -> None:
    """Delete old records of a set, beyond the newest `keep`; idempotent."""
    records = await read_history(world.kube, newest.namespace, newest.platform)
    for number in prunable(records, keep):
        await world.kube.delete_configmap(newest.namespace, record_name(newest.platform, number))


async def prune_revisions(world: World, newest: SetRecord, release: str, keep: int = KEEP_REVISIONS) -> None:
    """Delete old Helm revisions of a release, beyond the newest `keep`; idempotent."""
    found = await world.kube.list_release_metadata(newest.namespace, release=release)
    if len(found) <= keep + _MARGIN:
        return
    records = await read_history(world.kube, newest.namespace, newest.platform)
    doomed = prunable_revisions([one.uid for one in found], records, release, keep)
    for one in found:
        if one.uid in doomed:
            await world.kube.delete_release(one)
