"""Carry out a plan as one transaction: locks, records, steps, and the end of all three."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import msgspec

from helmkit.bom import NamespaceEntry
from helmkit.errors import PreflightError
from relman.actions.ports import World
from relman.actions.probing import judged, probed, record_probes
from relman.actions.pruning import prune
from relman.core.plan import Plan
from relman.core.record import INTERRUPTED, SetRecord
from relman.core.recording import run_outcome
from relman.core.seen import NamespaceSeen
from relman.journal import FencedError
from relman.lock import SetLock
from relman.source import Platform

Seen = Mapping[str, NamespaceSeen]
Planner = Callable[[], Awaitable[tuple[Plan, Seen]]]
"""Looks at the world and decides; called again once the locks are held."""


@dataclass(frozen=True)
class RunRequest:
    """How to carry out a plan."""

    header: SetRecord
    """What is equal in the records of all namespaces: version, environment, source, who, why."""
    planner: Planner
    platforms: Mapping[str, Platform]
    """By platform version."""
    namespaces: Mapping[str, NamespaceEntry] = field(default_factory=dict)
    """Namespaces to create, with their labels."""
    home: str = ""
    """Where the record of a run over several namespaces goes."""
    parallel: int = 4
    accept_irreversible: bool = False
    """Going back may undo what was declared irreversible."""


@dataclass(frozen=True)
class RunResult:
    """What became of a run."""

    plan: Plan
    outcome: str
    """`done`, `restored`, `not-restored`, `failed`, `interrupted`; `nothing` when there was nothing to do."""
    records: tuple[SetRecord, ...] = ()
    """The records it wrote, by namespace."""
    reason: str = ""
    """Why it no longer owned the set; empty when it did to the end."""


def refuse(plan: Plan) -> None:
    """Refuse a plan that has refusals, all of them at once.

    Raises:
        PreflightError: It has some.
    """
    if not plan.refusals:
        return
    found = "\n  ".join(refusal.message for refusal in plan.refusals)
    hints = " ".join(dict.fromkeys(refusal.hint for refusal in plan.refusals if refusal.hint))
    msg = f"refused before anything moved:\n  {found}"
    raise PreflightError(msg, hint=hints or None)


async def carry_out(world: World, request: RunRequest, plan: Plan) -> RunResult:
    """Carry out `plan`, or what it becomes once the locks are held.

    Nothing is locked or written when there is nothing to do.

    Raises:
        PreflightError: Something speaks against it.
        LockHeldError: Somebody else changes one of the namespaces.
        HelmkitError: The cluster cannot be reached or written to.
    """
    refuse(plan)
    if plan.empty:
        return RunResult(plan, "nothing")
    shown = plan
    await _ensure_namespaces(world, request, plan)
    async with AsyncExitStack() as stack:
        server_time = await _lock(world, request, plan, stack)
        plan, seen = await request.planner()
        if plan.unfinished:
            from relman.actions.interrupted import close_unfinished

            await close_unfinished(world, plan, seen, server_time)
            plan, seen = await request.planner()
        refuse(plan)
        plan = _told(plan, shown)
        if plan.empty:
            return RunResult(plan, "nothing")
        return await _run(world, request, plan, seen, stack)


def _told(plan: Plan, shown: Plan) -> Plan:
    """Return the plan with what a person was told before it was decided anew under the lock: the record keeps it."""
    notes = tuple(dict.fromkeys((*plan.notes, *shown.notes)))
    return msgspec.structs.replace(plan, notes=notes, warnings=shown.warnings)


async def _run(world: World, request: RunRequest, plan: Plan, seen: Seen, stack: AsyncExitStack) -> RunResult:
    # What changes the cluster is much code, and most commands find nothing to change.
    from relman.actions.records import close_journals, open_journals
    from relman.execute.context import HELM_TIMEOUT, RunContext, RunSettings
    from relman.execute.plan_run import run_steps

    journals, coordinator = await open_journals(world, request.header, plan, seen, request.home)
    header = request.header
    context = RunContext(
        kube=world.kube,
        helm=world.helm,
        clock=world.clock,
        reporter=world.reporter,
        control=world.control,
        settings=RunSettings(
            run=header.run,
            label=_label(header, plan),
            parallel=request.parallel,
            restore=header.on_failure == "restore",
            helm_timeout=HELM_TIMEOUT,
            accept_irreversible=request.accept_irreversible,
        ),
        watchers=world.watchers,
        platforms=request.platforms,
        environment=plan.environment,
        touched={name: frozenset(ref for ref, mark in ns.objects.items() if mark.foreign) for name, ns in seen.items()},
        journals=journals,
        stack=stack,
    )
    world.control.running = True
    try:
        async with probed(world):
            await run_steps(context, plan, coordinator)
    except FencedError as error:
        world.control.lose(error.message)
    records = tuple(journal.record for journal in journals.values())
    word = judged(world, _outcome(world, header, records))
    if not world.control.lost:
        await record_probes(world, journals.values())
        records = await close_journals(world, journals, coordinator, word)
        await prune(world, records)
    return RunResult(plan, word, records, world.control.lost)


def _outcome(world: World, header: SetRecord, records: tuple[SetRecord, ...]) -> str:
    if world.control.lost:
        return INTERRUPTED
    services = [service for record in records for service in record.services.values()]
    return run_outcome(services, restore=header.on_failure == "restore", interrupted=world.control.interrupted)


def _label(header: SetRecord, plan: Plan) -> str:
    what = f"{plan.platform} {plan.version}"
    verb = "rollback to " if plan.action == "rollback" else ""
    return f"{verb}{what}" + (f": {header.why}" if header.why else "")


async def _ensure_namespaces(world: World, request: RunRequest, plan: Plan) -> None:
    # Once, before anything runs in parallel: two installs creating one namespace race each other.
    wanted = {name: request.namespaces.get(name, NamespaceEntry()) for name in plan.recorded}
    if plan.action == "upgrade":
        await asyncio.gather(
            *(world.kube.ensure_namespace(name, entry.labels, entry.annotations) for name, entry in wanted.items())
        )


async def _lock(world: World, request: RunRequest, plan: Plan, stack: AsyncExitStack) -> object:
    """Take the locks of all namespaces in sorted order, so that two runs never wait for each other."""
    holder = f"{world.who} ({request.header.action} {request.header.version}, run {request.header.run})"
    server_time = None
    for namespace in plan.namespaces if len(plan.namespaces) > 1 else plan.recorded:
        lock = SetLock(
            world.kube,
            namespace,
            plan.platform,
            holder=holder,
            clock=world.clock,
            settings=world.lock,
            waiting=lambda text: world.reporter.note(text),
            on_lost=lambda name=namespace: world.control.lose(f"the lock of {name} was lost"),  # type: ignore[misc]
        )
        stack.push_async_callback(lock.release)
        await lock.acquire()
        server_time = server_time or lock.server_time
    return server_time
