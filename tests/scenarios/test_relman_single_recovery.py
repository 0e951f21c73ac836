"""An uninstall, a prune or a restart that died is carried on or taken back, wherever it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relman.actions.recover import RecoverOptions, abort, resume
from relman.actions.run import RunResult
from relman.actions.single import SingleOptions, prune, restart, uninstall
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.core.record import SetRecord
from relman.core.unfinished import is_unfinished
from relman.observe.namespace import read_history
from relman.source import Source
from tests.builders.deaths import die_after_writes
from tests.builders.platforms import Service, write_package
from tests.builders.worlds import MemoryWorld, agree
from tests.crash.deaths import deaths_of

NS = "shop-gw"
ACTIONS = {"uninstall": uninstall, "prune": prune, "restart": restart}


def services(*more: Service) -> list[Service]:
    return [Service("gateway", NS), Service("orders", NS, depends_on=("gateway",)), *more]


@pytest.fixture
async def memory(tmp_path: Path) -> MemoryWorld:
    write_package(tmp_path / "dist", "0.9.0", services(Service("old", NS)))
    write_package(tmp_path / "dist", "1.0.0", services())
    memory = MemoryWorld(tmp_path)
    for version in ("0.9.0", "1.0.0"):
        await go(memory, version)
    return memory


async def go(memory: MemoryWorld, version: str, **options: Any) -> RunResult:
    source = Source(str(memory.folder / "dist"))
    return await upgrade(
        memory.world(), UpgradeOptions(version=version, name=f"{NS}/", source=source, **options), agree
    )


async def newest(memory: MemoryWorld) -> SetRecord:
    return (await read_history(memory.kube, NS, "shop"))[0]


async def installed(memory: MemoryWorld) -> set[str]:
    return {one.name for one in await memory.kube.list_release_metadata(NS) if one.status == "deployed"}


async def act(memory: MemoryWorld, action: str) -> RunResult:
    return await ACTIONS[action](memory.world(), SingleOptions(name=f"{NS}/", why="test"), agree)


async def die(memory: MemoryWorld, action: str, writes: int) -> bool:
    """Run an action and die in it; tells whether it did not get through."""
    try:
        await die_after_writes(memory, writes, lambda: act(memory, action))
    except pytest.fail.Exception:
        return False
    return True


def expected(action: str, recover: Any) -> set[str]:
    every = {"gateway", "orders", "old"}
    if recover is abort or action == "restart":
        return every
    return set() if action == "uninstall" else {"gateway", "orders"}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("recover", [resume, abort])
async def test_wherever_it_died_it_ends_all_done_or_all_back(memory: MemoryWorld, action: str, recover: Any) -> None:
    deaths = await deaths_of(memory, lambda one: act(one, action))
    dealt_with = 0
    # The two ways look at different deaths, so that together they look at all.
    for state in deaths[recover is resume :: 2]:
        revived = state.revive(memory.folder)
        found = await newest(revived)
        if not is_unfinished(found):
            # It died before its record, or over what comes after its end: the lock, old history.
            assert found.outcome == "done"
            continue
        result = await recover(revived.world(), RecoverOptions(everything=True), agree)
        assert result.outcome in ("done", "nothing"), (state.before, result)
        closed = await newest(revived)
        # It was through when it died: all that was left to do was to say so.
        left = expected(action, resume if closed.number == found.number else recover)
        assert await installed(revived) == left, state.before
        assert not is_unfinished(closed), state.before
        assert closed.outcome == "done"
        assert all((s.now is not None) == (key in left) for key, s in closed.services.items())
        dealt_with += closed.number != found.number
        assert await recover(revived.world(), RecoverOptions(everything=True), agree) is None
    assert dealt_with > 2, "it died too rarely to mean anything"


async def test_a_restart_is_carried_on_with_what_was_not_restarted_yet(memory: MemoryWorld) -> None:
    assert await die(memory, "restart", 8)
    before = {key: s.outcome for key, s in (await newest(memory)).services.items()}
    assert "restarted" in before.values()
    result = await resume(memory.world(), RecoverOptions(everything=True), agree)
    assert result is not None
    assert {step.service for step in result.plan.steps} == {k for k, word in before.items() if word != "restarted"}
    # What the dead run had begun on is not taken for as it was left; it is brought to that once more.
    assert [(await go(memory, "1.0.0")).outcome for _ in range(2)] == ["done", "nothing"]


async def test_a_restart_that_is_dealt_with_says_that_pods_stay_replaced(memory: MemoryWorld) -> None:
    assert await die(memory, "restart", 3)
    result = await abort(memory.world(), RecoverOptions(everything=True), agree)
    assert result is not None
    assert any("pods that were replaced stay" in note for note in result.plan.notes)
    # The one that was on its way is looked at again, so that nothing half done is taken for good.
    assert (await go(memory, "1.0.0")).outcome in ("done", "nothing")


async def test_what_was_removed_comes_back_under_the_same_chart(memory: MemoryWorld) -> None:
    assert await die(memory, "uninstall", 8)
    gone = {"gateway", "orders", "old"} - await installed(memory)
    assert gone
    result = await abort(memory.world(), RecoverOptions(everything=True), agree)
    assert result is not None
    assert {step.service for step in result.plan.steps if step.action == "install"} == gone
    # The set stands at 1.0.0 again; what that version no longer has is kept as before.
    assert (await newest(memory)).stands_at == "1.0.0"
    assert (await go(memory, "1.0.0")).outcome == "nothing"


async def test_the_time_limit_and_the_checks_of_the_run_are_used_again(memory: MemoryWorld) -> None:
    write_package(memory.folder / "dist", "1.1.0", [Service("gateway", NS, tag="2"), Service("orders", NS, tag="2")])
    await die_after_writes(memory, 2, lambda: go(memory, "1.1.0", timeout=77, skip=("image", "capacity")))
    result = await resume(memory.world(), RecoverOptions(everything=True), agree)
    assert result is not None
    assert {step.time_limit for step in result.plan.steps} == {77}
    record = await newest(memory)
    assert (record.asked.timeout, record.skipped_checks) == (77, ("capacity", "image"))


async def test_a_time_limit_of_its_own_wins_also_on_the_way_back(memory: MemoryWorld) -> None:
    write_package(memory.folder / "dist", "1.1.0", [Service("gateway", NS, tag="2"), Service("orders", NS, tag="2")])
    await die_after_writes(memory, 6, lambda: go(memory, "1.1.0", timeout=77))
    planned = await abort(memory.world(), RecoverOptions(everything=True, timeout=33, dry_run=True), agree)
    assert planned is not None
    assert {step.time_limit for step in planned.plan.steps} == {33}
    planned = await resume(memory.world(), RecoverOptions(everything=True, timeout=44, dry_run=True), agree)
    assert planned is not None
    assert {step.time_limit for step in planned.plan.steps} == {44}


async def test_holds_that_were_to_be_released_are_released_by_whoever_carries_it_on(memory: MemoryWorld) -> None:
    from relman.actions.rollback import RollbackOptions, rollback

    write_package(memory.folder / "dist", "1.1.0", [Service("gateway", NS, tag="2"), Service("orders", NS, tag="2")])
    await go(memory, "1.1.0")
    await rollback(memory.world(), RollbackOptions(name="gateway"), agree)
    await die_after_writes(memory, 2, lambda: go(memory, "1.1.0", release_holds=True))
    result = await resume(memory.world(), RecoverOptions(everything=True), agree)
    assert result is not None
    assert [step.service for step in result.plan.steps] == ["gateway"]
    assert (await newest(memory)).holds == ()
