"""Bring a service or a namespace back to what was good before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from helmkit.errors import HelmkitError, UsageError
from relman.actions.header import build_header
from relman.actions.inventory import installed_scope, load_inventory
from relman.actions.ports import World
from relman.actions.run import RunRequest, RunResult, Seen, carry_out, refuse
from relman.actions.upgrade import Review
from relman.core.decide_rollback import RollbackRequest, decide_rollback, missing_contents
from relman.core.naming import Scope
from relman.core.plan import Plan, Refusal
from relman.core.record import Content, SetRecord
from relman.observe.namespace import observe_namespace, read_history
from relman.source import Platform, Source, load_platform


@dataclass(frozen=True)
class RollbackOptions:
    """What was asked for."""

    name: str | None = None
    namespace: str | None = None
    version: str = ""
    number: int = 0
    why: str = ""
    restore: bool = True
    dry_run: bool = False
    timeout: int = 0
    parallel: int = 4
    prune: bool = False
    accept_irreversible: bool = False


@dataclass
class PreparedRollback:
    """A rollback that is decided and not begun."""

    options: RollbackOptions
    scope: Scope
    records: list[SetRecord] = field(default_factory=list)
    """The set's history, newest first."""
    platforms: dict[str, Platform] = field(default_factory=dict)


async def rollback(world: World, options: RollbackOptions, review: Review) -> RunResult:
    """Roll back what `options` name. The result is a new set revision.

    Raises:
        UsageError: Something unknown was asked for.
        PreflightError: There is nothing to go back to, or something speaks against it.
        HelmkitError: As `carry_out` says.
    """
    prepared = PreparedRollback(options, await _scope(world, options))
    plan, _ = await _plan(world, prepared)
    if options.dry_run:
        return RunResult(plan, "planned")
    refuse(plan)
    if plan.empty:
        return RunResult(plan, "nothing")
    if not await review(plan, protected=False):
        return RunResult(plan, "declined")
    newest = prepared.records[0]
    target = next((r for r in prepared.records if r.number == plan.target), newest)
    header = await build_header(
        world, action="rollback", platform=newest.platform, version=plan.version, plan=plan, why=options.why,
        restore=options.restore, bom_digest=target.bom_digest, source=target.source,
        source_digest=target.source_digest, plain_http=target.plain_http,
    )  # fmt: skip

    async def planner() -> tuple[Plan, Seen]:
        return await _plan(world, prepared)

    request = RunRequest(header=header, planner=planner, platforms=prepared.platforms, parallel=options.parallel)
    return await carry_out(world, request, plan)


async def _scope(world: World, options: RollbackOptions) -> Scope:
    if options.version and options.number:
        raise UsageError("--to and --revision name two targets", hint="Leave one of them out.")
    if not (options.name or options.namespace):
        raise UsageError("nothing is named", hint="Name a namespace or a service: `relman rollback gateway`.")
    inventory = await load_inventory(world.kube, name=options.name, namespace=options.namespace)
    return installed_scope(inventory, options.name, options.namespace)


async def _plan(world: World, prepared: PreparedRollback) -> tuple[Plan, Seen]:
    namespace = prepared.scope.namespaces[0]
    records = await read_history(world.kube, namespace, "")
    if not records:
        msg = f"namespace {namespace} has no history"
        raise UsageError(msg, hint="`relman status` lists what is installed.")
    seen = await observe_namespace(world.kube, namespace, records[0].platform)
    options = prepared.options
    request = RollbackRequest(
        seen=seen,
        records=records,
        scope=prepared.scope,
        version=options.version,
        number=options.number,
        prune=options.prune,
        accept_irreversible=options.accept_irreversible,
        limits=_limits(records, options.timeout),
        who=str(world.who),
        why=options.why,
        now=world.clock.now(),
    )
    prepared.records = records
    plan = decide_rollback(request)
    return await _with_platforms(world, prepared, plan), {namespace: seen}


async def _with_platforms(world: World, prepared: PreparedRollback, plan: Plan) -> Plan:
    """Fetch what Helm no longer stores, and refuse what cannot be had, before anything moves."""
    refusals: list[Refusal] = []
    for content in missing_contents(plan):
        why = await _provide(world, prepared, content, plan.environment)
        if why:
            message = f"{content.chart} {content.label}: Helm no longer stores it, and {why}"
            refusals.append(Refusal(
                kind="missing-target", service=content.chart, namespace=prepared.scope.namespaces[0],
                message=message, hint="Put that version back where it was, or choose another one.",
            ))  # fmt: skip
    return msgspec.structs.replace(plan, refusals=(*plan.refusals, *refusals)) if refusals else plan


async def _provide(world: World, prepared: PreparedRollback, content: Content, environment: str) -> str:
    """Make a content's platform version available; return why it cannot be, or nothing."""
    version = content.platform_version
    if version not in prepared.platforms:
        origin = next((r for r in prepared.records if r.version == version and r.source), None)
        if origin is None:
            return f"no record tells where {version} came from"
        try:
            prepared.platforms[version] = await load_platform(
                Source(origin.source, origin.plain_http), version, folder=world.folder, fetch=world.fetch,
                platform=origin.platform,
            )  # fmt: skip
        except HelmkitError as error:
            return error.message
    found = await asyncio.to_thread(prepared.platforms[version].provides, content, environment)
    return "" if found else f"{prepared.platforms[version].source} has other content"


def _limits(records: Sequence[SetRecord], timeout: int) -> dict[str, int]:
    """Return the seconds each service may take: as asked for, else the longest any record gave it."""
    limits: dict[str, int] = {}
    for record in records:
        for key, service in record.services.items():
            limits[key] = timeout or max(limits.get(key, 0), service.time_limit)
    return limits
