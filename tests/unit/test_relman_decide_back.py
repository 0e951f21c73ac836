"""The ways back as tables: whatever was seen and recorded, one decision with its reason, nothing foreign touched."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from relman.core.decide_removal import decide_prune, decide_restart, decide_uninstall
from relman.core.decide_rollback import RollbackRequest, decide_rollback
from relman.core.naming import Scope
from relman.core.plan import Plan
from relman.core.record import DONE, INTERRUPTED, ObjectMark, SetRecord
from relman.core.seen import NamespaceSeen, RevisionSeen
from relman.core.unfinished import Member, decide_abort
from tests.unit.test_relman_decide import MARK, NS, STATUSES, record, recorded, release, state, verdict

SCOPE = Scope((NS,), frozenset({"web"}))
OLD = record(recorded(state("u1", 1, "1")), number=2)
EVERY = list(itertools.product(STATUSES, ("newest", "older", "no"), (True, False), (True, False)))


def seen(status: str, known: str, *, good: bool, drift: bool, **changes: object) -> tuple[NamespaceSeen, SetRecord]:
    """Return a namespace whose service `web` stands at revision 2, after 1 was good; `known` says which is recorded."""
    revisions = [RevisionSeen(1, "u1", "superseded"), RevisionSeen(2, "u2", status)]
    if known == "older":
        revisions.append(RevisionSeen(3, "u3", status))
    now = state("u2", 2, "2", good=good)
    newest = record(recorded(now, before=state("u1", 1, "1"), action="upgrade"), number=3, previous=2)
    if known == "no":
        newest = msgspec.structs.replace(newest, services={"web": recorded(state("gone", 2, "2", good=good))})
        revisions = [RevisionSeen(1, "x1", status)]
    newest = msgspec.structs.replace(newest, **changes)
    live = {MARK: ObjectMark("live", 9 if drift else 1)}
    return NamespaceSeen(NS, release(*revisions), newest, "1", (2, 3), live), newest


def explained(plan: Plan) -> str:
    """Return the one decision of a plan, which must have its reason."""
    for step in plan.steps:
        assert step.reason
    for skip in plan.skips:
        assert skip.reason
    for refusal in plan.refusals:
        assert refusal.message
        assert refusal.hint
    return verdict(plan)


@pytest.mark.parametrize(("status", "known", "good", "drift"), EVERY)
def test_a_rollback_of_a_service_in_every_state(status: str, known: str, good: bool, drift: bool) -> None:
    found, newest = seen(status, known, good=good, drift=drift)
    plan = decide_rollback(RollbackRequest(found, [newest, OLD], SCOPE, now="2026-01-01T00:00:00Z"))
    if known == "no":
        assert explained(plan) == "foreign-release"
        return
    assert explained(plan) == "rollback"
    assert plan.steps[0].heal is status.startswith("pending-")
    # What was good and is proven to run goes to the one before; what is not, to the newest good one there is.
    certain = known == "newest" and status == "deployed" and good
    assert plan.steps[0].to_revision == (1 if certain or not good else 2)


@pytest.mark.parametrize(("status", "known", "good", "drift"), EVERY)
def test_an_abort_in_every_state(status: str, known: str, good: bool, drift: bool) -> None:
    found, newest = seen(status, known, good=good, drift=drift, outcome=INTERRUPTED, whole=False)
    plan = decide_abort([Member(found, [newest, OLD])], "shop")
    word = explained(plan)
    if known == "no" or (known == "older" and not status.startswith("pending-")):
        assert word == "changed-since", "what somebody else did since is not undone"
    else:
        assert (word, plan.steps[0].to_revision) == ("rollback", 1)


@pytest.mark.parametrize(("status", "known", "good", "drift"), EVERY)
def test_removing_and_restarting_in_every_state(status: str, known: str, good: bool, drift: bool) -> None:
    found, _ = seen(status, known, good=good, drift=drift, outcome=DONE)
    for plan in (decide_uninstall(found, SCOPE), decide_prune(found, {"web": "not part of 2"})):
        assert explained(plan) == ("not-ours" if known == "no" else "uninstall")
    word = explained(decide_restart(found, SCOPE, {}))
    ours = known == "newest" and not status.startswith("pending-")
    assert word == ("restart" if ours else "not-ours")


def test_an_unfinished_run_keeps_others_from_restarting_and_pruning_but_not_whoever_carries_it_on() -> None:
    found, _ = seen("deployed", "newest", good=True, drift=False, outcome=INTERRUPTED)
    for plan in (decide_restart(found, SCOPE, {}), decide_prune(found, {"web": "gone"})):
        assert [refusal.kind for refusal in plan.refusals] == ["unfinished-run"]
    again = decide_restart(found, SCOPE, {}, continues=True)
    for plan in (again, decide_prune(found, {"web": "gone"}, continues=True)):
        assert plan.refusals == ()
