"""Show a plan before anything moves, and ask where asking is due. Everything here goes to stderr."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter

from helmkit.console.progress import Progress
from helmkit.errors import UsageError
from relman.actions.ports import World
from relman.actions.upgrade import Review
from relman.core.plan import Plan, Step

_MANY = 12
"""Changed fields to show for each service; `relman diff` shows all."""


def build_review(progress: Progress, *, yes: bool, world: World | None = None, always: bool = False) -> Review:
    """Return what shows a plan and asks when the environment is protected.

    Args:
        progress: Where to.
        yes: Do not ask.
        world: When given, the changed fields are shown as well.
        always: Ask in any case.
    """

    async def review(plan: Plan, *, protected: bool) -> bool:
        for line in plan_lines(plan):
            progress.note(line)
        if world is not None:
            for line in await _changes(world, plan):
                progress.note(line)
        if protected and not yes:
            return await ask_protected(plan.environment)
        if always and not yes:
            what = f"{plan.action} removes {', '.join(step.service for step in plan.steps)}"
            return await _ask(what, "the namespace's name", plan.namespaces[0])
        return True

    return review


def plan_lines(plan: Plan) -> list[str]:
    """Return a plan as lines for people: each step with its reason, skipped services counted, then the notes."""
    lines = [f"{plan.action} {', '.join(plan.namespaces)} to {plan.platform} {plan.version} ({plan.environment})"]
    from relman.execute.apply import describe

    lines += [f"  {step.action} {step.service} {describe(step)}: {step.reason}" for step in plan.steps]
    lines += [
        f"  {skip.service} is {skip.outcome}: {skip.reason}" for skip in plan.skips if skip.outcome != "unchanged"
    ]
    unchanged = Counter(skip.outcome for skip in plan.skips)["unchanged"]
    if unchanged:
        lines.append(f"  {unchanged} unchanged")
    return lines + [f"Note: {note}" for note in plan.notes]


async def _changes(world: World, plan: Plan) -> list[str]:
    from relman.actions.diff import diff_plan

    lines = []
    # What has to be fetched again is not rendered here: its steps say so themselves.
    stored = [step for step in plan.steps if _is_stored(step)]
    for service in await diff_plan(world, _only(plan, stored), {}):
        fields = [f"    {o.object} {f.path}: {f.old} -> {f.new}" for o in service.objects for f in o.fields]
        lines += [f"  {service.service}: {len(fields)} fields change", *fields[:_MANY]]
        if len(fields) > _MANY:
            lines.append(f"    … and {len(fields) - _MANY} more")
        if service.restarts:
            lines.append(f"    pods restart: {', '.join(service.restarts)}")
    return lines


def _is_stored(step: Step) -> bool:
    return step.action == "rollback"


def _only(plan: Plan, steps: list[Step]) -> Plan:
    import msgspec

    return msgspec.structs.replace(plan, steps=tuple(steps))


async def ask_protected(environment: str) -> bool:
    """Ask whether to go on in a protected environment.

    Raises:
        UsageError: Nobody is there to be asked.
    """
    return await _ask(f"environment {environment} is protected", "the environment's name", environment)


async def _ask(what: str, which: str, word: str) -> bool:
    if not sys.stdin.isatty():
        msg = f"{what}, and nobody is here to be asked"
        raise UsageError(msg, hint="Say --yes if this is meant.")
    sys.stderr.write(f"{what}. Go on? Type {which}: ")
    sys.stderr.flush()
    answer = await asyncio.to_thread(sys.stdin.readline)
    return bool(answer.strip() == word)
