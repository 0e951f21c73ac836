"""Drift: live objects beside what Helm installed, field by field, with who changed them and what others left."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from helmkit.errors import ForbiddenError
from helmkit.kube import NotFoundError
from relman.actions.inventory import installed_scope, load_inventory
from relman.actions.ports import World
from relman.core.drift import decide_drift
from relman.core.judge import Judgement, State, judge_release
from relman.core.live import ObjectDrift
from relman.core.naming import Scope
from relman.core.record import ObjectMark, ServiceRecord, SetRecord
from relman.core.seen import NamespaceSeen
from relman.execute.effects import parse_objects
from relman.observe.live import compare_all, list_live
from relman.observe.marks import live_marks, reference
from relman.observe.namespace import live_marks_wanted, observe_namespace

_FOREIGN_RELEASE = frozenset({State.GONE, State.FOREIGN, State.CHANGED, State.PENDING})


class ServiceDrift(msgspec.Struct, frozen=True, kw_only=True):
    """One service."""

    service: str
    namespace: str
    release: str
    revision: int = 0
    """The Helm revision that was compared."""
    state: str = ""
    detail: str = ""
    drifted: bool = False
    objects: tuple[ObjectDrift, ...] = ()


class DriftReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was asked about."""

    services: tuple[ServiceDrift, ...]
    unseen: tuple[str, ...] = ()
    """What could not be looked at for want of rights."""

    @property
    def drifted(self) -> bool:
        """Whether any service is not as Helm installed it."""
        return any(service.drifted for service in self.services)


async def drift(world: World, name: str | None, namespace: str | None) -> DriftReport:
    """Compare what runs with Helm's stored manifests; everything when nothing is named.

    Raises:
        UsageError: What is named is not there.
        ForbiddenError: The records of the sets may not be read.
    """
    inventory = await load_inventory(world.kube, name=name, namespace=namespace)
    scope = installed_scope(inventory, name, namespace)
    records = [record for record in inventory.records if record.namespace in scope.namespaces]
    found = await asyncio.gather(*(_namespace(world, record, scope) for record in records))
    unseen = dict.fromkeys(text for _, texts in found for text in texts)
    return DriftReport(services=tuple(one for services, _ in found for one in services), unseen=tuple(unseen))


async def _namespace(world: World, record: SetRecord, scope: Scope) -> tuple[list[ServiceDrift], list[str]]:
    try:
        seen = await observe_namespace(world.kube, record.namespace, record.platform)
    except ForbiddenError as error:
        return await _by_metadata(world, record, scope, error)
    chosen = {
        key: service
        for key, service in sorted((seen.record or record).services.items())
        if scope.covers(record.namespace, key) and service.now is not None
    }
    unseen: list[str] = []
    stated = dict(
        zip(chosen, await asyncio.gather(*(_stated(world, seen, s, unseen) for s in chosen.values())), strict=True)
    )
    references = sorted({reference(item) for items in stated.values() for item in items or ()})
    live = await list_live(world.kube, record.namespace, references)
    return [_service(seen, key, service, stated[key], live) for key, service in chosen.items()], unseen


async def _by_metadata(
    world: World, record: SetRecord, scope: Scope, error: ForbiddenError
) -> tuple[list[ServiceDrift], list[str]]:
    """Judge by the metadata of live objects alone, as it needs no right on Secrets: who wrote, not which field."""
    unseen = [f"Helm releases, and which fields differ (list secrets): {error.message}"]
    marks: dict[str, ObjectMark] = {}
    hidden: set[str] = set()
    for kind in live_marks_wanted(record):
        try:
            marks |= await live_marks(world.kube, record.namespace, [kind])
        except ForbiddenError as missing:
            unseen.append(f"{kind[1]} objects: {missing.message}")
            hidden.add("/".join(kind))
    found = []
    for key, service in sorted(record.services.items()):
        if service.now is None or not scope.covers(record.namespace, key):
            continue
        seen = {ref: mark for ref, mark in service.now.objects.items() if ref.rpartition("/")[0] not in hidden}
        drifted = decide_drift(seen, marks)
        found.append(
            ServiceDrift(
                service=key, namespace=record.namespace, release=service.release, revision=service.now.revision,
                state=State.DRIFTED.value if drifted else "", detail="; ".join(drifted), drifted=bool(drifted),
            )
        )  # fmt: skip
    return found, unseen


async def _stated(
    world: World, seen: NamespaceSeen, service: ServiceRecord, unseen: list[str]
) -> list[dict[str, Any]] | None:
    """Return the objects that Helm's newest revision states; None when they cannot be read."""
    release = seen.releases.get(service.release)
    if release is None:
        return None
    try:
        stored = await world.kube.get_release(seen.namespace, service.release, release.newest.revision)
    except ForbiddenError as error:
        unseen.append(f"fields (get secrets): {error.message}")
        return None
    except NotFoundError:
        return None
    return parse_objects(stored.manifest, f"{seen.namespace}/{service.release}")


def _service(
    seen: NamespaceSeen, key: str, service: ServiceRecord, stated: list[dict[str, Any]] | None,
    live: Mapping[str, Mapping[str, Any]],
) -> ServiceDrift:  # fmt: skip
    release = seen.releases.get(service.release)
    verdict: Judgement = judge_release(release, service, seen.objects)
    objects = compare_all(stated, live) if stated is not None else ()
    by_metadata = stated is None and bool(verdict.drift)
    return ServiceDrift(
        service=key,
        namespace=seen.namespace,
        release=service.release,
        revision=release.newest.revision if release else 0,
        state=verdict.state.value,
        detail=verdict.detail,
        drifted=bool(objects) or by_metadata or verdict.state in _FOREIGN_RELEASE,
        objects=objects,
    )
