"""The plan of an upgrade as tables: what was seen and recorded on one side, step, skip or refusal on the other."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

import msgspec
import pytest

from helmkit.bom import ServiceEntry
from relman.core.decide import UpgradeRequest, content_change, decide_upgrade
from relman.core.naming import Scope
from relman.core.plan import Plan
from relman.core.record import DONE, RUNNING, SCHEMA, Content, Hold, ObjectMark, ReleaseState, ServiceRecord, SetRecord
from relman.core.restore_point import restore_point
from relman.core.seen import NamespaceSeen, ReleaseSeen, RevisionSeen
from relman.core.wanted import Wanted, content_of

NS = "shop"
MARK = "apps/v1/Deployment/web"
STATUSES = ("deployed", "failed", "superseded", "pending-upgrade", "pending-install", "pending-rollback", "unknown")


def entry(tag: str = "1", *, depends_on: tuple[str, ...] = (), release: str = "web") -> ServiceEntry:
    return ServiceEntry(
        release=release, namespace=NS, archetype="spring-service", chart="web", version="1.0.0",
        content_digest=f"sha256:c{tag}", values_digest="sha256:v", app_version=tag, depends_on=depends_on,
    )  # fmt: skip


def state(uid: str = "u1", revision: int = 1, tag: str = "1", *, good: bool = True) -> ReleaseState:
    marks = {MARK: ObjectMark("live", 1)}
    return ReleaseState(uid, revision, content_of(entry(tag), "1.0.0"), good=good, objects=marks)


def recorded(now: ReleaseState | None, **changes: object) -> ServiceRecord:
    base = ServiceRecord(release="web", action="install", reason="", outcome="installed", now=now)
    return msgspec.structs.replace(base, **changes)


def record(service: ServiceRecord | None, **changes: object) -> SetRecord:
    base = SetRecord(
        schema=SCHEMA, platform="shop", namespace=NS, number=3, run="r", action="upgrade", version="1.0.0",
        stands_at="1.0.0", environment="dev", outcome=DONE, services={"web": service} if service else {},
    )  # fmt: skip
    return msgspec.structs.replace(base, **changes)


def release(*revisions: RevisionSeen) -> dict[str, ReleaseSeen]:
    return {"web": ReleaseSeen("web", revisions)} if revisions else {}


def decide(
    releases: Mapping[str, ReleaseSeen], newest: SetRecord | None, *, tag: str = "1",
    objects: Mapping[str, ObjectMark] | None = None, **changes: object,
) -> Plan:  # fmt: skip
    live = {MARK: ObjectMark("live", 1)} if objects is None else objects
    seen = NamespaceSeen(NS, releases, newest, "1", (3,) if newest else (), live)
    wanted = {"web": Wanted("web", entry(tag), content_of(entry(tag), "1.0.0"))}
    request = UpgradeRequest("shop", "1.0.0", "dev", "", Scope((NS,)), wanted, {NS: seen}, lambda _: 60)
    return decide_upgrade(replace(request, **changes))  # type: ignore[arg-type]


def verdict(plan: Plan) -> str:
    """Return the one decision of a plan as a word."""
    decisions = [*(s.action for s in plan.steps), *(s.outcome for s in plan.skips), *(r.kind for r in plan.refusals)]
    assert len(decisions) == 1, decisions
    return decisions[0]


def expected(status: str, known: str, *, good: bool, drift: bool, change: bool) -> str:
    """Say in one place what the rule is."""
    if known == "no":
        return "foreign-release"
    if status.startswith("pending-"):
        # One that a record knows is what a dead run of ours left; any other belongs to a helm that may still live.
        # Where nothing before it was good, coming back means not being installed.
        return ("upgrade" if good else "install") if known == "newest" else "pending-release"
    unchanged = known == "newest" and status == "deployed" and good and not drift and not change
    return "unchanged" if unchanged else "upgrade"


EVERY = list(itertools.product(STATUSES, ("newest", "older", "no"), (True, False), (True, False), (True, False)))


@pytest.mark.parametrize(("status", "known", "good", "drift", "change"), EVERY)
def test_every_combination_of_status_record_health_drift_and_change(
    status: str, known: str, good: bool, drift: bool, change: bool
) -> None:
    revisions = [RevisionSeen(1, "u1", status)]
    if known == "older":
        revisions = [RevisionSeen(1, "u1", "superseded"), RevisionSeen(2, "u2", status)]
    now = state("u1" if known != "no" else "gone", good=good)
    objects = {MARK: ObjectMark("live", 9)} if drift else None
    plan = decide(release(*revisions), record(recorded(now)), tag="2" if change else "1", objects=objects)
    assert verdict(plan) == expected(status, known, good=good, drift=drift, change=change)
    for step in plan.steps:
        assert step.reason
        assert (step.before is None) == (step.action == "install")
    for skip in plan.skips:
        assert skip.reason


def test_nothing_there_is_installed() -> None:
    plan = decide({}, None)
    assert verdict(plan) == "install"
    assert plan.steps[0].before is None


def test_what_is_recorded_and_gone_is_installed_again() -> None:
    assert verdict(decide({}, record(recorded(state())))) == "install"


def test_a_release_without_any_history_of_the_set_is_foreign() -> None:
    assert verdict(decide(release(RevisionSeen(1, "u1", "deployed")), None)) == "foreign-release"


@pytest.mark.parametrize(
    ("live", "words"),
    [
        ({}, "Deployment/web is gone"),
        ({MARK: ObjectMark("other", 1)}, "Deployment/web was deleted and made anew"),
        ({MARK: ObjectMark("live", 2)}, "Deployment/web was changed (generation 1 -> 2)"),
        ({MARK: ObjectMark("live", 1, ("kubectl-edit@t",))}, "Deployment/web was changed by kubectl-edit"),
    ],
)
def test_drift_is_a_reason_with_a_name(live: Mapping[str, ObjectMark], words: str) -> None:
    plan = decide(release(RevisionSeen(1, "u1", "deployed")), record(recorded(state())), objects=live)
    assert plan.steps[0].reason == words


def test_without_marks_drift_cannot_be_ruled_out_so_it_moves() -> None:
    bare = msgspec.structs.replace(state(), objects={})
    assert verdict(decide(release(RevisionSeen(1, "u1", "deployed")), record(recorded(bare)))) == "upgrade"


def test_held_content_is_kept_back_and_other_content_is_not() -> None:
    hold = Hold("web", content_of(entry("2"), "1.1.0"), "2026-01-01T00:00:00Z", "anna", "slow")
    seen = release(RevisionSeen(1, "u1", "deployed"))
    newest = record(recorded(state()), holds=(hold,))
    assert verdict(decide(seen, newest, tag="2")) == "held"
    assert verdict(decide(seen, newest, tag="3")) == "upgrade"
    assert verdict(decide(seen, newest, tag="2", release_holds=True)) == "upgrade"
    assert decide(seen, newest, tag="2").holds == (hold,)
    assert decide(seen, newest, tag="3").holds == ()


def test_an_unfinished_record_is_to_be_closed_even_when_nothing_else_is_to_be_done() -> None:
    plan = decide(release(RevisionSeen(1, "u1", "deployed")), record(recorded(state()), outcome=RUNNING))
    assert plan.unfinished == (NS,)
    assert not plan.empty
    assert "never finished" in plan.notes[0]


@pytest.mark.parametrize("intent", ["apply", "restore"])
def test_what_a_dead_run_was_about_to_make_is_not_called_foreign(intent: str) -> None:
    dead = record(recorded(None, intent=intent, outcome="running"), outcome=RUNNING)
    assert verdict(decide(release(RevisionSeen(1, "u9", "deployed")), dead)) == "upgrade"


def test_a_pending_release_of_a_dead_run_is_healed() -> None:
    dead = record(recorded(state(), intent="apply", outcome="running"), outcome=RUNNING)
    plan = decide(release(RevisionSeen(1, "u1", "superseded"), RevisionSeen(2, "u2", "pending-upgrade")), dead)
    assert plan.steps[0].heal


def test_services_no_longer_wanted_are_kept_and_named() -> None:
    newest = record(recorded(state()))
    newest = msgspec.structs.replace(newest, services={**newest.services, "old": recorded(state("u5"), release="old")})
    plan = decide(release(RevisionSeen(1, "u1", "deployed")), newest)
    assert [(skip.service, skip.outcome) for skip in plan.skips] == [("web", "unchanged"), ("old", "kept")]


@pytest.mark.parametrize(
    ("revisions", "made", "back_to"),
    [
        ([], None, 0),
        ([("u1", "deployed")], "u1", 1),
        ([("u1", "superseded"), ("u2", "failed")], "u1", 2),
        ([("u1", "superseded"), ("u2", "pending-upgrade")], "u1", 1),
        ([("u1", "failed"), ("u2", "deployed"), ("u3", "pending-rollback")], "u9", 2),
        ([("u1", "pending-install")], None, 0),
    ],
)
def test_a_restore_comes_back_to_what_was_there_and_never_to_a_pending_revision(
    revisions: list[tuple[str, str]], made: str | None, back_to: int
) -> None:
    seen = [RevisionSeen(number, uid, status) for number, (uid, status) in enumerate(revisions, start=1)]
    found = restore_point(release(*seen).get("web"), recorded(state(made)) if made else None)
    assert (found.revision if found else 0) == back_to


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({"app_version": "2", "content_digest": "x"}, "version 1 -> 2"),
        ({"images": ("a:2",), "content_digest": "x"}, "image a:2"),
        ({"content_digest": "x", "chart_version": "1.1.0"}, "chart 1.0.0 -> 1.1.0"),
        ({"values_digest": "x"}, "values changed"),
        ({"content_digest": "x", "values_digest": "x"}, "chart 1.0.0 -> 1.0.0 and values"),
        ({"archetype": "external-endpoint", "content_digest": "x"}, "changes from spring-service to external-endpoint"),
    ],
)
def test_a_change_is_told_in_the_words_that_matter_most(change: dict[str, object], words: str) -> None:
    old = Content("web", "1.0.0", "c", "v", "1.0.0", archetype="spring-service", app_version="1")
    assert content_change(old, msgspec.structs.replace(old, **change)) == words
