"""Bring an unfinished run to its end, from any host: carry it on, or take it back.

What is done is decided from what is observed, by the run's records and what Helm has; never from what was meant alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from helmkit.errors import UsageError
from relman.actions.adopt import AdoptOptions, adopt
from relman.actions.fetching import fetch_missing
from relman.actions.header import build_header
from relman.actions.ports import World
from relman.actions.rollback import RollbackOptions, rollback
from relman.actions.run import RunRequest, RunResult, Seen, carry_out, refuse
from relman.actions.single import SINGLE_ACTIONS, SingleOptions, carry_on
from relman.actions.unfinished import UnfinishedRun, find_unfinished, load_members
from relman.actions.upgrade import Review, UpgradeOptions, upgrade
from relman.core import outcome
from relman.core.freezing import with_freeze
from relman.core.plan import ADOPT, Plan
from relman.core.record import DONE, NOT_RESTORED, RESTORED, RunOptions, SetRecord
from relman.core.unfinished import decide_abort, goes_back
from relman.preflight.migrations import with_migrations
from relman.source import Platform, Source


@dataclass(frozen=True)
class RecoverOptions:
    """What was asked for."""

    name: str | None = None
    namespace: str | None = None
    everything: bool = False
    why: str = ""
    dry_run: bool = False
    timeout: int = 0
    parallel: int = 4
    accept_irreversible: bool = False
    """Go back across limits and migrations that were declared irreversible."""


async def resume(world: World, options: RecoverOptions, review: Review) -> RunResult | None:
    """Carry an unfinished run on to its end: forward, or the way back when it had failed.

    Returns:
        None when there is none.

    Raises:
        UsageError: What is named is not there, or there are several runs.
        PreflightError: The charts it took are no longer there, or something speaks against it.
    """
    found = await find_unfinished(world.kube, options.name, options.namespace, everything=options.everything)
    return None if found is None else await _carry_on(world, options, review, found)


async def abort(world: World, options: RecoverOptions, review: Review) -> RunResult | None:
    """Take an unfinished run back: every service it moved returns to exactly the revision it had.

    Returns:
        None when there is none.

    Raises:
        UsageError: What is named is not there, or there are several runs.
        PreflightError: Somebody changed a service since; nothing moves then.
    """
    found = await find_unfinished(world.kube, options.name, options.namespace, everything=options.everything)
    if found is None:
        return None
    return await _take_back(world, options, review, found)


async def _carry_on(world: World, options: RecoverOptions, review: Review, found: UnfinishedRun) -> RunResult:
    if goes_back(found.related):
        world.reporter.note(f"{_describe(found)} was on its way back; that is what is carried on")
        return await _take_back(world, options, review, found)
    world.reporter.note(f"carrying on {_describe(found)}")
    result = await _go_forward(world, options, review, found)
    if result.outcome not in (RESTORED, NOT_RESTORED) or world.control.lost:
        return result
    # It went back to where it began, which is where the dead run had got to: the rest of the way is taken as well.
    back = await _take_back(world, options, review, found)
    return replace(result, outcome=RESTORED if back.outcome in (DONE, "nothing") else NOT_RESTORED)


async def _go_forward(world: World, options: RecoverOptions, review: Review, found: UnfinishedRun) -> RunResult:
    if found.first.action == "upgrade":
        return await upgrade(world, _upgrade_again(options, found), review)
    if found.first.action == "rollback":
        return await rollback(world, _rollback_again(options, found.first), review)
    if found.first.action == ADOPT:
        return await adopt(world, _adopt_again(options, found), review)
    if found.first.action in SINGLE_ACTIONS:
        again = SingleOptions(
            namespace=found.first.namespace,
            why=options.why or found.record.why,
            dry_run=options.dry_run,
            timeout=options.timeout or found.record.asked.timeout,
            parallel=options.parallel,
        )
        return await carry_on(world, again, review, chain=found.chain)
    msg = f"a {found.first.action} is not carried on by `resume`"
    raise UsageError(msg, hint=f"Take it back: `relman abort {found.first.namespace}/`.")


async def _take_back(world: World, options: RecoverOptions, review: Review, found: UnfinishedRun) -> RunResult:
    if found.first.action == ADOPT:
        msg = f"{_describe(found)} is not taken back: its objects run as they did, and only belong to somebody else now"
        raise UsageError(msg, hint=f"Finish it: `relman resume {found.first.namespace}/`.")
    world.reporter.note(f"taking back {_describe(found)}")
    platforms: dict[str, Platform] = {}

    async def planner() -> tuple[Plan, Seen]:
        members = await load_members(world, found.namespaces, found.platform)
        decided = decide_abort(
            members, found.platform, options.timeout, accept_irreversible=options.accept_irreversible
        )
        plan = msgspec.structs.replace(decided, namespaces=found.reach)
        plan = with_freeze(plan, found.record.freeze, world.clock.now(), "")
        records = [record for member in members for record in member.records]
        return await fetch_missing(world, plan, records, platforms), {m.seen.namespace: m.seen for m in members}

    plan, _ = await planner()
    accept = options.accept_irreversible
    plan = await with_migrations(world.kube, world.helm, plan, platforms, accept=accept)
    # A failure of the run before, on this same way, does not stop this one.
    world.control.failed = False
    if options.dry_run:
        return RunResult(plan, "planned")
    refuse(plan)
    if not await review(plan, protected=any(record.protected for record in found.related)):
        return RunResult(plan, "declined")
    first = found.first
    header = await build_header(
        world, action=plan.action, platform=found.platform, version=plan.version, plan=plan,
        # There is nothing to go back to from the way back: what is left is taken up again by `resume` or `abort`.
        why=options.why, restore=False, bom_digest=first.bom_digest, source=first.source,
        source_digest=first.source_digest, plain_http=first.plain_http, protected=found.record.protected,
        freeze=found.record.freeze, asked=RunOptions(timeout=options.timeout),
    )  # fmt: skip
    home = found.record.coordinator.namespace if found.record.coordinator else found.namespaces[0]
    request = RunRequest(
        header=header, planner=planner, platforms=platforms, home=home, parallel=options.parallel,
        accept_irreversible=accept,
    )  # fmt: skip
    return await carry_out(world, request, plan)


def _upgrade_again(options: RecoverOptions, found: UnfinishedRun) -> UpgradeOptions:
    record = found.record
    return UpgradeOptions(
        version=record.version,
        name=None if found.several else _name_of(record),
        everything=found.several,
        source=Source(record.source, record.plain_http) if record.source else None,
        environment=record.environment,
        change_environment=True,
        why=options.why or record.why,
        restore=record.on_failure == "restore",
        dry_run=options.dry_run,
        timeout=options.timeout or record.asked.timeout,
        parallel=options.parallel,
        release_holds=record.asked.release_holds,
        accept_irreversible=options.accept_irreversible or record.asked.accept_irreversible,
        skip=record.skipped_checks,
        continues=True,
        bom_digest=record.bom_digest,
    )


def _adopt_again(options: RecoverOptions, found: UnfinishedRun) -> AdoptOptions:
    record = found.record
    return AdoptOptions(
        version=record.version,
        name=None if found.several else _name_of(record),
        everything=found.several,
        source=Source(record.source, record.plain_http) if record.source else None,
        environment=record.environment,
        why=options.why or record.why,
        dry_run=options.dry_run,
        timeout=options.timeout,
        parallel=options.parallel,
    )


def _rollback_again(options: RecoverOptions, record: SetRecord) -> RollbackOptions:
    return RollbackOptions(
        name=_name_of(record),
        number=record.target,
        why=options.why or record.why,
        restore=record.on_failure == "restore",
        dry_run=options.dry_run,
        timeout=options.timeout or record.asked.timeout,
        parallel=options.parallel,
        prune=record.asked.prune or any(service.action == "uninstall" for service in record.services.values()),
        accept_irreversible=options.accept_irreversible or record.asked.accept_irreversible,
        skip=record.skipped_checks,
        continues=True,
    )


def _name_of(record: SetRecord) -> str:
    """Return what the run was asked to move: the namespace, or the one service of it."""
    if record.whole:
        return f"{record.namespace}/"
    moved = [key for key, service in record.services.items() if service.action != "none"]
    asked = moved or [key for key, s in record.services.items() if s.outcome == outcome.HELD]
    return f"{record.namespace}/{asked[0]}" if asked else f"{record.namespace}/"


def _describe(found: UnfinishedRun) -> str:
    record = found.first
    return (
        f"the {record.action} of {', '.join(found.namespaces)} to {record.platform} {record.version} by {record.who}, "
        f"started {record.started} (revision {record.number})"
    )


async def finish_first(world: World, options: UpgradeOptions, review: Review, *, how: str) -> RunResult | None:
    """Bring an unfinished run in the way of an upgrade to its end.

    Args:
        world: The ports.
        options: What is to be upgraded afterwards.
        review: Shows the plan.
        how: `resume` or `abort`.

    Returns:
        None when there was none, or nothing of it is installed.
    """
    found = await find_unfinished(
        world.kube, options.name, options.namespace, everything=options.everything, lenient=True
    )
    if found is None:
        return None
    wanted = RecoverOptions(
        name=options.name, namespace=options.namespace, everything=options.everything, why=options.why,
        dry_run=options.dry_run, timeout=options.timeout, parallel=options.parallel,
        accept_irreversible=options.accept_irreversible,
    )  # fmt: skip
    return await (_carry_on if how == "resume" else _take_back)(world, wanted, review, found)
