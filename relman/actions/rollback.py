"""Bring a service or a namespace back to what was good before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from helmkit.errors import UsageError
from relman.actions.fetching import fetch_missing
from relman.actions.header import build_header
from relman.actions.inventory import installed_scope, load_inventory
from relman.actions.ports import World
from relman.actions.preflight import check_plan
from relman.actions.run import RunRequest, RunResult, Seen, carry_out, refuse
from relman.actions.upgrade import Review
from relman.core.decide_rollback import RollbackRequest, decide_rollback
from relman.core.freezing import with_freeze
from relman.core.naming import Scope
from relman.core.plan import Plan
from relman.core.preflight import ROLLBACK_CHECKS
from relman.core.record import RunOptions, SetRecord
from relman.core.unfinished import with_end
from relman.observe.namespace import observe_namespace, read_history
from relman.source import Platform


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
    skip: tuple[str, ...] = ()
    """Checks of preflight to leave out."""
    continues: bool = False
    """It carries on the unfinished run before it."""


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
    plan = await check_plan(
        world, plan, prepared.platforms, checks=ROLLBACK_CHECKS, skip=options.skip,
        accept_irreversible=options.accept_irreversible,
    )  # fmt: skip
    if options.dry_run:
        return RunResult(plan, "planned")
    refuse(plan)
    if plan.empty:
        return RunResult(plan, "nothing")
    if not await review(plan, protected=prepared.records[0].protected):
        return RunResult(plan, "declined")
    newest = prepared.records[0]
    target = next((r for r in prepared.records if r.number == plan.target), newest)
    header = await build_header(
        world, action="rollback", platform=newest.platform, version=plan.version, plan=plan, why=options.why,
        restore=options.restore, bom_digest=target.bom_digest, source=target.source,
        source_digest=target.source_digest, plain_http=target.plain_http,
        skipped_checks=tuple(sorted(options.skip)), protected=newest.protected, freeze=newest.freeze,
        asked=RunOptions(
            timeout=options.timeout, prune=options.prune, accept_irreversible=options.accept_irreversible
        ),
    )  # fmt: skip

    async def planner() -> tuple[Plan, Seen]:
        return await _plan(world, prepared)

    request = RunRequest(
        header=header, planner=planner, platforms=prepared.platforms, parallel=options.parallel,
        accept_irreversible=options.accept_irreversible,
    )  # fmt: skip
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
    plan = with_end(msgspec.structs.replace(plan, continues=options.continues), {namespace: seen})
    plan = with_freeze(plan, records[0].freeze, world.clock.now(), "")
    return await fetch_missing(world, plan, records, prepared.platforms), {namespace: seen}


def _limits(records: Sequence[SetRecord], timeout: int) -> dict[str, int]:
    """Return the seconds each service may take: as asked for, else the longest any record gave it."""
    limits: dict[str, int] = {}
    for record in records:
        for key, service in record.services.items():
            limits[key] = timeout or max(limits.get(key, 0), service.time_limit)
    return limits
