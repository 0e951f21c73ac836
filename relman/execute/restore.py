"""The way back: everything a run moved returns to exactly the revision it had, dependants before what they need."""

from __future__ import annotations

from collections.abc import Sequence

from helmkit.errors import HelmkitError, LockHeldError
from relman.core import outcome
from relman.core.graph import edges_within, reverse_edges
from relman.core.limits import find_limit
from relman.core.plan import UNINSTALL, Step
from relman.core.record import ReleaseState, ServiceRecord
from relman.execute.compare import find_foreign
from relman.execute.context import RESTORE_MINIMUM, UNHEALTHY_WAIT, RunContext
from relman.execute.effects import (
    build_state,
    cause_records,
    error_cause,
    heal_pending,
    newest_revision,
    stored_objects,
)
from relman.execute.migrate import migrate
from relman.execute.rollout import follow_rollout
from relman.execute.scheduler import OnFailure, run_graph


def moved_steps(context: RunContext, steps: Sequence[Step]) -> list[Step]:
    """Return the steps that changed something: a revision was made, or the service was removed."""
    return [step for step in steps if _moved(step, context.service(step.namespace, step.service))]


async def restore_steps(context: RunContext, steps: Sequence[Step]) -> None:
    """Bring what was moved back. One that cannot go back does not keep the others from going back.

    Raises:
        HelmkitError: The journal cannot be written.
    """
    moved = moved_steps(context, steps)
    by_key = {step.id: step for step in moved}
    edges = reverse_edges(edges_within({step.id: step.waits_for for step in steps}, by_key))

    async def worker(key: str) -> bool:
        return await restore_step(context, by_key[key])

    def may_start() -> bool:
        # A person who interrupts wants it back too; only another owner of the set ends this.
        return not context.control.lost

    await run_graph(edges, worker, parallel=context.settings.parallel, on_failure=OnFailure.IGNORE, may_start=may_start)


async def restore_step(context: RunContext, step: Step) -> bool:
    """Bring one service back to where it was; tells whether it is there, as healthy as it was."""
    await context.record(step.namespace, step.service, intent="restore")
    context.reporter.report(step.service, "restoring", _target(step))
    try:
        if step.before is None:
            return await _remove(context, step)
        _honour_limit(context, step)
        await heal_pending(context, step.namespace, step.release)
        return await _go_back(context, step, step.before)
    except LockHeldError:
        raise
    except HelmkitError as error:
        causes = (*context.service(step.namespace, step.service).causes, error_cause(error))
        await context.record(
            step.namespace, step.service, outcome=outcome.NOT_RESTORED, intent="", causes=causes,
            finished=context.clock.now(),
        )  # fmt: skip
        context.reporter.report(step.service, outcome.NOT_RESTORED, error.message)
        return False


def _honour_limit(context: RunContext, step: Step) -> None:
    limit = find_limit(step.service, step.content, step.before.content if step.before else None)
    if limit and not context.settings.accept_irreversible:
        again = f"relman rollback {step.namespace}/{step.service} --accept-irreversible"
        raise HelmkitError(limit, hint=f"If you accept that: `{again}`.")


async def _remove(context: RunContext, step: Step) -> bool:
    if await newest_revision(context, step.namespace, step.release) is not None:
        await context.helm.uninstall(step.release, namespace=step.namespace, timeout=context.settings.helm_timeout)
    return await _settle(context, step, None, restored=True)


async def _go_back(context: RunContext, step: Step, before: ReleaseState) -> bool:
    objects = await stored_objects(context, step.namespace, step.release, before.revision)
    await migrate(context, step.namespace, step.service, step.release, (step.content, before.content), objects)
    await context.helm.rollback(
        step.release, before.revision, namespace=step.namespace,
        timeout=context.settings.helm_timeout, description=f"restored: {context.description}",
    )  # fmt: skip
    newest = await newest_revision(context, step.namespace, step.release)
    if newest is None:
        msg = f"release {step.release} is gone after its rollback"
        raise HelmkitError(msg, hint="Install it again.")
    state = ReleaseState(uid=newest.uid, revision=newest.revision, content=before.content)
    await context.record(step.namespace, step.service, now=state)
    limit = max(step.time_limit, RESTORE_MINIMUM) if before.good else UNHEALTHY_WAIT
    result, removed = await follow_rollout(context, step.namespace, step.service, objects, limit, stoppable=False)
    ready = result is not None and result.state == "ready"
    state = await build_state(context, step.namespace, newest, before.content, objects, good=ready and before.good)
    if not ready and before.good and result is not None:
        causes = (*context.service(step.namespace, step.service).causes, *cause_records(result.causes))
        await context.record(step.namespace, step.service, causes=causes)
    left = (*removed, *await find_foreign(context.kube, step.namespace, objects, state.objects))
    # What was not healthy before need not be healthy now: it is back where it was.
    return await _settle(context, step, state, restored=ready or not before.good, left=left)


async def _settle(
    context: RunContext, step: Step, state: ReleaseState | None, *, restored: bool, left: tuple[str, ...] = ()
) -> bool:
    word = outcome.RESTORED if restored else outcome.NOT_RESTORED
    await context.record(
        step.namespace, step.service, now=state, outcome=word, intent="", finished=context.clock.now(), leftovers=left
    )
    context.reporter.report(step.service, word, _target(step))
    return restored


def _target(step: Step) -> str:
    if step.before is None:
        return "not installed, as before"
    label = step.before.content.label if step.before.content else "as it was"
    return f"back at {label}"


def _moved(step: Step, service: ServiceRecord) -> bool:
    if service.migrations and service.outcome != outcome.RESTORED:
        # Its objects were touched, though Helm made no revision of it.
        return True
    return service.made is not None or service.outcome in _MOVED or (step.action == UNINSTALL and service.now is None)


_MOVED = frozenset({outcome.INSTALLED, outcome.UPGRADED, outcome.ROLLED_BACK, outcome.REMOVED})
