"""Bring a Harbor project to its declared state: observe, decide, apply. Doing it again changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chartgen.harbor.decide import Step, decide_steps, find_robot
from chartgen.harbor.desired import DesiredProject
from chartgen.harbor.observe import ObservedProject, observe_project
from helmkit.errors import HelmkitError
from helmkit.harbor import Harbor, NewSecret
from helmkit.harbor.protection import immutable_rule


@dataclass(frozen=True)
class EnsureReport:
    """What was to be changed, and whether it was."""

    registry: str
    project: str
    steps: tuple[Step, ...]
    applied: bool
    unknown: tuple[str, ...] = ()
    """What could not be compared, because this account may not read it."""


@dataclass(frozen=True)
class Plan:
    """What is there and what must change."""

    desired: DesiredProject
    seen: ObservedProject
    steps: tuple[Step, ...]
    rotated: tuple[str, ...] = ()
    """Robots that get a new secret although nothing else changes."""

    @property
    def secrets(self) -> list[str]:
        """Return the robots whose secret will be shown."""
        made = [step.robot for step in self.steps if step.kind == "robot" and step.action == "create"]
        return [*made, *(name for name in self.rotated if name not in made)]


async def plan_project(harbor: Harbor, desired: DesiredProject, rotate: tuple[str, ...] = ()) -> Plan:
    """Compare a project with its declared state.

    Args:
        harbor: Where it is.
        desired: The declared state.
        rotate: Robots to give a new secret.

    Raises:
        HelmkitError: Harbor does not answer, or the credentials are wrong.
    """
    # Where a project is public, a wrong password would go unnoticed until the first change.
    await harbor.whoami()
    seen = await observe_project(harbor, desired)
    return Plan(desired, seen, tuple(decide_steps(desired, seen)), rotate)


async def apply_plan(harbor: Harbor, plan: Plan, keep: Callable[[NewSecret], None]) -> None:
    """Make the changes, one after the other; what was done before a failure stays and is not done again.

    Args:
        harbor: Where.
        plan: What.
        keep: Stores a robot's secret; called at once for each.

    Raises:
        HelmkitError: Harbor refuses one of them; the message names it.
    """
    for step in plan.steps:
        await _apply(harbor, plan, step, keep)
    created = {step.robot for step in plan.steps if step.kind == "robot" and step.action == "create"}
    for name in plan.rotated:
        if name in created:
            continue
        robot = find_robot(plan.seen.robots, plan.desired.name, name)
        if robot is None:
            message = f"there is no robot account {plan.desired.name}+{name} whose secret could be renewed"
            raise HelmkitError(message, hint="Declare it in [harbor.robots] and run `chartgen harbor ensure`.")
        keep(await harbor.robots.refresh(robot))


async def _apply(harbor: Harbor, plan: Plan, step: Step, keep: Callable[[NewSecret], None]) -> None:
    desired, seen = plan.desired, plan.seen
    match step.kind:
        case "project":
            await harbor.projects.create(desired.name, public=desired.public)
            seen.project = await harbor.projects.get(desired.name)
            if desired.quota is not None:
                seen.quota = await harbor.protection.get_quota(seen.project.project_id)
        case "visibility":
            await harbor.projects.update(desired.name, {"public": str(desired.public).lower()})
        case "quota":
            if seen.quota is not None and desired.quota is not None:
                await harbor.protection.set_quota(desired.name, seen.quota.id, desired.quota)
        case "broken-rule":
            await harbor.protection.delete_rule(desired.name, step.rule_id)
        case "rule":
            await _apply_rule(harbor, desired, step)
        case "retention":
            await _apply_retention(harbor, desired, seen)
        case "robot":
            await _apply_robot(harbor, plan, step, keep)


async def _apply_rule(harbor: Harbor, desired: DesiredProject, step: Step) -> None:
    if desired.guard is None:
        return
    body = immutable_rule(*desired.guard)
    if step.action == "create":
        await harbor.protection.add_rule(desired.name, body)
    else:
        await harbor.protection.update_rule(desired.name, step.rule_id, body)


async def _apply_retention(harbor: Harbor, desired: DesiredProject, seen: ObservedProject) -> None:
    if seen.project is None or desired.retention is None:
        return
    policy, number = seen.project.retention_id, seen.project.project_id
    await harbor.protection.set_retention(desired.name, number, policy, [*desired.retention], desired.cron)


async def _apply_robot(harbor: Harbor, plan: Plan, step: Step, keep: Callable[[NewSecret], None]) -> None:
    robot = next(one for one in plan.desired.robots if one.name == step.robot)
    project = plan.desired.name
    if step.action == "create":
        keep(
            await harbor.robots.create(
                project, robot.name, robot.access, days=robot.days, description=robot.description
            )
        )
        return
    now = find_robot(plan.seen.robots, project, robot.name)
    if now is not None:
        await harbor.robots.update(now, robot.access, project, days=robot.days, description=robot.description)
