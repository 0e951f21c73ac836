"""One step of a plan, from intent to outcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from helmkit.errors import HelmkitError, LockHeldError
from helmkit.kube import ReleaseMetadata
from relman.core import outcome
from relman.core.migrating import migrations_of
from relman.core.plan import ADOPT, INSTALL, RESTART, ROLLBACK, UNINSTALL, Step
from relman.core.record import CauseRecord, Content, ReleaseState
from relman.execute.adopt import adopt_service
from relman.execute.compare import find_foreign
from relman.execute.context import UNHEALTHY_WAIT, RunContext
from relman.execute.definitions import apply_definitions, wait_established
from relman.execute.effects import (
    build_state,
    cause_records,
    error_cause,
    heal_pending,
    mark_failed,
    newest_revision,
    parse_objects,
    stored_objects,
)
from relman.execute.migrate import migrate
from relman.execute.restart import restart_service
from relman.execute.rollout import follow_rollout

Objects = list[dict[str, Any]]


async def apply_step(context: RunContext, step: Step) -> bool:
    """Carry out one step: journal the intent, act, wait for the rollout, journal the outcome.

    Returns:
        Whether the service is where it was meant to be, and healthy.

    Raises:
        HelmkitError: The journal cannot be written; what was done stands in Helm's history and is found there.
    """
    await context.record(
        step.namespace, step.service, outcome=outcome.STARTED, intent="apply", started=context.clock.now()
    )
    context.reporter.report(step.service, _verb(step), describe(step))
    try:
        if step.heal:
            await heal_pending(context, step.namespace, step.release)
        if step.action == UNINSTALL:
            return await _uninstall(context, step)
        if step.action == ADOPT:
            return await adopt_service(context, step) or await _stopped(context, step)
        if step.action == RESTART:
            causes = await restart_service(context, step)
            return await _stopped(context, step) if causes is None else not causes or await _fail(context, step, causes)
        revision, objects = await _bring(context, step)
        return await _follow(context, step, revision, objects)
    except LockHeldError:
        raise
    except HelmkitError as error:
        if step.action == ADOPT:
            # What is newest may be somebody else's: nothing was made until the adoption itself recorded it.
            return await _fail(context, step, (error_cause(error),))
        return await _broke(context, step, error)


def describe(step: Step) -> str:
    """Return `old -> new` as people know the versions."""
    old = step.before.content.label if step.before and step.before.content else ""
    new = step.content.label if step.content else ""
    return f"{old} -> {new}" if old and new and old != new else new or old


def _verb(step: Step) -> str:
    return _VERBS.get(step.action, "upgrading")


_VERBS = {
    ADOPT: "adopting",
    INSTALL: "installing",
    RESTART: "restarting",
    ROLLBACK: "rolling back",
    UNINSTALL: "removing",
}


async def _bring(context: RunContext, step: Step) -> tuple[ReleaseMetadata, Objects]:
    """Let helm make the new revision; return it and its objects."""
    if step.action == ROLLBACK:
        if migrations_of(step):
            await _prepare(context, step, await stored_objects(context, step.namespace, step.release, step.to_revision))
        await context.helm.rollback(
            step.release, step.to_revision, namespace=step.namespace,
            timeout=context.settings.helm_timeout, description=context.description,
        )  # fmt: skip
        revision = await _made(context, step)
        objects = await stored_objects(context, step.namespace, step.release, revision.revision)
        return revision, objects
    content = step.content
    if content is None:
        msg = f"the step for {step.service} brings nothing"
        raise HelmkitError(msg, hint="Plan it again.")
    platform = context.platform_for(content)
    await _prepare(context, step, await _render(context, step, content))
    await apply_definitions(context, step.service, platform.definitions(content.chart))
    late = platform.has_late_hooks(content.chart)
    release = await context.helm.upgrade(
        step.release, platform.chart(content.chart), namespace=step.namespace,
        values=platform.values(context.environment, content.chart), description=context.description,
        timeout=max(context.settings.helm_timeout, step.time_limit if late else 0), wait=late,
    )  # fmt: skip
    return await _made(context, step), parse_objects(release.manifest, f"{step.namespace}/{step.release}")


async def _prepare(context: RunContext, step: Step, objects: Objects) -> None:
    before = step.before.content if step.before else None
    await migrate(context, step.namespace, step.service, step.release, (step.content, before), objects)


async def _render(context: RunContext, step: Step, content: Content) -> Objects:
    """Return what a chart brings, where a migration may have to prepare for it; else nothing."""
    if not migrations_of(step) or step.before is None:
        return []
    platform = context.platform_for(content)
    rendered = await context.helm.template(
        step.release, platform.chart(content.chart), namespace=step.namespace,
        values=platform.values(context.environment, content.chart),
        kube_version=str(await context.kube.server_version()),
    )  # fmt: skip
    return parse_objects(rendered, f"{step.service} {content.label}")


async def _made(context: RunContext, step: Step) -> ReleaseMetadata:
    """Return the revision that was just made, and journal that it is ours."""
    newest = await newest_revision(context, step.namespace, step.release)
    if newest is None or (step.before and newest.uid == step.before.uid):
        msg = f"helm reported success, but release {step.release} has no new revision"
        raise HelmkitError(msg, hint="Try again.")
    state = ReleaseState(uid=newest.uid, revision=newest.revision, content=step.content)
    await context.record(step.namespace, step.service, made=state, now=state, intent="")
    return newest


async def _follow(context: RunContext, step: Step, revision: ReleaseMetadata, objects: Objects) -> bool:
    """Wait until the new revision is ready, and record how it stands."""
    await wait_established(context, objects)
    context.reporter.report(step.service, "waiting", describe(step))
    # What was not healthy before the run that is taken back need not be healthy now.
    tolerated = step.action == ROLLBACK and step.to_state is not None and not step.to_state.good
    limit = UNHEALTHY_WAIT if tolerated else step.time_limit
    result, removed = await follow_rollout(
        context, step.namespace, step.service, objects, limit, stoppable=context.settings.restore
    )
    if result is None:
        return await _stopped(context, step)
    if result.state != "ready" and not tolerated:
        causes = cause_records(result.causes) or (_timed_out(step, result.status.message),)
        await mark_failed(context, step.namespace, step.release, revision.revision, causes[0].summary)
        return await _fail(context, step, causes)
    good = result.state == "ready" and not tolerated
    state = await build_state(context, step.namespace, revision, step.content, objects, good=good)
    foreign = await find_foreign(context.kube, step.namespace, objects, state.objects)
    word = outcome.OF_ACTION[step.action]
    await context.record(
        step.namespace, step.service, now=state, made=None, outcome=word, finished=context.clock.now(),
        leftovers=(*removed, *foreign),
    )  # fmt: skip
    context.reporter.report(step.service, word, describe(step))
    return True


async def _uninstall(context: RunContext, step: Step) -> bool:
    # Helm's history stays where the run may still go back to it.
    await context.helm.uninstall(
        step.release, namespace=step.namespace, timeout=context.settings.helm_timeout,
        keep_history=context.settings.restore,
    )  # fmt: skip
    await context.record(
        step.namespace, step.service, now=None, made=None, outcome=outcome.REMOVED, intent="",
        finished=context.clock.now(),
    )  # fmt: skip
    context.reporter.report(step.service, outcome.REMOVED, describe(step))
    return True


async def _broke(context: RunContext, step: Step, error: HelmkitError) -> bool:
    """Helm or the cluster refused. Find out whether anything was made, and record it."""
    newest = await newest_revision(context, step.namespace, step.release)
    if newest is not None and (step.before is None or newest.uid != step.before.uid):
        state = ReleaseState(uid=newest.uid, revision=newest.revision, content=step.content)
        await context.record(step.namespace, step.service, made=state, now=state)
    return await _fail(context, step, (error_cause(error),))


async def _fail(context: RunContext, step: Step, causes: Sequence[CauseRecord]) -> bool:
    if context.settings.restore:
        context.control.fail()
    await context.record(
        step.namespace, step.service, outcome=outcome.FAILED, intent="", causes=tuple(causes),
        finished=context.clock.now(),
    )  # fmt: skip
    context.reporter.report(step.service, outcome.FAILED, causes[0].summary)
    return False


async def _stopped(context: RunContext, step: Step) -> bool:
    await context.record(
        step.namespace, step.service, outcome=outcome.INTERRUPTED, intent="", finished=context.clock.now()
    )
    context.reporter.report(step.service, outcome.INTERRUPTED, "stopped while it became ready")
    return False


def _timed_out(step: Step, message: str) -> CauseRecord:
    summary = f"not ready after {step.time_limit} s"
    return CauseRecord("deadline", summary, message, hint="Give it longer with --timeout, if it only starts slowly.")
