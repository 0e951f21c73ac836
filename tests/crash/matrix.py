"""Every run, stopped at every effect, followed by every way; each case judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from relman.core.record import INTERRUPTED
from tests.builders.worlds import MemoryWorld
from tests.crash.deaths import State, deaths_of, say_last_words, shuffle
from tests.crash.landscapes import NEW, Landscape, tag_of
from tests.crash.runs import Run, recover
from tests.crash.verdict import Place, check_ended, look, versions_of
from tests.crash.ways import Way


@dataclass
class Row:
    """What became of one run under one way."""

    run: str
    way: str
    effects: int = 0
    """How many there were to stop at."""
    tidied: int = 0
    """Cases that are made once more, where `resume` and `abort` follow: a helm set its release to failed at last."""
    old: int = 0
    """Cases that ended where the run had begun."""
    new: int = 0
    """Cases that ended where the run was going to, or where the way leads."""
    between: int = 0
    """Cases that kept what had moved, as they were told to."""
    idle: int = 0
    """Of all these, those in which nothing was left to do."""
    faults: list[str] = field(default_factory=list)
    """What did not hold, in words."""

    @property
    def cases(self) -> int:
        """How many deaths were dealt with, well or not."""
        return self.old + self.new + self.between + len(self.faults)

    def joined(self, other: Row) -> Row:
        """Return this row with the cases of another order; the effects to stop at are those of this one."""
        return Row(
            self.run, self.way, self.effects, self.tidied + other.tidied, self.old + other.old, self.new + other.new,
            self.between + other.between, self.idle + other.idle, [*self.faults, *other.faults],
        )  # fmt: skip


class Matrix:
    """One landscape's cases.

    Args:
        folder: For charts; its own.
        landscape: What is moved.
        seed: Of the order in which steps that run side by side meet; None: that of the event loop.
    """

    def __init__(self, folder: Path, landscape: Landscape, *, seed: int | None = None) -> None:
        self._folder = folder
        self._landscape = landscape
        self._seed = seed
        landscape.write(folder)

    async def deaths(self, run: Run) -> list[State]:
        """Return every state at which a run can die."""
        memory = MemoryWorld(self._folder)
        await run.before(memory, self._landscape)
        if self._seed is not None:
            shuffle(memory, self._seed)
        return await deaths_of(memory, lambda one: run.act(one, self._landscape))

    async def rows(self, run: Run, ways: Sequence[Way]) -> list[Row]:
        """Return what becomes of one run under some ways, after every death."""
        states = await self.deaths(run)
        return [await self._row(run, way, states) for way in ways]

    async def _row(self, run: Run, way: Way, states: Sequence[State]) -> Row:
        row = Row(run.name, way.name, effects=len(states) - 1)
        for number, state in enumerate(states):
            where, begun = f"before effect {number + 1} ({state.before or 'none left'})", _has_begun(states[0], state)
            await self._judge(run, way, state.revive(self._folder), where, begun=begun, row=row)
            memory = state.revive(self._folder)
            if not way.to and await say_last_words(memory):
                row.tidied += 1
                await self._judge(run, way, memory, f"{where}, its helm having tidied up", begun=begun, row=row)
        return row

    async def _judge(self, run: Run, way: Way, memory: MemoryWorld, where: str, *, begun: bool, row: Row) -> None:
        try:
            await self._case(run, way, memory, begun=begun, row=row)
        except Exception as error:  # noqa: BLE001 - a crash of the way back is a finding like any other
            row.faults.append(f"{where}: {_words(error)}")

    async def _case(self, run: Run, way: Way, memory: MemoryWorld, *, begun: bool, row: Row) -> None:
        found = await way.act(memory, self._landscape, run)
        places = await look(memory, self._landscape)
        moved = (self._landscape.last,) if run.alone else self._landscape.namespaces
        versions = versions_of(places, moved)
        allowed = _allowed(run, way, found, begun=begun)
        partial = run.partial and not allowed
        assert partial or _one_of(versions, allowed), f"{found}: runs {versions or 'nothing'}, allowed {allowed}"
        failed = frozenset({self._landscape.failing}) if partial else frozenset()
        await check_ended(memory, places, idle=found == "nothing", fresh=not run.start, failed=failed)
        if not partial:
            _check_told(places, moved, versions, ended=not way.to)
        if not way.to:
            assert await recover(memory, "abort") == "nothing", "there is still something to abort"
        _count(row, run, versions, partial=partial, idle=found == "nothing")


def ways_for(run: Run, ways: Sequence[Way]) -> list[Way]:
    """Return the ways that make sense after a run: before a first install there is no other version to go to."""
    return [way for way in ways if run.start or way.to != NEW]


def _has_begun(first: State, state: State) -> bool:
    """Tell whether a run had written a record of its own."""
    made = [key for key in state.objects if key[1] == "configmaps" and key not in first.objects]
    return any(key[3].startswith("relman.v1.") for key in made)


def _allowed(run: Run, way: Way, found: str, *, begun: bool) -> set[str]:
    """Return the versions at which the set may stand; `""` is "not installed", none at all "as it was told to"."""
    if way.to:
        return {way.to}
    if found == "nothing":
        # It never began, or it was through.
        return set() if run.partial and begun else {run.start, *(run.ends if begun else ())}
    if way.name == "abort":
        return {run.start}
    if not begun:
        # Nobody can tell that it was meant: what is carried on is what had died before it.
        return {NEW} if run.follows else {run.start}
    return set(run.ends)


def _one_of(versions: set[str], allowed: set[str]) -> bool:
    return any(versions == ({tag_of(one)} if one else set()) for one in allowed)


def _check_told(places: dict[str, Place], moved: tuple[str, ...], versions: set[str], *, ended: bool) -> None:
    """The history must name the version at which the set stands, and no run may be left that never ended."""
    for name in moved:
        if not places[name].records:
            continue
        newest = places[name].records[0]
        assert not ended or newest.outcome != INTERRUPTED, newest.number
        stands = tag_of(newest.stands_at)
        assert {stands} == (versions or {""}), f"{name} stands at {newest.stands_at!r}, and runs {versions}"


def _count(row: Row, run: Run, versions: set[str], *, partial: bool, idle: bool) -> None:
    row.idle += idle
    start = {tag_of(run.start)} if run.start else set()
    if versions == start:
        row.old += 1
    elif partial:
        row.between += 1
    else:
        row.new += 1


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:400]}"
