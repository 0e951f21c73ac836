"""Services that the moved ones depend on and that the run leaves alone: are they there, and well?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from helmkit.bom import ServiceEntry
from helmkit.errors import HelmkitError
from relman.core.health import DEGRADED, MISSING, WORKLOADS, service_health
from relman.core.plan import UNINSTALL, Plan
from relman.core.preflight.facts import Neighbour, Object
from relman.core.preflight.pods import name_of
from relman.core.record import SetRecord
from relman.observe.namespace import list_records, record_number, releases_seen
from relman.observe.record_reading import read_record
from relman.preflight.ports import PreflightKube


def needed_services(plan: Plan) -> dict[str, tuple[str, ...]]:
    """Return the services the plan's steps depend on and do not move, each with those that need it."""
    moved = {step.service for step in plan.steps if step.action != UNINSTALL}
    found: dict[str, list[str]] = {}
    for step in plan.steps:
        for key in step.depends_on if step.action != UNINSTALL else ():
            if key not in moved:
                found.setdefault(key, []).append(step.service)
    return {key: tuple(sorted(users)) for key, users in sorted(found.items())}


async def look_at_neighbours(
    kube: PreflightKube, plan: Plan, services: Mapping[str, ServiceEntry]
) -> tuple[Neighbour, ...]:
    """Return how those services are; each namespace is looked at once.

    Args:
        kube: The cluster.
        plan: What the run moves.
        services: The services of the environment, by key.
    """
    needed = {key: users for key, users in needed_services(plan).items() if key in services}
    namespaces = sorted({services[key].namespace for key in needed})

    async def one(namespace: str) -> list[Neighbour]:
        mine = {key: users for key, users in needed.items() if services[key].namespace == namespace}
        try:
            return await _look(kube, plan.platform, namespace, mine, services)
        except HelmkitError as error:
            return [Neighbour(key, namespace, users, "unseen", error.message) for key, users in mine.items()]

    found = await asyncio.gather(*(one(namespace) for namespace in namespaces))
    return tuple(neighbour for some in found for neighbour in some)


async def _look(
    kube: PreflightKube, platform: str, namespace: str, needed: Mapping[str, tuple[str, ...]],
    services: Mapping[str, ServiceEntry],
) -> list[Neighbour]:  # fmt: skip
    revisions, record, *lists = await asyncio.gather(
        kube.list_release_metadata(namespace),
        _newest_record(kube, namespace, platform),
        *(kube.list_objects(version, kind, namespace) for version, kind in WORKLOADS),
    )
    releases = releases_seen(revisions)
    live: dict[str, Object] = {
        f"{version}/{kind}/{name_of(item)}": item
        for (version, kind), items in zip(WORKLOADS, lists, strict=True)
        for item in items
    }
    found = []
    for key, users in needed.items():
        release = releases.get(services[key].release)
        if release is None:
            found.append(Neighbour(key, namespace, users, "missing"))
            continue
        fault = _fault(record, key, release.newest.status, live)
        found.append(Neighbour(key, namespace, users, "unhealthy" if fault else "healthy", fault))
    return found


async def _newest_record(kube: PreflightKube, namespace: str, platform: str) -> SetRecord | None:
    records = await list_records(kube, namespace, platform)
    if not records:
        return None
    return (await read_record(kube, namespace, max(records, key=record_number).name))[0]


def _fault(record: SetRecord | None, key: str, status: str, live: Mapping[str, Object]) -> str:
    """Return what is wrong with an installed service; empty when nothing is known to be."""
    if status != "deployed":
        return f"Helm says {status}"
    recorded = record.services.get(key) if record else None
    if recorded is None or recorded.now is None:
        # Installed by something else than relman; its release is all there is to go by.
        return ""
    health = service_health(recorded.now.objects, live)
    if health.state in (DEGRADED, MISSING) or (health.state != "healthy" and not recorded.now.good):
        return f"{health.ready} of {health.wanted} pods are ready" if health.wanted else "its workload is gone"
    return ""
