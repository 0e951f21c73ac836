"""Starting programs that outlive us, and stopping exactly those again.

Every started process leaves a record on disk before the next step, so that whoever comes later, after a crash too,
can stop it. A process is known by its id *and* its start time: ids are reused, and a stranger is never signalled.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_POLL_SECONDS = 0.02
_DEAD = "ZX"


@dataclass(frozen=True)
class ProcessRecord:
    """A process we started."""

    name: str
    pid: int
    started: str
    """When, in the system's own words (see `start_time`); never compared with a clock."""
    since: float
    """When we started it, in seconds since 1970; only to show its age."""


def start_time(pid: int) -> str | None:
    """Return what tells this process from any other that had or will have its id; None if it does not run.

    On Linux the start time in ticks since boot, elsewhere the date `ps` gives. A zombie does not run.
    """
    found = _look(pid)
    return None if found is None or found[0][0] in _DEAD else found[1]


def _look(pid: int) -> tuple[str, str] | None:
    return _ask_kernel(pid) if Path("/proc/self/stat").exists() else ask_ps(pid)


def _ask_kernel(pid: int) -> tuple[str, str] | None:
    try:
        return parse_stat(Path(f"/proc/{pid}/stat").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return None


def parse_stat(text: str) -> tuple[str, str]:
    """Return the state (field 3) and the start time (field 22) of a /proc/PID/stat line.

    The program's name, in parentheses, may itself hold blanks and parentheses.

    >>> parse_stat("7 (a) b) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12345 99")
    ('S', '12345')
    """
    fields = text.rpartition(")")[2].split()
    return fields[0], fields[19]


def ask_ps(pid: int) -> tuple[str, str] | None:
    """Return state and start date of a process where there is no /proc; None if there is no such process."""
    answer = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, date = answer.stdout.strip().partition(" ")
    return (state, date.strip()) if state else None


def start_process(
    argv: Sequence[str], *, name: str, folder: Path, log: Path, records: Path, environ: Mapping[str, str]
) -> ProcessRecord:
    """Start a program in the background, in a session of its own, and record it.

    Args:
        argv: The program's path and its arguments.
        name: What it is called in records and messages.
        folder: Its working folder.
        log: Takes its output.
        records: The folder the record `<name>.json` is written to.
        environ: Its whole environment.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(argv),
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    record = ProcessRecord(name, process.pid, start_time(process.pid) or "", time.time())
    draft = records / f"{name}.draft"
    draft.write_text(json.dumps(asdict(record)))
    draft.rename(records / f"{name}.json")
    # It is meant to outlive this object and is followed by its record; Popen would warn about that.
    process.returncode = 0
    return record


def load_records(records: Path) -> list[ProcessRecord]:
    """Return the records in a folder, by name."""
    return [ProcessRecord(**json.loads(file.read_text())) for file in sorted(records.glob("*.json"))]


def is_running(record: ProcessRecord) -> bool:
    """Tell whether exactly this process still runs."""
    return is_same(record.pid, record.started)


def is_same(pid: int, started: str) -> bool:
    """Tell whether a process of this id runs and is the one that had this start time."""
    return bool(started) and start_time(pid) == started


def stop_processes(records: Sequence[ProcessRecord], *, grace_seconds: float) -> list[str]:
    """End processes: all are asked (TERM), and those that stay longer than the grace are made to (KILL).

    Returns when all are gone. What does not run any more, or is not the recorded process, is left alone.

    Returns:
        The names of those that had to be killed.
    """
    _signal(records, signal.SIGTERM)
    _wait_gone(records, grace_seconds)
    stubborn = [record for record in records if is_running(record)]
    _signal(stubborn, signal.SIGKILL)
    _wait_gone(stubborn, grace_seconds)
    for record in records:
        _reap(record)
    return [record.name for record in stubborn]


def _signal(records: Sequence[ProcessRecord], number: signal.Signals) -> None:
    for record in records:
        if is_running(record):
            with contextlib.suppress(ProcessLookupError):
                os.kill(record.pid, number)


def _wait_gone(records: Sequence[ProcessRecord], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(is_running(record) for record in records) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _reap(record: ProcessRecord) -> None:
    # A dead child of ours would stay a zombie until we end; somebody else's is not ours to reap.
    found = _look(record.pid)
    if found is not None and found[0][0] in _DEAD and found[1] == record.started:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(record.pid, os.WNOHANG)
