"""Uninstall, prune and restart: one kind of effect on services of one namespace, as a recorded run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from helmkit.errors import UsageError
from relman.actions.header import build_header
from relman.actions.inventory import Inventory, installed_scope, load_inventory
from relman.actions.ports import World
from relman.actions.run import RunRequest, RunResult, Seen, carry_out, refuse
from relman.actions.upgrade import Review, UpgradeOptions, prepare_upgrade
from relman.core import outcome
from relman.core.decide_removal import decide_prune, decide_restart, decide_uninstall
from relman.core.naming import Scope
from relman.core.plan import Plan
from relman.core.record import SetRecord
from relman.core.seen import NamespaceSeen
from relman.core.staying import what_stays
from relman.execute.effects import parse_objects
from relman.observe.namespace import observe_namespace
from relman.source import Source

Decide = Callable[[NamespaceSeen], Plan]


@dataclass(frozen=True)
class SingleOptions:
    """What was asked for."""

    name: str | None = None
    namespace: str | None = None
    why: str = ""
    dry_run: bool = False
    timeout: int = 0
    parallel: int = 4


async def restart(world: World, options: SingleOptions, review: Review) -> RunResult:
    """Replace the pods of what is named, each service after what it depends on, and wait for them.

    Raises:
        UsageError: What is named is not there.
        PreflightError: A release is not as relman left it, or a run is unfinished.
    """
    scope, record = await _find(world, options, "restart")
    limits = {key: options.timeout for key in record.services if options.timeout}
    return await _run(world, options, review, record, lambda seen: decide_restart(seen, scope, limits))


async def uninstall(world: World, options: SingleOptions, review: Review) -> RunResult:
    """Remove what is named, dependants first. The plan's notes say what stays.

    Raises:
        UsageError: What is named is not there.
        PreflightError: A release is not ours.
    """
    scope, record = await _find(world, options, "uninstall")
    seen = await observe_namespace(world.kube, record.namespace, record.platform)
    names = [step.release for step in decide_uninstall(seen, scope).steps]
    notes = await _staying(world, seen, names)
    return await _run(world, options, review, record, lambda now: decide_uninstall(now, scope, notes))


async def prune(world: World, options: SingleOptions, review: Review) -> RunResult:
    """Remove the services of a namespace that are no longer part of the platform.

    Raises:
        UsageError: What is named is no namespace, or is not there.
        PreflightError: A release is not ours, or a run is unfinished.
    """
    scope, record = await _find(world, options, "prune")
    if not scope.whole:
        msg = f"{options.name} is a service, and pruning is for namespaces"
        raise UsageError(msg, hint=f"Say `relman prune {record.namespace}/`, or `relman uninstall {options.name}`.")
    kept = await _no_longer_part(world, record)
    seen = await observe_namespace(world.kube, record.namespace, record.platform)
    names = [step.release for step in decide_prune(seen, kept).steps]
    notes = await _staying(world, seen, names) if names else ()
    return await _run(world, options, review, record, lambda now: decide_prune(now, kept, notes))


async def _find(world: World, options: SingleOptions, verb: str) -> tuple[Scope, SetRecord]:
    if not (options.name or options.namespace):
        raise UsageError("nothing is named", hint=f"Name it: `relman {verb} NAME`.")
    inventory: Inventory = await load_inventory(world.kube, name=options.name, namespace=options.namespace)
    scope = installed_scope(inventory, options.name, options.namespace)
    record = inventory.of(scope.namespaces[0])
    if record is None:
        msg = f"namespace {scope.namespaces[0]} has no history"
        raise UsageError(msg, hint="`relman status` lists what is installed.")
    return scope, record


async def _run(world: World, options: SingleOptions, review: Review, record: SetRecord, decide: Decide) -> RunResult:
    async def planner() -> tuple[Plan, Seen]:
        seen = await observe_namespace(world.kube, record.namespace, record.platform)
        return decide(seen), {record.namespace: seen}

    plan, _ = await planner()
    if options.dry_run:
        return RunResult(plan, "planned")
    refuse(plan)
    if plan.empty:
        return RunResult(plan, "nothing")
    if not await review(plan, protected=False):
        return RunResult(plan, "declined")
    origin: dict[str, Any] = {
        name: getattr(record, name) for name in ("source", "source_digest", "bom_digest", "plain_http")
    }
    header = await build_header(
        world, action=plan.action, platform=record.platform, version=record.version, plan=plan, why=options.why,
        # None of these can be taken back by going to an earlier revision.
        restore=False, **origin,
    )  # fmt: skip
    request = RunRequest(header=header, planner=planner, platforms={}, parallel=options.parallel)
    return await carry_out(world, request, plan)


async def _staying(world: World, seen: NamespaceSeen, releases: list[str]) -> tuple[str, ...]:
    stored = await asyncio.gather(
        *(world.kube.get_release(seen.namespace, name, seen.releases[name].newest.revision) for name in releases)
    )
    objects = [item for one in stored for item in parse_objects(one.manifest, f"{seen.namespace}/{one.name}")]
    claims = await world.kube.list_metadata("v1", "PersistentVolumeClaim", seen.namespace)
    return what_stays(seen.namespace, objects, [claim.name for claim in claims])


async def _no_longer_part(world: World, record: SetRecord) -> dict[str, str]:
    """Return why services are no longer part of the version the namespace stands at, by key."""
    prepared = await prepare_upgrade(
        world,
        UpgradeOptions(
            version=record.stands_at or record.version,
            namespace=record.namespace,
            source=Source(record.source, record.plain_http) if record.source else None,
        ),
    )
    kept = {skip.service: skip.reason for skip in prepared.plan.skips if skip.outcome == outcome.KEPT}
    wanted = prepared.entry.services
    safe = {}
    for key, reason in kept.items():
        entry = wanted.get(key)
        if entry is None or await _runs_there(world, entry.namespace, record.platform, key):
            safe[key] = reason.partition(",")[0]
        else:
            world.reporter.note(f"{key} is kept: it moved to {entry.namespace}, and does not run there yet")
    return safe


async def _runs_there(world: World, namespace: str, platform: str, key: str) -> bool:
    record = (await observe_namespace(world.kube, namespace, platform, objects=False)).record
    service = record.services.get(key) if record else None
    return bool(service and service.now and service.now.good)
