"""Why services of a namespace are not healthy, and what is broken beside them: the reads behind `relman doctor`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence

import msgspec

from helmkit.kube import NotFoundError
from relman.actions.ports import World
from relman.core.diagnosis.cause import KINDS, Cause, CauseKind
from relman.core.diagnosis.snapshot import Snapshot
from relman.core.doctor import Finding
from relman.core.doctor.objects import of_causes, of_claims, of_fixed, of_stale_endpoints, of_stuck_pods
from relman.core.health import HEALTHY, NONE, WORKLOADS, service_health
from relman.core.record import ServiceRecord, SetRecord
from relman.core.rollout import stuck_pods
from relman.core.seen import NamespaceSeen
from relman.execute.effects import parse_objects
from relman.execute.leftovers import find_leftovers, remove_leftovers, services_without_selector
from relman.observe.marks import reference
from relman.ports import CauseLike

Services = Mapping[str, ServiceRecord]

_LOOK = 1.0
"""Seconds to wait for a service that is not ready: long enough to be told why, logs included."""


async def find_unhealthy(world: World, record: SetRecord, services: Services) -> list[Finding]:
    """Return why services are not healthy; those that are cost one list for each kind of workload."""
    objects = await _objects_of(world, record.namespace, services)
    kinds = sorted({_kind(ref) for refs in objects.values() for ref in refs} & set(WORKLOADS))
    lists = await asyncio.gather(*(world.kube.list_objects(*kind, record.namespace) for kind in kinds))
    live = {reference(item): item for found in lists for item in found}
    sick = {key: refs for key, refs in objects.items() if service_health(refs, live).state not in (HEALTHY, NONE)}
    if not sick:
        return []
    causes: dict[str, list[Cause]] = {}
    ready: dict[str, str] = {}
    async with world.watchers(record.namespace) as watcher:

        async def ask(key: str, refs: tuple[str, ...]) -> None:
            outcome = await watcher.wait_ready([live[ref] for ref in refs if ref in live], time_limit=_LOOK)
            gone = [ref for ref in refs if _kind(ref) in WORKLOADS and ref not in live]
            if outcome.state == "ready" and not gone:
                return
            causes[key] = [_cause(one) for one in outcome.causes]
            ready[key] = f"{outcome.status.ready}/{outcome.status.wanted} ready"

        await asyncio.gather(*(ask(key, refs) for key, refs in sick.items()))
    return list(of_causes(record.namespace, causes, ready))


async def _objects_of(world: World, namespace: str, services: Services) -> dict[str, tuple[str, ...]]:
    """Return the objects of each service by reference: as recorded, else, after a failure, as Helm has them."""

    async def one(service: ServiceRecord) -> tuple[str, ...]:
        states = [state for state in (service.now, service.before) if state is not None and state.objects]
        if states or service.now is None:
            return tuple(sorted(states[0].objects)) if states else ()
        try:
            stored = await world.kube.get_release(namespace, service.release, service.now.revision)
        except NotFoundError:
            return ()
        return tuple(reference(item) for item in parse_objects(stored.manifest, f"{namespace}/{service.release}"))

    found = await asyncio.gather(*(one(service) for service in services.values()))
    return dict(zip(services, found, strict=True))


def find_object_faults(
    world: World, namespace: str, services: Services, seen: NamespaceSeen | None, *, fix: bool
) -> list[tuple[str, Awaitable[list[Finding]]]]:
    """Return further looks, each with what it looks at, so that a missing right hides no other.

    Args:
        world: The ports.
        namespace: Where.
        services: Those to look at.
        seen: The namespace, as far as it could be seen.
        fix: Remove what an upgrade or a rollback would remove by itself: stale endpoints and pods that block a set.
    """
    return [
        ("claims", _claims(world, namespace)),
        ("pods of StatefulSets", _stuck(world, namespace, services, fix=fix)),
        ("endpoints", _endpoints(world, namespace, services, seen, fix=fix)),
    ]


async def _claims(world: World, namespace: str) -> list[Finding]:
    return list(of_claims(namespace, await world.kube.list_objects("v1", "PersistentVolumeClaim", namespace)))


async def _stuck(world: World, namespace: str, services: Services, *, fix: bool) -> list[Finding]:
    refs = {
        ref for s in services.values() if s.now for ref in s.now.objects if _kind(ref) == ("apps/v1", "StatefulSet")
    }
    if not refs:
        return []
    lists = await asyncio.gather(
        world.kube.list_objects("apps/v1", "StatefulSet", namespace),
        world.kube.list_objects("v1", "Pod", namespace),
        world.kube.list_objects("apps/v1", "ControllerRevision", namespace),
    )
    sets = [item for item in lists[0] if reference(item) in refs]
    snapshot = Snapshot.of([item for found in lists for item in found], namespace=namespace)
    pods = stuck_pods(sets, snapshot)
    if not fix:
        return list(of_stuck_pods(namespace, pods))
    for pod in pods:
        uid = str(((snapshot.get("Pod", pod) or {}).get("metadata") or {}).get("uid", "")) or None
        await world.kube.delete_object("v1", "Pod", namespace, pod, uid=uid)
    return list(of_fixed(namespace, "stuck-pod", [f"Pod/{pod}" for pod in pods]))


async def _endpoints(
    world: World, namespace: str, services: Services, seen: NamespaceSeen | None, *, fix: bool
) -> list[Finding]:
    found: list[Finding] = []
    for service in services.values():
        release = seen.releases.get(service.release) if seen else None
        # Only a Service without pods of its own can have kept endpoints of others.
        if release is None or not service.now or any(_kind(ref) in WORKLOADS for ref in service.now.objects):
            continue
        try:
            stored = await world.kube.get_release(namespace, service.release, release.newest.revision)
        except NotFoundError:
            continue
        recorded = parse_objects(stored.manifest, f"{namespace}/{service.release}")
        # A helm that died may have recorded more than it did: what still selects pods keeps its endpoints.
        selecting = await _selecting(world, namespace, services_without_selector(recorded))
        objects = [one for one in recorded if one["kind"] != "Service" or one["metadata"]["name"] not in selecting]
        if fix:
            found += of_fixed(namespace, "stale-endpoints", await remove_leftovers(world.kube, namespace, objects))
            continue
        stale = await find_leftovers(world.kube, namespace, objects)
        found += of_stale_endpoints(namespace, [f"{one.kind}/{one.name}" for one in stale])
    return found


async def _selecting(world: World, namespace: str, names: Sequence[str]) -> set[str]:
    """Return the Services of these names that select pods as they are now."""
    found = await asyncio.gather(*(world.kube.get_object("v1", "Service", namespace, name) for name in names))
    return {name for name, live in zip(names, found, strict=True) if live and (live.get("spec") or {}).get("selector")}


def _cause(one: CauseLike) -> Cause:
    kind = msgspec.convert(one.kind if one.kind in KINDS else "unknown", CauseKind)
    return Cause(kind, one.summary, one.detail, tuple(one.objects), one.hint)


def _kind(ref: str) -> tuple[str, str]:
    api_version, kind, _ = ref.rsplit("/", 2)
    return api_version, kind
