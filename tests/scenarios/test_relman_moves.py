"""A service that changes its namespace, node ports that change their owner: the order, the way back, the refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helmkit.errors import PreflightError
from relman.actions.history import history
from relman.actions.recover import RecoverOptions, abort, resume
from relman.actions.run import RunResult
from relman.actions.status import status
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.core.ordering import in_order
from relman.core.plan import INSTALL, UNINSTALL, UPGRADE, Step
from relman.core.record import Content, ReleaseState
from relman.core.unfinished import is_unfinished
from relman.observe.namespace import read_history
from relman.source import Source
from tests.builders.platforms import Service, write_package
from tests.builders.worlds import MemoryWorld, agree
from tests.crash.deaths import deaths_of

OLD, NEW = "shop-a", "shop-b"


def services(namespace: str, *more: Service, ports: tuple[int, ...] = ()) -> list[Service]:
    gateway = Service("gateway", namespace, node_ports=ports, tag="2" if ports else "1")
    return [gateway, Service("orders", NEW, depends_on=("gateway",), tag=namespace[-1]), *more]


@pytest.fixture
async def memory(tmp_path: Path) -> MemoryWorld:
    write_package(tmp_path / "dist", "1.0.0", services(OLD))
    write_package(tmp_path / "dist", "1.1.0", services(NEW))
    late = Service("late", NEW, tag="missing-1", depends_on=("orders",))
    write_package(tmp_path / "dist", "1.2.0", services(NEW, late))
    memory = MemoryWorld(tmp_path)
    await go(memory, "1.0.0")
    memory.helm.operations.clear()
    return memory


async def go(memory: MemoryWorld, version: str, name: str | None = None, **options: Any) -> RunResult:
    source = Source(str(memory.folder / "dist"))
    wanted = UpgradeOptions(version=version, name=name, everything=name is None, source=source, **options)
    return await upgrade(memory.world(), wanted, agree)


async def places(memory: MemoryWorld) -> list[str]:
    """Return where the gateway runs."""
    found = [await memory.kube.get_object("apps/v1", "Deployment", where, "gateway") for where in (OLD, NEW)]
    return [where for where, item in zip((OLD, NEW), found, strict=True) if item is not None]


async def test_it_moves_with_all_and_the_old_release_goes_last(memory: MemoryWorld) -> None:
    result = await go(memory, "1.1.0")
    assert result.outcome == "done"
    assert memory.done() == ["upgrade gateway", "upgrade orders", "uninstall gateway"]
    assert await places(memory) == [NEW]
    note = "gateway moves from namespace shop-a to shop-b: its claims and Secrets stay in shop-a"
    assert note in result.plan.notes
    (removal,) = [step for step in result.plan.steps if step.action == UNINSTALL]
    assert (removal.namespace, removal.reason) == (OLD, "moves to namespace shop-b")
    old = (await read_history(memory.kube, OLD, "shop"))[0]
    assert (old.services["gateway"].outcome, old.services["gateway"].now) == ("removed", None)
    assert (await go(memory, "1.1.0")).outcome == "nothing"
    # Its name means the one place where it is now.
    assert [one.namespace for one in (await status(memory.world(), "gateway", None)).sets] == [NEW]
    # What happened in the place it left can still be looked up.
    entries = await history(memory.world(), f"{OLD}/gateway", None, limit=1)
    assert [(one.service, one.outcome) for one in entries] == [("gateway", "removed")]
    assert len(await history(memory.world(), OLD, None, limit=5)) == 2


async def test_a_node_port_is_released_before_it_is_taken(memory: MemoryWorld) -> None:
    write_package(memory.folder / "dist", "2.0.0", services(OLD, ports=(31333,)))
    write_package(memory.folder / "dist", "2.1.0", services(NEW, ports=(31333,)))
    await go(memory, "2.0.0")
    memory.helm.operations.clear()
    await go(memory, "2.1.0")
    assert memory.done() == ["uninstall gateway", "upgrade gateway", "upgrade orders"]
    assert await places(memory) == [NEW]


@pytest.mark.parametrize("name", [f"{NEW}/", "gateway"])
async def test_a_part_alone_does_not_move_it(memory: MemoryWorld, name: str) -> None:
    with pytest.raises(PreflightError, match="gateway runs in namespace shop-a, and moves to shop-b only with --all"):
        await go(memory, "1.1.0", name)
    assert memory.done() == []


async def test_a_failure_brings_it_back_to_where_it_was(memory: MemoryWorld) -> None:
    result = await go(memory, "1.2.0")
    assert result.outcome == "restored"
    assert await places(memory) == [OLD]
    assert (await go(memory, "1.0.0")).outcome == "nothing"


async def test_a_move_that_limits_rolling_back_is_refused_unless_that_is_accepted(memory: MemoryWorld) -> None:
    limited = Service("gateway", NEW, tag="2", rollback="its schema moved on")
    late = Service("late", NEW, tag="missing-1", depends_on=("gateway",))
    write_package(memory.folder / "dist", "1.3.0", [limited, Service("orders", NEW), late])
    with pytest.raises(PreflightError, match="its schema moved on; and it moves to shop-b") as refused:
        await go(memory, "1.3.0")
    assert "--accept-irreversible" in (refused.value.hint or "")
    assert memory.done() == []
    assert (await go(memory, "1.3.0", accept_irreversible=True)).outcome == "restored"
    assert await places(memory) == [OLD]


@pytest.mark.parametrize("ports", [(), (31333,)])
@pytest.mark.parametrize("recover", [resume, abort])
async def test_wherever_it_died_it_runs_in_one_place_and_both_histories_end(
    memory: MemoryWorld, recover: Any, ports: tuple[int, ...]
) -> None:
    write_package(memory.folder / "dist", "2.0.0", services(OLD, ports=ports))
    write_package(memory.folder / "dist", "2.1.0", services(NEW, ports=ports))
    await go(memory, "2.0.0")
    deaths = await deaths_of(memory, lambda one: go(one, "2.1.0"))
    # The two orders of steps look at different deaths, so that together they look at most.
    for state in deaths[bool(ports) :: 3]:
        revived = state.revive(memory.folder)
        result = await recover(revived.world(), RecoverOptions(everything=True), agree)
        assert result is None or result.outcome in ("done", "nothing"), state.before
        histories = [await read_history(revived.kube, name, "shop") for name in (OLD, NEW)]
        newest = [records[0] for records in histories if records]
        assert not [record for record in newest if is_unfinished(record)], state.before
        if result is not None:
            through = {record.version for record in newest if not record.continues} == {"2.1.0"}
            assert await places(revived) == ([NEW] if recover is resume or through else [OLD]), state.before
    assert len(deaths) > 25


def content(*ports: int, tag: str = "1") -> Content:
    return Content("x", "1.0.0", f"sha256:{tag}{ports}", "sha256:v", "1.0.0", node_ports=ports)


def step(service: str, old: tuple[int, ...], new: tuple[int, ...], action: str = UPGRADE, where: str = NEW) -> Step:
    before = ReleaseState("u", 1, content(*old)) if action != INSTALL else None
    brought = content(*new, tag="2") if action != UNINSTALL else None
    return Step(
        service=service, namespace=where, release=service, action=action, reason="", content=brought, before=before
    )


@pytest.mark.parametrize(
    ("steps", "depends_on", "expected"),
    [
        pytest.param([step("a", (), (31000,)), step("b", (31000,), ())], {}, ["b", "a"], id="b releases what a takes"),
        pytest.param([step("a", (31000,), (31000,)), step("b", (), ())], {}, ["a", "b"], id="nobody releases anything"),
        pytest.param(
            [step("a", (), (31000,)), step("b", (31000,), (31001,))], {"a": ("b",)}, ["b", "a"], id="as they depend"
        ),
        pytest.param(
            [step("a", (1, 2), (), UNINSTALL, OLD), step("a", (), (1,), INSTALL)], {}, ["a in shop-a", "a"],
            id="a service that moves with its port",
        ),
        pytest.param(
            [step("a", (), (), UNINSTALL, OLD), step("a", (), (), INSTALL), step("b", (), ())], {"b": ("a",)},
            ["a", "b", "a in shop-a"], id="a service that moves, after those that call it",
        ),
    ],
)  # fmt: skip
def test_the_order_of_steps(steps: list[Step], depends_on: dict[str, tuple[str, ...]], expected: list[str]) -> None:
    assert [one.id for one in in_order(steps, depends_on)] == expected


async def test_node_ports_that_change_places_at_once_are_refused(memory: MemoryWorld) -> None:
    def pair(one: int, other: int, tag: str) -> list[Service]:
        return [
            Service("x", NEW, tag=tag, node_ports=(one,)), Service("y", NEW, tag=tag, node_ports=(other,)),
        ]  # fmt: skip

    write_package(memory.folder / "dist", "3.0.0", [*services(OLD), *pair(31001, 31002, "1")])
    write_package(memory.folder / "dist", "3.1.0", [*services(OLD), *pair(31002, 31001, "2")])
    await go(memory, "3.0.0")
    with pytest.raises(PreflightError, match=r"takes node port 3100[12] of [xy], which must move after it"):
        await go(memory, "3.1.0")
