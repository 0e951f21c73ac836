"""Takes a sandbox down when the process that owns it ends, however it ends.

    python -m sandbox.watchdog STATE_FOLDER OWNER_PID OWNER_STARTED

Started by `Sandbox.up(owner=…)` in a session of its own, so that it outlives a killed test run and cleans up after it.
"""

from __future__ import annotations

import os
import select
import sys
import time
from pathlib import Path

from sandbox.cluster import take_down
from sandbox.state import Owner, StateFolder

_POLL_SECONDS = 0.5


def main(folder: str, pid: str, started: str) -> None:
    """Wait for the owner's end, then take the sandbox down."""
    owner = Owner(int(pid), started)
    _wait_for_end(owner)
    take_down(StateFolder(Path(folder)), but_not=os.getpid())


def _wait_for_end(owner: Owner) -> None:
    if not hasattr(os, "pidfd_open"):
        while owner.alive:
            time.sleep(_POLL_SECONDS)
        return
    try:
        handle = os.pidfd_open(owner.pid)
    except ProcessLookupError:
        return
    # Only now is it certain that the handle is the owner's and not of somebody with the same id.
    if owner.alive:
        select.select([handle], [], [])


if __name__ == "__main__":
    main(*sys.argv[1:])
