"""Uninstall, prune and restart: one kind of effect on services of one namespace, as a recorded run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import msgspec

from helmkit.errors import UsageError
from relman.actions.header import build_header
from relman.actions.inventory import Inventory, installed_scope, load_inventory
from relman.actions.ports import World
from relman.actions.run import RunRequest, RunResult, Seen, carry_out, refuse
from relman.actions.upgrade import Review, UpgradeOptions, prepare_upgrade
from relman.core import outcome
from relman.core.decide_removal import PRUNE, decide_prune, decide_restart, decide_uninstall
from relman.core.definitions import DEFINING
from relman.core.freezing import override_event, with_freeze
from relman.core.naming import Scope
from relman.core.plan import RESTART, UNINSTALL, Plan
from relman.core.record import RunOptions, SetRecord
from relman.core.seen import NamespaceSeen
from relman.core.staying import what_stays
from relman.core.unfinished import remaining, with_end
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
    override_freeze: str = ""
    """Why it cannot wait for the end of a freeze."""
    continues: bool = False
    """It carries on the unfinished run before it."""


SINGLE_ACTIONS = frozenset({RESTART, UNINSTALL, PRUNE})
"""What the records of these runs say."""


async def carry_on(world: World, options: SingleOptions, review: Review, *, chain: Sequence[SetRecord]) -> RunResult:
    """Do what is left of an unfinished restart, uninstall or prune.

    Args:
        world: The ports.
        options: Its namespace, and how to behave.
        review: Shows the plan.
        chain: The records of the run, newest first.
    """
    options, record = replace(options, continues=True), chain[0]
    left = remaining(chain)
    scope = Scope((record.namespace,), frozenset(left))
    decide: Decide
    if chain[-1].action == RESTART:
        limits = {key: options.timeout for key in left if options.timeout}
        decide = partial(decide_restart, scope=scope, limits=limits, continues=True)
    else:
        seen = await observe_namespace(world.kube, record.namespace, record.platform)
        first = (
            partial(decide_prune, kept=left) if chain[-1].action == PRUNE else partial(decide_uninstall, scope=scope)
        )
        decide = partial(first, continues=True)
        notes = await _staying(world, seen, [step.release for step in decide(seen).steps])
        decide = partial(decide, notes=notes)
    return await _run(world, options, review, record, decide)


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
        seen = {record.namespace: await observe_namespace(world.kube, record.namespace, record.platform)}
        plan = msgspec.structs.replace(decide(seen[record.namespace]), continues=options.continues)
        return with_freeze(with_end(plan, seen), record.freeze, world.clock.now(), options.override_freeze), seen

    plan, _ = await planner()
    if options.dry_run:
        return RunResult(plan, "planned")
    refuse(plan)
    if plan.empty:
        return RunResult(plan, "nothing")
    if not await review(plan, protected=record.protected):
        return RunResult(plan, "declined")
    origin: dict[str, Any] = {
        name: getattr(record, name)
        for name in ("source", "source_digest", "bom_digest", "plain_http", "protected", "freeze")
    }
    header = await build_header(
        world, action=plan.action, platform=record.platform, version=record.version, plan=plan, why=options.why,
        # None of these can be taken back by going to an earlier revision.
        restore=False, asked=RunOptions(timeout=options.timeout),
        events=override_event(record.freeze, world.clock.now(), options.override_freeze, str(world.who)), **origin,
    )  # fmt: skip
    request = RunRequest(header=header, planner=planner, platforms={}, parallel=options.parallel)
    return await carry_out(world, request, plan)


async def _staying(world: World, seen: NamespaceSeen, releases: list[str]) -> tuple[str, ...]:
    stored = await asyncio.gather(
        *(world.kube.get_release(seen.namespace, name, seen.releases[name].newest.revision) for name in releases)
    )
    objects = [item for one in stored for item in parse_objects(one.manifest, f"{seen.namespace}/{one.name}")]
    claims = await world.kube.list_metadata("v1", "PersistentVolumeClaim", seen.namespace)
    services = seen.record.services if seen.record else {}
    defining = sorted(
        key
        for key, service in services.items()
        if service.release in releases and service.now and service.now.content
        if service.now.content.archetype in DEFINING
    )
    definitions = (f"definitions of custom kinds (CRDs) that {', '.join(defining)} brought stay",) if defining else ()
    return (*definitions, *what_stays(seen.namespace, objects, [claim.name for claim in claims]))


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
