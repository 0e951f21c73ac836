"""The images that are wanted and those that run."""

from __future__ import annotations

import asyncio

from relman.actions.inventory import installed_scope, load_inventory
from relman.actions.ports import World
from relman.core.health import WORKLOADS
from relman.core.images import ImageLine, image_lines
from relman.core.naming import Scope
from relman.core.record import SetRecord
from relman.observe.marks import reference
from relman.observe.namespace import live_marks_wanted


async def images(world: World, name: str | None, namespace: str | None) -> tuple[ImageLine, ...]:
    """Return a line for each container of what is named; of everything when nothing is.

    Raises:
        UsageError: What is named is not there.
        ForbiddenError: Workloads or pods may not be listed.
    """
    inventory = await load_inventory(world.kube, name=name, namespace=namespace)
    scope = installed_scope(inventory, name, namespace)
    records = [record for record in inventory.records if record.namespace in scope.namespaces]
    found = await asyncio.gather(*(_of_set(world, record, scope) for record in records))
    return tuple(line for lines in found for line in lines)


async def _of_set(world: World, record: SetRecord, scope: Scope) -> list[ImageLine]:
    kinds = [kind for kind in live_marks_wanted(record) if kind in WORKLOADS]
    lists = await asyncio.gather(
        world.kube.list_objects("v1", "Pod", record.namespace),
        *(world.kube.list_objects(*kind, record.namespace) for kind in kinds),
    )
    pods, workloads = lists[0], {reference(item): item for found in lists[1:] for item in found}
    lines: list[ImageLine] = []
    for key, service in sorted(record.services.items()):
        if service.now is None or not scope.covers(record.namespace, key):
            continue
        wanted = service.now.content.images if service.now.content else ()
        for ref in sorted(service.now.objects):
            if ref in workloads:
                lines += image_lines(record.namespace, key, wanted, workloads[ref], pods)
    return lines
