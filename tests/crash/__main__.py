"""`python -m tests.crash`: the matrix on eight services; prints each row and writes the page. Minutes on two cores."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.crash.landscapes import LARGE
from tests.crash.matrix import Matrix, Row, ways_for
from tests.crash.runs import RUNS
from tests.crash.table import PAGE, render_page
from tests.crash.ways import WAYS

SEED = 7
"""Of the shuffled order; another one finds other orders: `python -m tests.crash 8`."""

SHUFFLED = ("upgrade --all", "upgrade --all, a service fails")
"""Runs whose deaths are gone through in a shuffled order as well, with `resume` and `abort` after them."""


def main() -> None:
    """Fill the matrix, write the page, and end with 1 when something did not hold."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else SEED
    rows: list[Row] = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(_rows_of, range(len(RUNS)), [seed] * len(RUNS)):
            rows += found
            for row in found:
                _tell(row)
    faults = [fault for row in rows for fault in row.faults]
    if seed == SEED:
        PAGE.write_text(render_page(rows))
    cases = sum(row.cases for row in rows)
    sys.stdout.write(f"{cases} cases, {len(faults)} faults\n")
    sys.exit(1 if faults else 0)


def _rows_of(number: int, seed: int) -> list[Row]:
    run = RUNS[number]
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        rows = asyncio.run(Matrix(Path(folder, "plain"), LARGE).rows(run, ways_for(run, WAYS)))
        if run.name not in SHUFFLED:
            return rows
        recovering = [way for way in WAYS if not way.to]
        other = asyncio.run(Matrix(Path(folder, "shuffled"), LARGE, seed=seed).rows(run, recovering))
    more = {row.way: row for row in other}
    return [row.joined(more[row.way]) if row.way in more else row for row in rows]


def _tell(row: Row) -> None:
    sys.stdout.write(f"{row.run}, then {row.way}: {row.cases} cases, {len(row.faults)} faults\n")
    for fault in row.faults:
        sys.stdout.write(f"    {fault}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
