"""An API server that answers badly, or not at all: retried where that is safe, said where it is not, never a lie.

relman and the helm under it talk through one proxy; after each fault the records, Helm's history and the objects
must tell the same story.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from helmkit.errors import HelmkitError, LockHeldError, UnreachableError
from sandbox.cluster import Sandbox
from tests.builders.kills import let_time_pass
from tests.builders.lanes import NEW, OLD, Lane, chain, open_lane
from tests.builders.proxies import Call, Cut, Fault, Reply, no_fault

When = Callable[[Call], bool]


def journal(call: Call) -> bool:
    """A write of a record that is there already."""
    return call.journals and call.method == "PUT"


def begins(call: Call) -> bool:
    """The write that begins a record."""
    return call.journals and call.method == "POST"


def lease(call: Call) -> bool:
    """A write of the lock."""
    return "/leases" in call.target and call.method == "PUT"


def reads(call: Call) -> bool:
    """A list of Secrets' metadata by relman."""
    return call.agent == "relman" and call.method == "GET" and "/secrets?" in call.target


def applies(call: Call) -> bool:
    """A helm that applies an object."""
    return call.agent == "helm" and call.method == "PATCH"


def stores(call: Call) -> bool:
    """A helm that makes its release's new revision."""
    return call.agent == "helm" and call.method == "POST"


def ends(call: Call) -> bool:
    """A helm that writes how it ended, the last of what it does."""
    return call.agent == "helm" and call.method == "PUT" and call.target.endswith(("v2", "v4", "v6", "v8"))


class Once:
    """Gives a fault to the first calls of a kind."""

    def __init__(self, when: When, *faults: Fault) -> None:
        self._when = when
        self._faults = list(faults)

    async def __call__(self, call: Call) -> Fault | None:
        return self._faults.pop(0) if self._faults and self._when(call) else None

    @property
    def spent(self) -> bool:
        """Whether all faults were given."""
        return not self._faults


@pytest.fixture
async def lane(sandbox: Sandbox, unique_name: str, tmp_path: Path) -> AsyncIterator[Lane]:
    async with open_lane(sandbox, tmp_path, unique_name) as opened:
        for version in (OLD, NEW):
            opened.publish(version, *chain(unique_name, version[0], length=1))
        await opened.upgrade(OLD)
        yield opened
        opened.proxy.rule = no_fault
        sandbox.api.delete(f"/api/v1/namespaces/{unique_name}")


RETRIED: list[tuple[str, When, tuple[Fault, ...]]] = [
    ("429 with Retry-After", journal, (Reply(429, reason="TooManyRequests", retry_after=1),)),
    ("500 twice on the journal", journal, (Reply(500), Reply(503, reason="ServiceUnavailable"))),
    ("500 on the lock", lease, (Reply(500),)),
    ("500 on a list", reads, (Reply(500),)),
    ("a list cut in the middle", reads, (Cut("middle"),)),
    ("the journal's answer lost", journal, (Cut("after"),)),
    ("the journal's answer cut in the middle", journal, (Cut("middle"),)),
    ("the lock's answer lost", lease, (Cut("after"),)),
    ("429 while a record begins", begins, (Reply(429, reason="TooManyRequests"),)),
]


async def test_what_may_be_repeated_is_repeated_and_the_run_goes_through(lane: Lane) -> None:
    """One namespace for all of them: each upgrade goes to the version that does not run."""
    target = NEW
    for name, when, faults in RETRIED:
        rule = Once(when, *faults)
        lane.proxy.rule = rule
        assert (await lane.upgrade(target)).outcome == "done", name
        assert rule.spent, name
        assert await lane.check_true() == target[0], name
        target = OLD if target == NEW else NEW


async def test_when_helm_meets_a_fault_the_set_goes_back_and_nothing_is_called_deployed(lane: Lane) -> None:
    for name, when, faults in (
        ("its new revision refused", stores, (Reply(500),)),
        ("its connection cut while it applies", applies, (Cut("before"),)),
        ("its objects refused", applies, (Reply(403, reason="Forbidden"),)),
        ("its last word refused", ends, (Reply(409, reason="Conflict"),)),
    ):
        rule = Once(when, *faults)
        lane.proxy.rule = rule
        result = await lane.upgrade(NEW)
        assert rule.spent, name
        assert result.outcome in ("restored", "done"), name
        assert await lane.check_true() == ("1" if result.outcome == "restored" else "2"), name
        if result.outcome == "restored":
            assert result.records[0].services["first"].causes, name
        else:
            lane.proxy.rule = no_fault
            await lane.upgrade(OLD)


async def test_a_record_somebody_else_wrote_stops_the_run_and_it_says_so(lane: Lane) -> None:
    lane.proxy.rule = Once(lambda call: journal(call) and bool(call.number), Reply(409, reason="Conflict"))
    result = await lane.upgrade(NEW)
    assert result.outcome == "interrupted"
    assert "taken over by somebody else" in result.reason
    lane.proxy.rule = no_fault
    # It stops where it is, and gives the lock back; whoever goes on finds an open record and what was done.
    assert await lane.recover("abort") in ("done", "nothing")
    assert await lane.check_true() == "1"


async def test_a_lock_somebody_else_took_at_the_same_moment_is_not_taken(lane: Lane) -> None:
    refuse = Reply(409, reason="Conflict")
    lane.proxy.rule = Once(lease, refuse)
    assert (await lane.upgrade(NEW)).outcome == "done"
    lane.proxy.rule = Once(begins, Reply(409, reason="AlreadyExists"))
    with pytest.raises(LockHeldError, match="somebody else has begun"):
        await lane.upgrade(OLD)
    lane.proxy.rule = no_fault
    assert await lane.check_true() == "2"


async def test_credentials_that_expire_in_the_middle_are_said_and_the_run_is_found_again(lane: Lane) -> None:
    expired = asyncio.Event()

    async def rule(call: Call) -> Fault | None:
        if applies(call):
            expired.set()
        return Reply(401, "Unauthorized", "Unauthorized") if expired.is_set() else None

    lane.proxy.rule = rule
    with pytest.raises(UnreachableError, match="does not accept your credentials"):
        await lane.upgrade(NEW)
    lane.proxy.rule = no_fault
    records = await lane.history()
    assert records[0].outcome == "running"
    await let_time_pass(lane.kube, lane.namespace, lane.namespace)
    assert await lane.recover("abort") == "done"
    assert await lane.check_true() == "1"


async def test_an_answer_that_never_came_to_a_write_that_cannot_be_repeated_is_said(lane: Lane) -> None:
    lane.proxy.rule = Once(begins, Cut("after"))
    with pytest.raises(HelmkitError, match="does not answer"):
        await lane.upgrade(NEW)
    lane.proxy.rule = no_fault
    assert await lane.recover("resume") == "done"
    assert await lane.check_true() == "2"


async def test_slow_answers_and_dropped_watches_delay_and_break_nothing(lane: Lane) -> None:
    lane.publish("2.1.0", *chain(lane.namespace, "2-slow", replicas=1, length=1))
    lane.publish("2.2.0", *chain(lane.namespace, "2", replicas=1, length=1))
    dropped = 0

    async def slow(call: Call) -> Fault | None:
        await asyncio.sleep(0.05)
        return None

    async def drop() -> None:
        nonlocal dropped
        while True:
            await asyncio.sleep(0.5)
            dropped += lane.proxy.drop_watches()

    lane.proxy.rule = slow
    dropping = asyncio.create_task(drop())
    try:
        result = await lane.upgrade("2.2.0")
    finally:
        dropping.cancel()
    assert result.outcome == "done"
    assert dropped > 0
    live = await lane.kube.get_object("apps/v1", "Deployment", lane.namespace, "first")
    assert live is not None
    assert live["status"]["readyReplicas"] == 1
    assert await lane.check_true() == "2"
