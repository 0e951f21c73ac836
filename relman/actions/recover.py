"""Bring an unfinished run to its end, from any host: carry it on, or take it back.

What is done is decided from what is observed, by the run's records and what Helm has; never from what was meant alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from helmkit.errors import UsageError
from relman.actions.fetching import fetch_missing
from relman.actions.header import build_header
from relman.actions.ports import World
from relman.actions.rollback import RollbackOptions, rollback
from relman.actions.run import RunRequest, RunResult, Seen, carry_out, refuse
from relman.actions.unfinished import UnfinishedRun, find_unfinished, load_members
from relman.actions.upgrade import Review, UpgradeOptions, upgrade
from relman.core import outcome
from relman.core.plan import Plan
from relman.core.record import DONE, NOT_RESTORED, RESTORED, SetRecord
from relman.core.unfinished import decide_abort, goes_back
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
    msg = f"a {found.first.action} is not carried on by `resume`"
    raise UsageError(msg, hint=f"Type `relman {found.first.action} {found.first.namespace}/` again.")


async def _take_back(world: World, options: RecoverOptions, review: Review, found: UnfinishedRun) -> RunResult:
    world.reporter.note(f"taking back {_describe(found)}")
    platforms: dict[str, Platform] = {}

    async def planner() -> tuple[Plan, Seen]:
        members = await load_members(world, found.namespaces, found.platform)
        plan = msgspec.structs.replace(decide_abort(members, found.platform), namespaces=found.reach)
        records = [record for member in members for record in member.records]
        return await fetch_missing(world, plan, records, platforms), {m.seen.namespace: m.seen for m in members}

    plan, _ = await planner()
    # A failure of the run before, on this same way, does not stop this one.
    world.control.failed = False
    if options.dry_run:
        return RunResult(plan, "planned")
    refuse(plan)
    if not await review(plan, protected=False):
        return RunResult(plan, "declined")
    first = found.first
    header = await build_header(
        world, action=plan.action, platform=found.platform, version=plan.version, plan=plan,
        # There is nothing to go back to from the way back: what is left is taken up again by `resume` or `abort`.
        why=options.why, restore=False, bom_digest=first.bom_digest, source=first.source,
        source_digest=first.source_digest, plain_http=first.plain_http,
    )  # fmt: skip
    home = found.record.coordinator.namespace if found.record.coordinator else found.namespaces[0]
    request = RunRequest(header=header, planner=planner, platforms=platforms, home=home, parallel=options.parallel)
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
        timeout=options.timeout,
        parallel=options.parallel,
        skip=record.skipped_checks,
        continues=True,
        bom_digest=record.bom_digest,
    )


def _rollback_again(options: RecoverOptions, record: SetRecord) -> RollbackOptions:
    return RollbackOptions(
        name=_name_of(record),
        number=record.target,
        why=options.why or record.why,
        restore=record.on_failure == "restore",
        dry_run=options.dry_run,
        timeout=options.timeout,
        parallel=options.parallel,
        prune=any(service.action == "uninstall" for service in record.services.values()),
        # It was accepted when the run began.
        accept_irreversible=True,
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
    )  # fmt: skip
    return await (_carry_on if how == "resume" else _take_back)(world, wanted, review, found)
