"""Deciding what must change: pure, and nothing to do gives nothing."""

from __future__ import annotations

from typing import Any

import pytest

from chartgen.harbor.decide import Step, decide_steps
from chartgen.harbor.desired import EVERY_REPOSITORY, NIGHTLY, PRERELEASES, RELEASES, build_desired
from chartgen.harbor.model import HarborSection
from chartgen.harbor.observe import ObservedProject
from helmkit.harbor.records import (
    ImmutableRule,
    Permission,
    PermissionSet,
    Project,
    Quota,
    RetentionPolicy,
    Robot,
    Selector,
)

SECTION = HarborSection.model_validate(
    {
        "keep_prereleases": 5,
        "quota": "20Gi",
        "robots": {"ci": {"role": "push"}, "cluster": {"role": "pull", "days": 90}},
    }
)
DESIRED = build_desired("charts", SECTION)


def guard(number: int = 1, **changes: Any) -> ImmutableRule:
    made: dict[str, Any] = {"tag_selectors": (RELEASES,), "scope_selectors": {"repository": (EVERY_REPOSITORY,)}}
    return ImmutableRule(id=number, **{**made, **changes})


def robot(name: str, access: tuple[Permission, ...], days: int, description: str, **more: Any) -> Robot:
    permissions = (PermissionSet(namespace="charts", access=access),)
    return Robot(
        id=1, name=f"robot$charts+{name}", duration=days, description=description, permissions=permissions, **more
    )


def settled() -> ObservedProject:
    robots = [robot(r.name, tuple(reversed(r.access)), r.days, r.description) for r in DESIRED.robots]
    return ObservedProject(
        project=Project(name="charts", project_id=2, metadata={"public": "false", "retention_id": "1"}),
        rules=[guard()],
        retention=RetentionPolicy(
            id=1, rules=DESIRED.retention, trigger={"kind": "Schedule", "settings": {"cron": NIGHTLY}}
        ),
        quota=Quota(id=2, hard={"storage": 20 << 30}, used={"storage": 0}),
        robots=robots,
    )


def kinds(seen: ObservedProject) -> list[tuple[str, str]]:
    return [(step.kind, step.action) for step in decide_steps(DESIRED, seen)]


def test_a_settled_project_needs_nothing() -> None:
    assert decide_steps(DESIRED, settled()) == []


def test_an_absent_project_needs_everything_in_order() -> None:
    assert kinds(ObservedProject()) == [
        ("project", "create"),
        ("quota", "update"),
        ("rule", "create"),
        ("retention", "create"),
        ("robot", "create"),
        ("robot", "create"),
    ]


def test_what_is_not_declared_is_left_alone() -> None:
    bare = build_desired("charts", HarborSection(immutable=False))
    seen = settled()
    seen.rules.append(guard(9, tag_selectors=(Selector(kind="regex"),)))
    assert decide_steps(bare, seen) == []


def test_a_rule_that_switches_off_the_others_goes() -> None:
    seen = settled()
    seen.rules.insert(0, guard(7, tag_selectors=(Selector(kind="regex", pattern=".*"),)))
    (step,) = decide_steps(DESIRED, seen)
    assert (step.kind, step.action, step.rule_id) == ("broken-rule", "delete", 7)


def test_a_disabled_guard_is_enabled_not_doubled() -> None:
    seen = settled()
    seen.rules = [guard(3, disabled=True)]
    (step,) = decide_steps(DESIRED, seen)
    assert (step.kind, step.action, step.rule_id) == ("rule", "update", 3)


def test_somebody_elses_rules_do_not_count_as_ours() -> None:
    seen = settled()
    seen.rules = [guard(3, tag_selectors=(Selector(pattern="1.*"),))]
    assert kinds(seen) == [("rule", "create")]


def test_visibility_quota_and_retention_follow_the_declaration() -> None:
    seen = settled()
    seen.project = Project(name="charts", project_id=2, metadata={"public": "true"})
    seen.quota = Quota(id=2, hard={"storage": -1}, used={"storage": 0})
    seen.retention = RetentionPolicy(id=1, rules=(), trigger=None)
    visibility, quota, retention = decide_steps(DESIRED, seen)
    assert (visibility.old, visibility.new) == ("public", "private")
    assert (quota.old, quota.new) == ("no limit", "20Gi")
    assert retention.new == "keep all of tags not like *-*; keep the newest 5 of tags like *-*"


def test_a_robot_with_other_rights_a_disabled_one_and_a_missing_one() -> None:
    seen = settled()
    ci = seen.robots[0]
    seen.robots = [robot("ci", DESIRED.robots[0].access, -1, ci.description, disable=True)]
    assert [(s.action, s.robot) for s in decide_steps(DESIRED, seen)] == [("update", "ci"), ("create", "cluster")]


def test_what_could_not_be_read_is_not_decided() -> None:
    from helmkit.harbor import NotAllowedError

    seen = ObservedProject(project=settled().project)
    seen.unknown = {part: NotAllowedError("no") for part in ("rules", "retention", "quota", "robots")}
    assert decide_steps(DESIRED, seen) == []


def test_pull_means_nothing_but_pulling() -> None:
    cluster = DESIRED.robots[1]
    assert [f"{a.resource}:{a.action}" for a in cluster.access] == ["repository:pull"]
    assert cluster.days == 90


def test_retention_never_lets_a_release_go() -> None:
    assert DESIRED.retention is not None
    always, newest = DESIRED.retention
    assert (always.template, (always.tag_selectors or ())[0].decoration) == ("always", "excludes")
    assert (newest.params, (newest.tag_selectors or ())[0].pattern) == ({"latestPushedK": 5}, PRERELEASES.pattern)


@pytest.mark.parametrize(("text", "size"), [("512Mi", 512 << 20), ("20Gi", 20 << 30), ("1Ti", 1 << 40)])
def test_quotas_are_read_in_binary_units(text: str, size: int) -> None:
    assert build_desired("charts", HarborSection(quota=text)).quota == size


def test_steps_hold_no_secret() -> None:
    assert not {"secret", "password"} & set(Step.__dataclass_fields__)
