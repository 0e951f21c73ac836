"""Declared limits on rolling back hold on every way back, are named before anything moves, and can be accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helmkit.errors import PreflightError
from relman.actions.recover import RecoverOptions, abort, resume
from relman.actions.rollback import RollbackOptions, rollback
from relman.actions.run import RunResult
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.observe.namespace import read_history
from relman.source import Source
from tests.builders.deaths import die_after_writes
from tests.builders.platforms import Service, write_package
from tests.builders.worlds import MemoryWorld, agree

NS = "shop-gw"
LIMIT = "the schema moved to 12"
TEXT = f"orders 2 limits rolling back: {LIMIT}"


@pytest.fixture
async def memory(tmp_path: Path) -> MemoryWorld:
    limited = Service("orders", NS, tag="2", rollback=LIMIT)
    write_package(tmp_path / "dist", "1.0.0", [Service("orders", NS), Service("gateway", NS, depends_on=("orders",))])
    write_package(tmp_path / "dist", "1.1.0", [limited, Service("gateway", NS, tag="2", depends_on=("orders",))])
    broken = Service("gateway", NS, tag="missing-1", depends_on=("orders",))
    write_package(tmp_path / "dist", "1.2.0", [limited, broken])
    memory = MemoryWorld(tmp_path)
    await go(memory, "1.0.0")
    return memory


async def go(memory: MemoryWorld, version: str, **options: Any) -> RunResult:
    source = Source(str(memory.folder / "dist"))
    wanted = UpgradeOptions(version=version, name=f"{NS}/", source=source, **options)
    return await upgrade(memory.world(), wanted, agree)


async def image(memory: MemoryWorld, name: str) -> str:
    live = await memory.kube.get_object("apps/v1", "Deployment", NS, name)
    assert live is not None
    return str(live["spec"]["template"]["spec"]["containers"][0]["image"]).rpartition(":")[2]


def outcomes(result: RunResult) -> dict[str, str]:
    return {key: service.outcome for record in result.records for key, service in record.services.items()}


async def test_it_is_said_before_a_version_with_a_limit_is_installed(memory: MemoryWorld) -> None:
    planned = (await go(memory, "1.1.0", dry_run=True)).plan
    assert f"{TEXT}; after a failure it stays where it got to, unless --accept-irreversible" in planned.notes
    # Another service of the same set moves without a word about it.
    await go(memory, "1.1.0")
    assert not any("limits" in note for note in (await go(memory, "1.2.0", dry_run=True)).plan.notes)


async def test_a_rollback_across_a_limit_is_refused_with_its_text(memory: MemoryWorld) -> None:
    await go(memory, "1.1.0")
    for name in ("orders", f"{NS}/"):
        with pytest.raises(PreflightError, match=TEXT) as caught:
            await rollback(memory.world(), RollbackOptions(name=name), agree)
        assert "--accept-irreversible" in (caught.value.hint or "")
    # A service beside it is free to go back.
    assert (await rollback(memory.world(), RollbackOptions(name="gateway"), agree)).outcome == "done"
    accepted = await rollback(memory.world(), RollbackOptions(name="orders", accept_irreversible=True), agree)
    assert accepted.outcome == "done"
    assert any("configuration kept elsewhere" in note for note in accepted.plan.notes)


async def test_an_upgrade_to_an_older_version_is_a_way_back_too(memory: MemoryWorld) -> None:
    await go(memory, "1.1.0")
    with pytest.raises(PreflightError, match=TEXT):
        await go(memory, "1.0.0")
    assert (await go(memory, "1.0.0", accept_irreversible=True)).outcome == "done"


async def test_a_newer_version_is_no_way_back(memory: MemoryWorld) -> None:
    await go(memory, "1.1.0")
    write_package(memory.folder / "dist", "1.10.0", [Service("orders", NS, tag="3"), Service("gateway", NS, tag="3")])
    assert (await go(memory, "1.10.0")).outcome == "done"


async def test_versions_that_say_the_same_are_on_the_same_side(memory: MemoryWorld) -> None:
    later = Service("orders", NS, tag="3", rollback=LIMIT)
    write_package(memory.folder / "dist", "1.3.0", [later, Service("gateway", NS, tag="missing-1")])
    write_package(memory.folder / "dist", "1.4.0", [later, Service("gateway", NS, tag="4")])
    await go(memory, "1.1.0")
    assert (await go(memory, "1.3.0")).outcome == "restored"
    await go(memory, "1.4.0")
    assert (await rollback(memory.world(), RollbackOptions(name="orders"), agree)).outcome == "done"
    assert await image(memory, "orders") == "2"
    with pytest.raises(PreflightError, match=TEXT):
        await rollback(memory.world(), RollbackOptions(name="orders", version="1.0.0"), agree)


async def test_a_failure_leaves_what_must_not_go_back_and_says_why(memory: MemoryWorld) -> None:
    result = await go(memory, "1.2.0")
    assert result.outcome == "not-restored"
    assert outcomes(result) == {"orders": "not restored", "gateway": "restored"}
    assert [await image(memory, name) for name in ("orders", "gateway")] == ["2", "1"]
    causes = (await read_history(memory.kube, NS, "shop"))[0].services["orders"].causes
    assert causes[0].summary == TEXT
    assert "relman rollback shop-gw/orders --accept-irreversible" in causes[0].hint


async def test_a_failure_takes_all_back_where_that_was_accepted(memory: MemoryWorld) -> None:
    result = await go(memory, "1.2.0", accept_irreversible=True)
    assert result.outcome == "restored"
    assert await image(memory, "orders") == "1"


@pytest.mark.parametrize("writes", [5, 8])
async def test_an_abort_honours_a_limit_also_of_a_service_it_died_over(memory: MemoryWorld, writes: int) -> None:
    await die_after_writes(memory, writes, lambda: go(memory, "1.1.0"))
    assert await image(memory, "orders") == "2"
    with pytest.raises(PreflightError, match=TEXT):
        await abort(memory.world(), RecoverOptions(everything=True), agree)
    assert await image(memory, "orders") == "2"
    result = await abort(memory.world(), RecoverOptions(everything=True, accept_irreversible=True), agree)
    assert result is not None
    assert result.outcome == "done"
    assert await image(memory, "orders") == "1"


async def test_a_service_that_was_not_moved_is_not_held_back_by_its_limit(memory: MemoryWorld) -> None:
    await die_after_writes(memory, 1, lambda: go(memory, "1.1.0"))
    result = await abort(memory.world(), RecoverOptions(everything=True), agree)
    assert result is not None
    assert result.outcome == "done"


@pytest.mark.parametrize(("name", "accepted"), [("orders", True), ("gateway", False)])
async def test_a_rollback_that_is_carried_on_accepts_what_was_accepted_and_no_more(
    memory: MemoryWorld, name: str, accepted: bool
) -> None:
    await go(memory, "1.1.0")
    wanted = RollbackOptions(name=name, accept_irreversible=accepted)
    await die_after_writes(memory, 2, lambda: rollback(memory.world(), wanted, agree))
    result = await resume(memory.world(), RecoverOptions(everything=True), agree)
    assert result is not None
    assert result.outcome == "done"
    assert await image(memory, name) == "1"
    assert result.records[0].asked.accept_irreversible is accepted
