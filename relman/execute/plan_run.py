"""Carry out the steps of a plan under open journals: forward by the graph, and back when it fails."""

from __future__ import annotations

from relman.core import outcome
from relman.core.plan import Plan
from relman.execute.apply import apply_step
from relman.execute.context import RunContext
from relman.execute.restore import moved_steps, restore_steps
from relman.execute.scheduler import OnFailure, blocked_by, run_graph
from relman.journal import CoordinatorJournal

COMMIT = "commit"
RESTORE = "restore"


async def run_steps(context: RunContext, plan: Plan, coordinator: CoordinatorJournal | None) -> None:
    """Carry out `plan`; afterwards every service's outcome stands in the journals.

    Raises:
        HelmkitError: The journal cannot be written, or somebody else owns the set.
    """
    steps = {step.id: step for step in plan.steps}
    edges = {key: step.waits_for for key, step in steps.items()}
    failed: set[str] = set()

    async def worker(key: str) -> bool:
        fine = await apply_step(context, steps[key])
        if not fine:
            failed.add(key)
        return fine

    never = await run_graph(
        edges,
        worker,
        parallel=context.settings.parallel,
        on_failure=OnFailure.STOP if context.settings.restore else OnFailure.BRANCH,
        may_start=lambda: context.control.may_start,
    )
    for key in sorted(never):
        why = _why_not(context, failed, blocked_by(edges, failed, key))
        step = steps[key]
        await context.record(step.namespace, step.service, outcome=outcome.NOT_STARTED, reason=why)
        context.reporter.report(key, outcome.NOT_STARTED, why)
    if context.control.lost:
        return
    back = context.settings.restore and bool(failed or context.control.interrupted or context.control.failed)
    if coordinator:
        await coordinator.write(decision=RESTORE if back else COMMIT)
    if back and moved_steps(context, plan.steps):
        context.reporter.note("going back: every service this run moved returns to the revision it had")
        await restore_steps(context, plan.steps)


def _why_not(context: RunContext, failed: set[str], blocker: str) -> str:
    if blocker:
        return f"waits for {blocker}, which failed"
    if context.control.lost:
        return context.control.lost
    if context.control.interrupted:
        return "the run was interrupted"
    return f"{', '.join(sorted(failed))} failed first" if failed else "the run was stopped"
