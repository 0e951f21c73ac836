"""Everything that is wrong now, with its root cause and the command to type next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from helmkit.errors import HelmkitError, UnreachableError, UsageError
from relman.actions.inventory import Inventory, installed_scope, load_inventory
from relman.actions.ports import World
from relman.actions.symptoms import find_object_faults, find_unhealthy
from relman.core.doctor import Finding, in_order
from relman.core.doctor.objects import needed_to_change, of_lacking, of_lock, of_unseen, of_versions
from relman.core.doctor.releases import of_history, of_releases, of_strangers
from relman.core.naming import Scope
from relman.core.record import SetRecord
from relman.core.seen import NamespaceSeen
from relman.lock import SetLock, held_locks
from relman.observe.namespace import observe_namespace, read_history
from relman.preflight.reviews import find_lacking

Result = TypeVar("Result")


class DoctorReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was found, the worst first."""

    namespaces: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def troubled(self) -> bool:
        """Whether anything is wrong; information alone is not."""
        return any(one.severity != "info" for one in self.findings)


@dataclass
class _Look:
    """One namespace under examination: what was found, and what could not be seen."""

    namespace: str
    findings: list[Finding] = field(default_factory=list)

    async def see(self, what: str, reading: Awaitable[Result]) -> Result | None:
        """Return what was read; None, with a finding, when the right is missing or it cannot be read."""
        try:
            return await reading
        except UnreachableError:
            raise
        except HelmkitError as error:
            self.findings.append(of_unseen(self.namespace, what, error.message, error.hint or ""))
        return None

    def add(self, found: Iterable[Finding]) -> None:
        """Take findings over."""
        self.findings.extend(found)


async def doctor(world: World, name: str | None, namespace: str | None, *, fix: bool = False) -> DoctorReport:
    """Examine a service, a namespace, or everything when nothing is named.

    Args:
        world: The ports.
        name: A namespace or a service.
        namespace: The namespace.
        fix: Remove what an upgrade or a rollback would remove by itself; nothing where somebody holds the lock.

    Raises:
        UsageError: What is named is not there.
        UnreachableError: The cluster does not answer.
    """
    inventory = await load_inventory(world.kube, name=name, namespace=namespace)
    versions = await _versions(world)
    places = await _places(world, inventory, name, namespace)
    found = await asyncio.gather(*(_examine(world, place, record, scope, fix=fix) for place, record, scope in places))
    findings = [*versions, *(one for each in found for one in each)]
    return DoctorReport(namespaces=tuple(place for place, _, _ in places), findings=in_order(findings))


async def _places(
    world: World, inventory: Inventory, name: str | None, namespace: str | None
) -> list[tuple[str, SetRecord | None, Scope]]:
    try:
        scope = installed_scope(inventory, name, namespace)
    except UsageError:
        # A namespace without a history may still have releases: that is worth saying.
        bare = (namespace or name or "").rstrip("/")
        if not bare or "/" in bare or not await world.kube.list_release_metadata(bare):
            raise
        return [(bare, None, Scope((bare,)))]
    return [(r.namespace, r, scope) for r in inventory.records if r.namespace in scope.namespaces]


async def _versions(world: World) -> list[Finding]:
    server = await world.kube.server_version()
    helm, fault = "", ""
    try:
        helm = str(await world.helm.version())
    except HelmkitError as error:
        fault = error.message
    return list(of_versions((server.major, server.minor), server.text, helm, fault))


async def _examine(world: World, namespace: str, record: SetRecord | None, scope: Scope, *, fix: bool) -> list[Finding]:
    look = _Look(namespace)
    platform = record.platform if record else ""
    seen = await look.see("Helm's releases and drift", observe_namespace(world.kube, namespace, platform))
    histories = await look.see("the set's history", read_history(world.kube, namespace, platform)) if record else []
    look.add(of_history(histories or []))
    held = await _look_at_locks(world, look)
    look.add(of_lacking(namespace, await find_lacking(world.kube, needed_to_change(namespace), [])))
    current = (seen.record if seen else None) or record
    covered = {key for key in (current.services if current else ()) if scope.covers(namespace, key)}
    if seen is not None:
        look.add(of_releases(seen, covered))
        if scope.services is None:
            look.add(of_strangers(seen))
    if current is not None:
        await _look_at_objects(world, look, seen, current, covered, fix=fix and not held)
    return look.findings


async def _look_at_objects(
    world: World, look: _Look, seen: NamespaceSeen | None, record: SetRecord, covered: set[str], *, fix: bool
) -> None:
    services = {key: record.services[key] for key in sorted(covered) if record.services[key].now is not None}
    unhealthy = await look.see("health", find_unhealthy(world, record, services))
    look.add(unhealthy or ())
    async with _locked(world, record, wanted=fix) as ours:
        for what, reading in find_object_faults(world, record.namespace, services, seen, fix=ours):
            look.add(await look.see(what, reading) or ())


@asynccontextmanager
async def _locked(world: World, record: SetRecord, *, wanted: bool) -> AsyncIterator[bool]:
    """Hold the lock of a set while something is changed in it; yield whether it could be had."""
    if not wanted:
        yield False
        return
    lock = SetLock(
        world.kube, record.namespace, record.platform, holder=f"{world.who} (doctor, {world.clock.new_id()})",
        clock=world.clock, settings=world.lock, waiting=world.reporter.note,
        on_lost=lambda: world.reporter.note(f"the lock of {record.namespace} was lost"),
    )  # fmt: skip
    try:
        await lock.acquire()
    except HelmkitError as error:
        world.reporter.note(f"nothing is fixed in {record.namespace}: {error.message}")
        yield False
        return
    try:
        yield True
    finally:
        await lock.release()


async def _look_at_locks(world: World, look: _Look) -> bool:
    """Tell what the locks mean, and return whether one is held."""
    held = await look.see("the lock", held_locks(world.kube, look.namespace))
    for lock in held or ():
        # A holder renews three times in its lease; one third and a bit tells who lives.
        watched = lock.duration / 3 + 1
        world.reporter.note(f"{look.namespace}: watching the lock of {lock.holder} for {watched:.0f} s")
        await world.clock.sleep(watched)
        later = {one.platform: one for one in await held_locks(world.kube, look.namespace)}
        now = later.get(lock.platform)
        if now is None:
            continue
        renewed = now.lease["metadata"]["resourceVersion"] != lock.lease["metadata"]["resourceVersion"]
        look.add([of_lock(look.namespace, now.holder, now.since, renewed=renewed, watched=watched)])
    return held is None or bool(held)
