"""What the client changes: projects, rules, quotas, robots, labels, copies. Doing it twice is fine."""

from __future__ import annotations

import pytest

from helmkit.harbor import ConflictError, Harbor, ImmutableTagError, NotFoundError, QuotaError
from helmkit.harbor.protection import immutable_rule
from helmkit.harbor.records import Permission, RetentionRule, Selector
from tests.harbor.double import HarborDouble
from tests.harbor.double.seeding import chart_files, seed_chart

RULE = immutable_rule(Selector(decoration="excludes", pattern="*-*"), Selector(decoration="repoMatches"))


async def test_a_project_is_made_once_and_changed(double: HarborDouble, harbor: Harbor) -> None:
    await harbor.projects.create("staging", public=False)
    with pytest.raises(ConflictError, match="creating project staging failed: there is one already"):
        await harbor.projects.create("staging", public=False)
    await harbor.projects.update("staging", {"public": "true"})
    assert (await harbor.projects.get("staging")).public
    assert await harbor.projects.exists("staging")
    assert not await harbor.projects.exists("absent")


async def test_rules_are_added_once_changed_and_removed(double: HarborDouble, harbor: Harbor) -> None:
    await harbor.protection.add_rule("charts", RULE)
    await harbor.protection.add_rule("charts", RULE)
    (rule,) = await harbor.protection.list_rules("charts")
    assert rule.tag_selectors == (Selector(decoration="excludes", pattern="*-*"),)
    assert not rule.broken
    await harbor.protection.update_rule("charts", rule.id, {**RULE, "disabled": True})
    assert (await harbor.protection.list_rules("charts"))[0].disabled
    await harbor.protection.delete_rule("charts", rule.id)
    await harbor.protection.delete_rule("charts", rule.id)
    assert await harbor.protection.list_rules("charts") == []


async def test_a_rule_harbor_stumbles_over_is_known_as_broken(double: HarborDouble, harbor: Harbor) -> None:
    await harbor.protection.add_rule(
        "charts", immutable_rule(Selector(kind="regex"), Selector(decoration="repoMatches"))
    )
    assert [rule.broken for rule in await harbor.protection.list_rules("charts")] == [True]


async def test_what_is_immutable_can_neither_go_nor_move(double: HarborDouble, harbor: Harbor) -> None:
    charts, other = double.state.projects["charts"], double.add_project("other")
    seed_chart(double.state, charts, "gateway", chart_files("gateway", "1.0.0"))
    seed_chart(double.state, other, "gateway", chart_files("gateway", "1.0.0", description="other"))
    await harbor.protection.add_rule("charts", RULE)
    digest = (await harbor.artifacts.get("charts", "gateway", "1.0.0")).digest
    for refused in (
        harbor.artifacts.delete("charts", "gateway", digest),
        harbor.artifacts.delete_tag("charts", "gateway", digest, "1.0.0"),
        harbor.repositories.delete("charts", "gateway"),
        harbor.artifacts.copy("other/gateway:1.0.0", "charts", "gateway"),
    ):
        with pytest.raises(ImmutableTagError, match="an immutable rule of project 'charts' forbids it") as caught:
            await refused
        assert "chartgen bump" in (caught.value.hint or "")


async def test_a_copy_is_bit_identical_and_may_be_repeated(double: HarborDouble, harbor: Harbor) -> None:
    double.add_project("stable")
    project = double.state.projects["charts"]
    artifact = seed_chart(double.state, project, "platform/gateway", chart_files("gateway", "1.0.0"))
    for _ in range(2):
        await harbor.artifacts.copy("charts/platform/gateway:1.0.0", "stable", "platform/gateway")
    copied = await harbor.artifacts.get("stable", "platform/gateway", "1.0.0")
    assert copied.digest == artifact.digest
    with pytest.raises(NotFoundError, match=r"artifact charts/platform/gateway:9\.9\.9 not found"):
        await harbor.artifacts.copy("charts/platform/gateway:9.9.9", "stable", "platform/gateway")
    with pytest.raises(NotFoundError, match="project absent not found"):
        await harbor.artifacts.copy("charts/platform/gateway:1.0.0", "absent", "gateway")


async def test_tags_and_labels(double: HarborDouble, harbor: Harbor) -> None:
    project = double.state.projects["charts"]
    seed_chart(double.state, project, "gateway", chart_files("gateway", "1.0.0"))
    await harbor.artifacts.add_tag("charts", "gateway", "1.0.0", "stable")
    assert [t.name for t in await harbor.artifacts.list_tags("charts", "gateway", "1.0.0")] == ["stable", "1.0.0"]
    with pytest.raises(ConflictError):
        await harbor.artifacts.add_tag("charts", "gateway", "1.0.0", "stable")
    label = await harbor.protection.ensure_label(project.id, "promoted", color="#0095D3")
    assert await harbor.protection.ensure_label(project.id, "promoted") == label
    await harbor.artifacts.add_label("charts", "gateway", "1.0.0", label.id)
    await harbor.artifacts.add_label("charts", "gateway", "1.0.0", label.id)
    artifact = await harbor.artifacts.get("charts", "gateway", "1.0.0")
    assert [one.name for one in artifact.labels or ()] == ["promoted"]
    await harbor.artifacts.delete_tag("charts", "gateway", "1.0.0", "stable")
    await harbor.artifacts.delete_tag("charts", "gateway", "1.0.0", "stable")
    assert (await harbor.artifacts.list_versions("charts", "gateway", tag="1.0.0"))[0].digest == artifact.digest


async def test_retention_is_made_and_replaced(double: HarborDouble, harbor: Harbor) -> None:
    number = double.state.projects["charts"].id
    keep = RetentionRule(
        template="latestPushedK",
        params={"latestPushedK": 5},
        tag_selectors=(Selector(),),
        scope_selectors={"repository": (Selector(decoration="repoMatches"),)},
    )
    await harbor.protection.set_retention("charts", number, None, [keep], "0 0 3 * * *")
    policy_id = (await harbor.projects.get("charts")).retention_id
    assert policy_id is not None
    policy = await harbor.protection.get_retention(policy_id)
    assert (policy.cron, [r.template for r in policy.rules or ()]) == ("0 0 3 * * *", ["latestPushedK"])
    await harbor.protection.set_retention("charts", number, policy_id, [], "")
    assert (await harbor.protection.get_retention(policy_id)).rules == ()


async def test_quotas_are_read_and_set(double: HarborDouble, harbor: Harbor) -> None:
    number = double.state.projects["charts"].id
    quota = await harbor.protection.get_quota(number)
    assert quota is not None
    assert quota.hard == {"storage": -1}
    await harbor.protection.set_quota("charts", quota.id, 1024)
    assert (await harbor.protection.get_summary("charts"))["quota"]["hard"] == {"storage": 1024}


async def test_robots_are_made_changed_renewed_and_deleted(double: HarborDouble, harbor: Harbor) -> None:
    number = double.state.projects["charts"].id
    pull = [Permission(resource="repository", action="pull")]
    made = await harbor.robots.create("charts", "cluster", pull, description="pulls")
    assert made.name == "robot$charts+cluster"
    assert made.secret not in repr(made)
    (robot,) = await harbor.robots.list_of(number)
    await harbor.robots.update(robot, pull, "charts", days=30, description="pulls charts")
    renewed = await harbor.robots.refresh(robot)
    assert renewed.secret
    assert renewed.secret != made.secret
    assert (await harbor.robots.list_of(number))[0].duration == 30
    assert await harbor.robots.list_of(None) == []
    await harbor.robots.delete(robot)
    await harbor.robots.delete(robot)


async def test_a_full_project_is_named(double: HarborDouble, harbor: Harbor) -> None:
    from helmkit.harbor.faults import Deed, Refusal, explain

    text = (
        b'{"errors":[{"code":"DENIED","message":"adding 763 B of storage resource, which when updated to current usage'
    )
    body = text + b' of 28.7 KiB will exceed the configured upper limit of 29.1 KiB."}]}'
    refusal = Refusal("harbor.example", "ci", 403, "application/json", body)
    error = explain(Deed("pushing", "charts", "gateway", "1.0.0"), refusal)
    assert isinstance(error, QuotaError)
    assert "the storage quota of project 'charts' is used up" in error.message
