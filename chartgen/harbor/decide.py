"""What must change to bring a project to its declared state. Pure; nothing to do gives nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from chartgen.harbor.desired import DesiredProject, DesiredRobot
from chartgen.harbor.observe import ObservedProject
from helmkit.harbor.records import ImmutableRule, RetentionPolicy, RetentionRule, Robot, Selector

Kind = Literal["project", "visibility", "quota", "broken-rule", "rule", "retention", "robot"]


@dataclass(frozen=True)
class Step:
    """One change."""

    kind: Kind
    action: Literal["create", "update", "delete"]
    what: str
    """For people: `robot account robot$charts+ci`."""
    old: str = ""
    new: str = ""
    rule_id: int = 0
    robot: str = ""
    """Name of the robot without its prefix."""


def decide_steps(desired: DesiredProject, seen: ObservedProject) -> list[Step]:
    """Return the changes in the order in which they must be made."""
    return [
        *_project(desired, seen),
        *_quota(desired, seen),
        *_rules(desired, seen),
        *_retention(desired, seen),
        *_robots(desired, seen),
    ]


def _project(desired: DesiredProject, seen: ObservedProject) -> list[Step]:
    new = "public" if desired.public else "private"
    if seen.project is None:
        return [Step("project", "create", f"project {desired.name}", new=new)]
    if seen.project.public == desired.public:
        return []
    old = "public" if seen.project.public else "private"
    return [Step("visibility", "update", f"visibility of project {desired.name}", old, new)]


def _quota(desired: DesiredProject, seen: ObservedProject) -> list[Step]:
    if desired.quota is None or "quota" in seen.unknown:
        return []
    now = seen.quota.hard.get("storage", -1) if seen.quota else -1
    if now == desired.quota:
        return []
    return [Step("quota", "update", f"quota of project {desired.name}", _size(now), _size(desired.quota))]


def _rules(desired: DesiredProject, seen: ObservedProject) -> list[Step]:
    if desired.guard is None or "rules" in seen.unknown:
        return []
    # Harbor stops at a rule it does not understand: everything after it guards nothing.
    steps = [
        Step(
            "broken-rule", "delete", f"immutable rule {rule.id}, which switches off all rules after it", rule_id=rule.id
        )
        for rule in seen.rules
        if rule.broken
    ]
    alike = [rule for rule in seen.rules if _guards(rule, desired.guard)]
    what = "immutable rule for release versions (tags without a hyphen)"
    if any(not rule.disabled for rule in alike):
        return steps
    if alike:
        return [*steps, Step("rule", "update", what, "disabled", "enabled", rule_id=alike[0].id)]
    return [*steps, Step("rule", "create", what)]


def _guards(rule: ImmutableRule, guard: tuple[Selector, Selector]) -> bool:
    tags, scopes = rule.tag_selectors or (), (rule.scope_selectors or {}).get("repository", ())
    return len(tags) == 1 and len(scopes) == 1 and (_plain(tags[0]), _plain(scopes[0])) == tuple(map(_plain, guard))


def _plain(selector: Selector) -> tuple[str, str, str]:
    return selector.kind, selector.decoration, selector.pattern


def _retention(desired: DesiredProject, seen: ObservedProject) -> list[Step]:
    if desired.retention is None or "retention" in seen.unknown:
        return []
    what = f"retention policy of project {desired.name}"
    new = describe_retention(desired.retention)
    if seen.retention is None:
        return [Step("retention", "create", what, new=new)]
    now = [_rule_key(rule) for rule in seen.retention.rules or () if not rule.disabled]
    if now == [_rule_key(rule) for rule in desired.retention] and seen.retention.cron == desired.cron:
        return []
    return [Step("retention", "update", what, _describe_policy(seen.retention), new)]


def _rule_key(rule: RetentionRule) -> tuple[Any, ...]:
    scopes = (rule.scope_selectors or {}).get("repository", ())
    params = tuple(sorted((key, int(value)) for key, value in (rule.params or {}).items()))
    return rule.template, params, tuple(map(_plain, rule.tag_selectors or ())), tuple(map(_plain, scopes))


def describe_retention(rules: tuple[RetentionRule, ...]) -> str:
    """Return what rules keep, for people."""
    kept = []
    for rule in rules:
        tags = ", ".join(
            f"tags {'not ' if s.decoration == 'excludes' else ''}like {s.pattern}" for s in rule.tag_selectors or ()
        )
        count = next(iter((rule.params or {}).values()), "")
        template = {"always": "all", "latestPushedK": f"the newest {count}"}.get(
            rule.template, f"{rule.template} {count}"
        )
        kept.append(f"keep {template.strip()} of {tags}")
    return "; ".join(kept) or "keep nothing"


def _describe_policy(policy: RetentionPolicy) -> str:
    when = f", at {policy.cron}" if policy.cron else ", by hand"
    return describe_retention(tuple(rule for rule in policy.rules or () if not rule.disabled)) + when


def _robots(desired: DesiredProject, seen: ObservedProject) -> list[Step]:
    if "robots" in seen.unknown:
        return []
    steps = []
    for robot in desired.robots:
        now = find_robot(seen.robots, desired.name, robot.name)
        what = f"robot account {desired.name}+{robot.name}"
        if now is None:
            steps.append(Step("robot", "create", what, new=_describe_robot(robot), robot=robot.name))
        elif _robot_key(now) != _robot_key(robot):
            steps.append(Step("robot", "update", what, _describe_robot(now), _describe_robot(robot), robot=robot.name))
    return steps


def find_robot(robots: list[Robot], project: str, name: str) -> Robot | None:
    """Return a project's robot by its own name; what Harbor puts before it can be configured."""
    return next((one for one in robots if one.name.endswith(f"{project}+{name}")), None)


def rights_of(robot: Robot | DesiredRobot) -> tuple[str, ...]:
    """Return what a robot may do, sorted, as `resource:action`."""
    access = robot.access if isinstance(robot, DesiredRobot) else [a for p in robot.permissions or () for a in p.access]
    return tuple(sorted(f"{one.resource}:{one.action}" for one in access))


def _robot_key(robot: Robot | DesiredRobot) -> tuple[Any, ...]:
    if isinstance(robot, DesiredRobot):
        return rights_of(robot), robot.days, robot.description, False
    return rights_of(robot), robot.duration, robot.description, robot.disable


def _describe_robot(robot: Robot | DesiredRobot) -> str:
    days = robot.days if isinstance(robot, DesiredRobot) else robot.duration
    life = "never expires" if days == -1 else f"expires after {days} days"
    disabled = ", disabled" if isinstance(robot, Robot) and robot.disable else ""
    return f"{' '.join(rights_of(robot))}; {life}{disabled}; {robot.description!r}"


def _size(value: int) -> str:
    if value < 0:
        return "no limit"
    for unit, factor in (("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20)):
        if value >= factor and value % factor == 0:
            return f"{value // factor}{unit}"
    return f"{value} bytes"
