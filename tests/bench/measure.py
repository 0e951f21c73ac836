"""Runs command lines and says what they took."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What some work took."""

    seconds: float
    megabytes: float
    """Peak resident memory of the largest process."""
    cpu: float = 0.0
    """Seconds of CPU, children included: what does not depend on what else the machine does."""

    def __add__(self, other: Cost) -> Cost:
        megabytes = max(self.megabytes, other.megabytes)
        return Cost(self.seconds + other.seconds, megabytes, self.cpu + other.cpu)


NOTHING = Cost(0.0, 0.0)


@dataclass(frozen=True)
class Row:
    """One line of the report."""

    work: str
    ours: Cost
    helm: Cost | None
    note: str = ""
    bar: float | None = None
    """Seconds it should take at most."""
    memory_bar: float | None = None
    """Megabytes it should take at most."""

    @property
    def verdict(self) -> str:
        """Return whether the bars are met; empty when there are none."""
        said = [
            f"{'met' if value <= bar else 'MISSED'}: {bar:.{digits}f} {unit}"
            for value, bar, unit, digits in (
                (self.ours.seconds, self.bar, "s", 2), (self.ours.megabytes, self.memory_bar, "MB", 0),
            )
            if bar is not None
        ]  # fmt: skip
        return ", ".join(said)


def run(argv: Sequence[str | Path], *, cwd: Path, environ: Mapping[str, str], expect: int = 0) -> Cost:
    """Run a command to its end and return its cost.

    Raises:
        RuntimeError: Its exit code is not `expect`; the message holds its output.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in argv], cwd=cwd, env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != expect:
        message = f"{' '.join(map(str, argv))}: exit code {process.returncode}\n{output.decode(errors='replace')}"
        raise RuntimeError(message)
    return Cost(seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime)


def best(runs: int, work: Callable[[], Cost]) -> Cost:
    """Do the same several times and return the quickest."""
    return min((work() for _ in range(runs)), key=lambda cost: cost.seconds)


def report(rows: Sequence[Row]) -> str:
    """Return the rows as an aligned text table; the ratio is helm's time over ours."""
    head = ("work", "ours s", "cpu s", "ours MB", "helm s", "cpu s", "helm MB", "ratio", "bar", "note")
    table = [head]
    for row in rows:
        helm = row.helm
        table.append(
            (
                row.work,
                f"{row.ours.seconds:.2f}",
                f"{row.ours.cpu:.2f}",
                f"{row.ours.megabytes:.0f}",
                f"{helm.seconds:.2f}" if helm else "-",
                f"{helm.cpu:.2f}" if helm else "-",
                f"{helm.megabytes:.0f}" if helm else "-",
                f"{helm.seconds / row.ours.seconds:.1f}x" if helm else "-",
                row.verdict,
                row.note,
            )
        )
    widths = [max(len(line[column]) for line in table) for column in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in table)
