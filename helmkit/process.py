"""Run one process to its end, and leave none behind.

The process leads a session of its own, so that what it starts can be stopped with it and a terminal's Ctrl-C
reaches us first. Both of its streams are read all the time, also while it is being stopped. On Linux it gets SIGTERM
from the kernel when this program dies: a helm that outlives relman would overwrite what a later run did.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass

GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL: enough for helm to record its release as failed."""

_DRAIN = 2.0
"""Seconds to wait for the streams after SIGKILL: something that left the group may hold them open for ever."""

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
    """The process took longer than its limit and was stopped."""

    def __init__(self, limit: float, streams: _Streams) -> None:
        super().__init__(f"stopped after {limit:g} s")
        self.limit = limit
        self._streams = streams

    @property
    def stderr(self) -> bytes:
        """Return what it wrote, also while it was being stopped."""
        return self._streams.stderr


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
    loop = asyncio.get_running_loop()
    # Not asyncio.subprocess: its processes cannot be let go of while something else holds their streams open.
    transport, streams = await loop.subprocess_exec(
        _Streams,
        *argv,
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environ),
        start_new_session=True,
    )
    try:
        streams.feed(stdin)
        done, _ = await asyncio.wait({streams.ended}, timeout=limit)
        if not done:
            raise LimitReachedError(limit, streams)
        return Completed(transport.get_returncode() or 0, streams.stdout, streams.stderr)
    finally:
        try:
            if not streams.ended.done():
                await _finish(_stop(transport.get_pid(), streams, grace))
        finally:
            transport.close()


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


class _Streams(asyncio.SubprocessProtocol):
    """Collects what a process writes; `ended` is done when it has ended and its streams are closed."""

    def __init__(self) -> None:
        self._written = {1: bytearray(), 2: bytearray()}
        self._transport: asyncio.SubprocessTransport | None = None
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def stdout(self) -> bytes:
        return bytes(self._written[1])

    @property
    def stderr(self) -> bytes:
        return bytes(self._written[2])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.SubprocessTransport):
            self._transport = transport

    def feed(self, stdin: bytes | None) -> None:
        pipe = self._transport.get_pipe_transport(0) if self._transport else None
        if isinstance(pipe, asyncio.WriteTransport):
            pipe.write(stdin or b"")
            # What is written already still arrives.
            pipe.close()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._written[fd] += data

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if not self.ended.done():
            self.ended.set_result(None)


async def _stop(pid: int, streams: _Streams, grace: float) -> None:
    _signal_group(pid, signal.SIGTERM)
    await asyncio.wait({streams.ended}, timeout=grace)
    # Also when the leader has ended: plugins it started may still be there.
    _signal_group(pid, signal.SIGKILL)
    await asyncio.wait({streams.ended}, timeout=_DRAIN)


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
