"""What dies: everything that moves a set, with what must be there before it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from relman.actions.recover import RecoverOptions, abort, resume
from relman.actions.rollback import RollbackOptions, rollback
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.source import Source
from tests.builders.worlds import MemoryWorld, agree
from tests.crash.deaths import State, deaths_of
from tests.crash.landscapes import BROKEN, NEW, OLD, Landscape

EVERYTHING = RecoverOptions(everything=True, why="the host was lost")


@dataclass(frozen=True)
class Run:
    """Something that can die."""

    name: str
    """As the table calls it."""
    version: str
    """Where it goes to."""
    ends: frozenset[str]
    """The versions at which `resume` may leave the set; what it was at before is always one for `abort`."""
    act: Callable[[MemoryWorld, Landscape], Awaitable[str]]
    before: Callable[[MemoryWorld, Landscape], Awaitable[object]]
    alone: bool = False
    """It moves the last namespace alone."""
    start: str = OLD
    """The version at which the set stands when it begins; empty: nothing is installed."""
    follows: bool = False
    """It deals with an upgrade that died before it."""
    partial: bool = False
    """It was told to keep what moved when something fails: it may end between versions."""


async def go(memory: MemoryWorld, version: str, *, name: str | None = None, restore: bool = True) -> str:
    """Upgrade everything, or one namespace, and return the outcome."""
    wanted = UpgradeOptions(
        version=version, everything=name is None, name=f"{name}/" if name else None, restore=restore,
        source=Source(str(memory.folder / "dist")), why="nightly",
    )  # fmt: skip
    return (await upgrade(memory.world(), wanted, agree)).outcome


async def recover(memory: MemoryWorld, how: str) -> str:
    """Run `resume` or `abort`; `nothing` when no run is unfinished."""
    result = await (resume if how == "resume" else abort)(memory.world(), EVERYTHING, agree)
    return result.outcome if result else "nothing"


async def _go_back(memory: MemoryWorld, landscape: Landscape) -> str:
    return (await rollback(memory.world(), RollbackOptions(name=f"{landscape.last}/"), agree)).outcome


async def _nothing(memory: MemoryWorld, landscape: Landscape) -> None:
    return None


async def _install(memory: MemoryWorld, landscape: Landscape) -> None:
    assert await go(memory, OLD) == "done"


async def _install_both(memory: MemoryWorld, landscape: Landscape) -> None:
    await _install(memory, landscape)
    assert await go(memory, NEW, name=landscape.last) == "done"


async def _leave_half(memory: MemoryWorld, landscape: Landscape) -> None:
    """Leave what an upgrade left that died after three quarters of its effects."""
    await _install(memory, landscape)
    states = await deaths_of(memory, lambda one: go(one, NEW))
    _become(memory, states[len(states) * 3 // 4])


def _become(memory: MemoryWorld, state: State) -> None:
    revived = state.revive(memory.folder)
    memory.kube, memory.helm, memory.clock = revived.kube, revived.helm, revived.clock


def _upgrade(version: str, *, alone: bool = False, restore: bool = True) -> Callable[..., Awaitable[str]]:
    async def act(memory: MemoryWorld, landscape: Landscape) -> str:
        return await go(memory, version, name=landscape.last if alone else None, restore=restore)

    return act


async def _resume(memory: MemoryWorld, landscape: Landscape) -> str:
    return await recover(memory, "resume")


async def _abort(memory: MemoryWorld, landscape: Landscape) -> str:
    return await recover(memory, "abort")


RUNS = (
    Run("first install, --all", OLD, frozenset({OLD}), _upgrade(OLD), _nothing, start=""),
    Run("upgrade --all", NEW, frozenset({NEW}), _upgrade(NEW), _install),
    Run("upgrade --all, a service fails", BROKEN, frozenset({OLD}), _upgrade(BROKEN), _install),
    Run(
        "upgrade --all --on-failure keep, a service fails", BROKEN, frozenset(),
        _upgrade(BROKEN, restore=False), _install, partial=True,
    ),
    Run("upgrade of one namespace", NEW, frozenset({NEW}), _upgrade(NEW, alone=True), _install, alone=True),
    Run("rollback of one namespace", OLD, frozenset({OLD}), _go_back, _install_both, alone=True, start=NEW),
    Run("resume of a dead upgrade --all", NEW, frozenset({NEW}), _resume, _leave_half, follows=True),
    Run("abort of a dead upgrade --all", OLD, frozenset({OLD}), _abort, _leave_half, follows=True),
)  # fmt: skip
