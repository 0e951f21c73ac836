"""What runs: per service the wanted and the running version, revision, health, age, drift and holds.

Cheap: metadata-only lists, workloads for their status, and the newest record of each set; no revision is decoded.
Works with read-only rights and says what it could not see.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from helmkit.errors import ForbiddenError
from helmkit.kube import ReleaseMetadata
from relman.actions.inventory import installed_scope, load_inventory
from relman.actions.ports import World
from relman.core.decide import unfinished_namespaces
from relman.core.drift import decide_drift
from relman.core.health import Health, service_health
from relman.core.judge import Judgement, State, judge_release
from relman.core.naming import Scope
from relman.core.record import RUNNING, ObjectMark, ServiceRecord, SetRecord
from relman.core.seen import NamespaceSeen, ReleaseSeen
from relman.observe.everywhere import list_marks, list_workloads, marks_of_workloads
from relman.observe.namespace import live_marks_wanted, releases_seen
from relman.ports import KubePort


class ServiceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One service as it is."""

    service: str
    namespace: str
    release: str
    version: str
    """What runs, empty when it is not installed."""
    wanted: str
    """What the newest run meant to bring; differs after a failure, an interruption or while on hold."""
    platform_version: str
    chart_version: str = ""
    revision: int = 0
    helm_status: str = ""
    """Helm's own word."""
    state: str = ""
    """Our judgement, `in-sync` when all is well."""
    detail: str = ""
    health: str = ""
    ready: int = 0
    pods: int = 0
    """How many there should be."""
    since: str = ""
    """When the running revision was made, RFC 3339."""
    drift: tuple[str, ...] = ()
    held: str = ""
    """The version a rollback put on hold, empty when none."""


class SetStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One namespace."""

    namespace: str
    platform: str
    version: str
    """The platform version the set stands at; empty when services were moved alone."""
    asked: str
    """The platform version of the newest run."""
    environment: str
    action: str
    revision: int
    outcome: str
    who: str
    since: str
    services: tuple[ServiceStatus, ...] = ()


class StatusReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was asked about."""

    sets: tuple[SetStatus, ...]
    unseen: tuple[str, ...] = ()
    """What could not be looked at for want of rights."""


_DRIFT = "drift (list the sets' objects)"


@dataclass(frozen=True)
class _Live:
    releases: Mapping[str, Mapping[str, ReleaseSeen]] | None
    """By namespace; None when release Secrets may not be listed."""
    marks: Mapping[str, Mapping[str, ObjectMark]] | None
    workloads: Mapping[str, Mapping[str, Mapping[str, Any]]] | None
    unseen: tuple[str, ...]


async def status(world: World, name: str | None, namespace: str | None) -> StatusReport:
    """Report on a service, a namespace, or everything when nothing is named."""
    inventory = await load_inventory(world.kube, name=name, namespace=namespace)
    scope = installed_scope(inventory, name, namespace)
    records = [record for record in inventory.records if record.namespace in scope.namespaces]
    live = await _look(world.kube, scope, records)
    sets = tuple(_set_status(record, scope, live) for record in records)
    return StatusReport(sets=sets, unseen=live.unseen)


async def _look(kube: KubePort, scope: Scope, records: list[SetRecord]) -> _Live:
    names = [record.namespace for record in records]
    # One list over all namespaces beats one for each, where it is allowed; a single set asks for its own alone.
    everywhere = scope.platform_wide and len(names) > 1
    kinds = {record.namespace: live_marks_wanted(record) for record in records}
    unseen: list[str] = []
    releases, marks, workloads = await asyncio.gather(
        _seen(_releases(kube, names, everywhere=everywhere), "Helm releases (list secrets)", unseen),
        _seen(list_marks(kube, kinds, everywhere=everywhere), _DRIFT, unseen),
        _seen(list_workloads(kube, kinds, everywhere=everywhere), "health (list workloads)", unseen),
    )
    if workloads is None and marks is not None:
        # Drift is judged by the same lists.
        unseen.append(f"{_DRIFT}: as for health")
        marks = None
    elif marks is not None:
        marks = {name: {**found, **marks_of_workloads(workloads.get(name, {}))} for name, found in marks.items()}
    return _Live(releases, marks, workloads, tuple(unseen))


async def _seen(reading: Any, what: str, unseen: list[str]) -> Any:
    try:
        return await reading
    except ForbiddenError as error:
        unseen.append(f"{what}: {error.message}")
        return None


async def _releases(kube: KubePort, names: list[str], *, everywhere: bool) -> dict[str, dict[str, ReleaseSeen]]:
    if everywhere:
        try:
            found = await kube.list_release_metadata(None)
            return {name: releases_seen(some) for name, some in _by_namespace(found, names).items()}
        except ForbiddenError:
            pass
    lists = await asyncio.gather(*(kube.list_release_metadata(name) for name in names))
    return {name: releases_seen(found) for name, found in zip(names, lists, strict=True)}


def _by_namespace(found: Iterable[ReleaseMetadata], names: Iterable[str]) -> dict[str, list[ReleaseMetadata]]:
    grouped: dict[str, list[ReleaseMetadata]] = {name: [] for name in names}
    for one in found:
        if one.namespace in grouped:
            grouped[one.namespace].append(one)
    return grouped


def _set_status(record: SetRecord, scope: Scope, live: _Live) -> SetStatus:
    services = tuple(
        _service_status(record, key, service, live)
        for key, service in sorted(record.services.items())
        if scope.covers(record.namespace, key) and (service.now is not None or service.wanted is not None)
    )
    running = record.outcome == RUNNING and bool(unfinished_namespaces({"": NamespaceSeen("", record=record)}))
    return SetStatus(
        namespace=record.namespace,
        platform=record.platform,
        version=record.stands_at,
        asked=record.version,
        environment=record.environment,
        action=record.action,
        revision=record.number,
        outcome="running or interrupted" if running else record.outcome,
        who=str(record.who),
        since=record.finished or record.started,
        services=services,
    )


def _service_status(record: SetRecord, key: str, service: ServiceRecord, live: _Live) -> ServiceStatus:
    release = (live.releases or {}).get(record.namespace, {}).get(service.release)
    verdict = _judge(record, service, release, live)
    health = _health(record, service, live)
    now = service.now
    content = now.content if now else None
    held = next((hold.content.label for hold in record.holds if hold.service == key), "")
    newest = release.newest if release else None
    foreign = verdict is not None and verdict.state in (State.CHANGED, State.FOREIGN)
    return ServiceStatus(
        service=key,
        namespace=record.namespace,
        release=service.release,
        version="?" if foreign else content.label if content else "",
        wanted=service.wanted.label if service.wanted else content.label if content else "",
        platform_version=content.platform_version if content else "",
        chart_version=content.chart_version if content else "",
        revision=newest.revision if newest else now.revision if now else 0,
        helm_status=newest.status if newest else "",
        state=verdict.state.value if verdict else "",
        detail=verdict.detail if verdict else "",
        health=health.state if health else "",
        ready=health.ready if health else 0,
        pods=health.wanted if health else 0,
        since=newest.created_at if newest else "",
        drift=verdict.drift if verdict else (),
        held=held,
    )


def _judge(record: SetRecord, service: ServiceRecord, release: ReleaseSeen | None, live: _Live) -> Judgement | None:
    if live.releases is None:
        return _judge_objects(record, service, live)
    if live.marks is None and service.now:
        # Without objects drift cannot be seen; judge the release alone.
        service = msgspec.structs.replace(service, now=msgspec.structs.replace(service.now, objects=_NOTHING))
        return judge_release(release, service, {_ANY: _NOTHING[_ANY]})
    return judge_release(release, service, (live.marks or {}).get(record.namespace, {}))


def _judge_objects(record: SetRecord, service: ServiceRecord, live: _Live) -> Judgement | None:
    """Judge without Helm's releases: that nothing drifted is no proof that all is well, so only drift is said."""
    if live.marks is None or service.now is None:
        return None
    drift = decide_drift(service.now.objects, live.marks.get(record.namespace, {}))
    return Judgement(State.DRIFTED, "; ".join(drift), drift) if drift else None


_ANY = "v1/Nothing/nothing"
_NOTHING = {_ANY: ObjectMark(uid="")}


def _health(record: SetRecord, service: ServiceRecord, live: _Live) -> Health | None:
    if live.workloads is None or service.now is None:
        return None
    return service_health(service.now.objects, live.workloads.get(record.namespace, {}))
