"""Run one process to its end, and leave none behind.

The process leads a session of its own, so that what it starts can be stopped with it and a terminal's Ctrl-C
reaches us first. On Linux it gets SIGTERM from the kernel when this program dies: a helm that outlives relman would
overwrite what a later run did.

Its streams are files in memory, not pipes: nobody has to keep reading, and its last words have a place to go to when
we are dead. Helm says "has been cancelled" before it cleans up; on a broken pipe it died of that, and its release
stayed pending (tried, helm 4.3 and 3.22).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL: enough for helm to record its release as failed."""

_GUARD_SCRIPT = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); parent = int(sys.argv[1]);"
    "os.getppid() == parent and os.execvp(sys.argv[2], sys.argv[2:]); sys.exit(1)"
)
"""What `setpriv --pdeathsig TERM` does, for systems without it. 1 is PR_SET_PDEATHSIG, 15 is SIGTERM."""


@dataclass(frozen=True)
class Completed:
    """A process that ended by itself; a negative return code is the signal that ended it."""

    returncode: int
    stdout: bytes
    stderr: bytes


class LimitReachedError(Exception):
    """The process took longer than its limit and was stopped. Carries what it wrote to stderr."""

    def __init__(self, limit: float, stderr: bytes) -> None:
        super().__init__(f"stopped after {limit:g} s")
        self.limit = limit
        self.stderr = stderr


async def run_process(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    stdin: bytes | None = None,
    limit: float,
    grace: float = GRACE,
) -> Completed:
    """Run a program without a shell and wait for its end.

    Args:
        argv: The program and its arguments; no secrets, every user of the host can read them.
        environ: Its whole environment.
        stdin: What it reads; nothing when None.
        limit: Seconds it may take, by the wall clock.
        grace: Seconds it gets after SIGTERM before SIGKILL.

    Raises:
        LimitReachedError: It took longer; it and its group are gone.
        OSError: It could not be started.
        asyncio.CancelledError: As always; it and its group are gone by then.
    """
    with _open_memory(stdin) as given, _open_memory() as stdout, _open_memory() as stderr:
        transport, process = await asyncio.get_running_loop().subprocess_exec(
            _Process, *argv, stdin=given, stdout=stdout, stderr=stderr, env=dict(environ), start_new_session=True
        )
        try:
            await asyncio.wait({process.ended}, timeout=limit)
            in_time = process.ended.done()
        finally:
            try:
                if not process.ended.done():
                    await _finish(_stop(transport.get_pid(), process.ended, grace))
            finally:
                transport.close()
        if not in_time:
            raise LimitReachedError(limit, _read(stderr))
        return Completed(transport.get_returncode() or 0, _read(stdout), _read(stderr))


async def parent_death_guard(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return what to put before a program and its arguments so that it gets SIGTERM when this process dies.

    Empty where the system cannot do it (anything but Linux). The signal comes when the starting *thread* dies, so
    the event loop must run in a thread that lives as long as the program, such as the main one.
    """
    if sys.platform != "linux":
        return ()
    # busybox has a setpriv without --pdeathsig, so having the name is not enough.
    setpriv = ("setpriv", "--pdeathsig", "TERM", "--")
    with contextlib.suppress(OSError, LimitReachedError):
        if (await run_process((*setpriv, "true"), environ=environ, limit=5)).returncode == 0:
            return setpriv
    return (sys.executable, "-I", "-S", "-c", _GUARD_SCRIPT, str(os.getpid()))


class _Process(asyncio.SubprocessProtocol):
    """Tells when a process has ended."""

    def __init__(self) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def process_exited(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


def _open_memory(content: bytes | None = None) -> IO[bytes]:
    """Return a file that is only in memory, where the system can: values and what helm prints may hold secrets."""
    file: IO[bytes]
    if hasattr(os, "memfd_create"):
        file = os.fdopen(os.memfd_create("helmkit"), "w+b", buffering=0)
    else:
        file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - the caller closes it
    file.write(content or b"")
    file.seek(0)
    return file


def _read(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


async def _stop(pid: int, ended: asyncio.Future[None], grace: float) -> None:
    _signal_group(pid, signal.SIGTERM)
    await asyncio.wait({ended}, timeout=grace)
    # Also when the leader has ended: plugins it started may still be there.
    _signal_group(pid, signal.SIGKILL)
    await asyncio.wait({ended})


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


async def _finish(cleanup: Coroutine[object, object, None]) -> None:
    """Await `cleanup` to its end, however often we are cancelled meanwhile; it must be bounded by itself."""
    task = asyncio.ensure_future(cleanup)
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError
