"""relman dies before every single effect that it, or a helm of it, has; what is typed next brings the set in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.landscapes import SMALL
from tests.crash.matrix import Matrix, Row, ways_for
from tests.crash.runs import RUNS, Run
from tests.crash.table import PAGE, known_cases, read_cases
from tests.crash.ways import WAYS, Way

WHOLE = next(one for one in RUNS if one.name == "upgrade --all")
ABORT = next(way for way in WAYS if way.name == "abort")


def chosen(run: Run) -> list[Way]:
    """Return the ways that four services are enough for; `make crash` does every combination, on eight."""
    if run is WHOLE:
        # Its abort has a test of its own.
        return [way for way in WAYS if way is not ABORT]
    return [way for way in ways_for(run, WAYS) if not way.to]


def check(row: Row) -> None:
    assert row.faults == [], row.way
    assert row.effects > 10, "the effects were not seen"
    assert row.cases == row.effects + 1 + row.tidied
    assert row.tidied > 1 or row.way not in ("resume", "abort"), "no helm was in the middle of its work"


@pytest.mark.parametrize("run", RUNS, ids=[run.name.replace(" ", "-") for run in RUNS])
async def test_after_death_at_any_effect_the_set_is_old_or_new_and_the_history_is_true(
    tmp_path: Path, run: Run
) -> None:
    for row in await Matrix(tmp_path, SMALL).rows(run, chosen(run)):
        check(row)


async def test_everything_is_taken_back_up_to_the_decision_to_commit_and_nothing_after_it(tmp_path: Path) -> None:
    (row,) = await Matrix(tmp_path, SMALL).rows(WHOLE, [ABORT])
    check(row)
    assert row.old > row.effects * 3 // 4
    assert 2 < row.new < 8


async def test_a_shuffled_order_of_steps_is_another_order(tmp_path: Path) -> None:
    orders = [[state.before for state in await Matrix(tmp_path, SMALL, seed=n).deaths(WHOLE)] for n in (1, 1, 5, 7)]
    assert orders[0] == orders[1]
    assert len({tuple(order) for order in orders}) > 1
    assert {tuple(sorted(order)) for order in orders} == {tuple(sorted(orders[0]))}


def test_the_page_shows_the_cases_that_there_are() -> None:
    page = PAGE.read_text()
    assert read_cases(page) == known_cases(), "run `make crash`"
    assert all(line.rstrip().endswith("| 0 |") for line in page.splitlines() if line.startswith(("| upgrade", "| ab")))
