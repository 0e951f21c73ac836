"""Processes are run to their end, within their limit, and never outlive us."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import helmkit.process
from helmkit.process import LimitReachedError, parent_death_guard, run_process

ENVIRON = {"PATH": os.environ["PATH"]}
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux only")


def python(code: str, *args: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", textwrap.dedent(code), *args]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until(condition: Callable[[], object], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


def read_pids(file: Path, count: int) -> list[int]:
    assert wait_until(lambda: file.exists() and len(file.read_text().split()) == count)
    return [int(part) for part in file.read_text().split()]


async def test_output_exit_code_and_stdin_come_through() -> None:
    code = "import sys; sys.stdout.write(sys.stdin.read().upper()); sys.stderr.write('err'); sys.exit(3)"
    result = await run_process(python(code), environ=ENVIRON, stdin=b"abc", limit=20)
    assert (result.returncode, result.stdout, result.stderr) == (3, b"ABC", b"err")


async def test_nothing_of_our_environment_or_stdin_leaks_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_OURS", "x")
    code = "import os, sys; print(sorted(os.environ) == ['PATH'] or sorted(os.environ), repr(sys.stdin.read()))"
    result = await run_process(python(code), environ=ENVIRON, limit=20)
    assert result.stdout.split()[-1] == b"''"
    assert b"SECRET_OF_OURS" not in result.stdout


async def test_both_streams_full_does_not_hang() -> None:
    code = """
        import sys
        for _ in range(16):
            sys.stderr.write("e" * 65536)
            sys.stdout.write("o" * 65536)
    """
    result = await run_process(python(code), environ=ENVIRON, stdin=b"i" * (1 << 20), limit=30)
    assert (len(result.stdout), len(result.stderr)) == (1 << 20, 1 << 20)


async def test_missing_program_is_an_oserror() -> None:
    with pytest.raises(FileNotFoundError):
        await run_process(["/nonexistent/helm"], environ=ENVIRON, limit=5)


async def test_the_limit_is_hard_and_what_was_said_is_kept() -> None:
    code = "import sys, time; sys.stderr.write('waiting for pods'); sys.stderr.flush(); time.sleep(60)"
    begin = time.monotonic()
    with pytest.raises(LimitReachedError) as caught:
        await run_process(python(code), environ=ENVIRON, limit=0.5, grace=5)
    assert time.monotonic() - begin < 5
    assert caught.value.stderr == b"waiting for pods"


async def test_sigterm_comes_first_and_leaves_time_to_clean_up(tmp_path: Path) -> None:
    code = """
        import signal, sys, time
        def finish(*_):
            time.sleep(0.3)
            open(sys.argv[1], "w").write("marked as failed")
            sys.exit(0)
        signal.signal(signal.SIGTERM, finish)
        time.sleep(60)
    """
    marker = tmp_path / "marker"
    with pytest.raises(LimitReachedError):
        await run_process(python(code, str(marker)), environ=ENVIRON, limit=0.7, grace=10)
    assert marker.read_text() == "marked as failed"


async def test_who_ignores_sigterm_is_killed_after_the_grace() -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    begin = time.monotonic()
    with pytest.raises(LimitReachedError):
        await run_process(python(code), environ=ENVIRON, limit=0.5, grace=0.5)
    assert time.monotonic() - begin < 6


GROUP = """
    import os, subprocess, sys, time
    child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
    open(sys.argv[1], "w").write(f"{os.getpid()} {child.pid}")
    time.sleep(60)
"""


async def test_cancelling_leaves_no_process_behind(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    task = asyncio.create_task(run_process(python(GROUP, str(file)), environ=ENVIRON, limit=60))
    pids = await asyncio.to_thread(read_pids, file, 2)
    begin = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - begin < 3
    assert wait_until(lambda: not any(map(is_alive, pids)), seconds=3)


async def test_cancelling_twice_still_waits_for_the_end(tmp_path: Path) -> None:
    code = """
        import os, signal, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        open(sys.argv[1], "w").write(str(os.getpid()))
        time.sleep(60)
    """
    file = tmp_path / "pids"
    task = asyncio.create_task(run_process(python(code, str(file)), environ=ENVIRON, limit=60, grace=1))
    [pid] = await asyncio.to_thread(read_pids, file, 1)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0.1)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not is_alive(pid)


async def test_a_grandchild_that_stays_behind_cannot_hold_us() -> None:
    code = "import os, sys, time; os.fork() or (os.setsid(), time.sleep(8), os._exit(0)); print('done')"
    begin = time.monotonic()
    result = await run_process(python(code), environ=ENVIRON, stdin=b"x" * (1 << 20), limit=5)
    assert result.stdout == b"done\n"
    assert time.monotonic() - begin < 4


PARENT = """
    import asyncio, os, sys
    from helmkit import process
    async def main():
        if sys.argv[2] == "setpriv":
            guard = await process.parent_death_guard(dict(os.environ))
            assert guard[0] == "setpriv"
        else:
            guard = await process.parent_death_guard({"PATH": "/nonexistent"})
            assert guard[0] == sys.executable
        code = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"
        code = sys.argv[3] if len(sys.argv) > 3 else code
        await process.run_process([*guard, sys.executable, "-S", "-c", code, sys.argv[1]], environ=os.environ, limit=60)
    asyncio.run(main())
"""


@LINUX
@pytest.mark.parametrize("guard", ["setpriv", "own"])
def test_the_child_gets_to_clean_up_when_its_parent_is_killed(tmp_path: Path, guard: str) -> None:
    """Its last words must not kill it: on a pipe they would, with SIGPIPE, as they did with helm."""
    child = """
        import os, signal, sys
        def finish(*_):
            os.write(1, b"cancelled\\n")
            os.write(2, b"cancelled\\n")
            open(sys.argv[1] + ".done", "w").close()
            os._exit(1)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, finish)
        open(sys.argv[1], "w").write(str(os.getpid()))
        signal.pause()
    """
    file = tmp_path / "pid"
    arguments = [sys.executable, "-c", textwrap.dedent(PARENT), str(file), guard, textwrap.dedent(child)]
    with subprocess.Popen(arguments) as parent:
        try:
            [pid] = read_pids(file, 1)
        finally:
            parent.kill()
    assert wait_until((tmp_path / "pid.done").exists, seconds=5)
    assert wait_until(lambda: not is_alive(pid), seconds=5)


@LINUX
@pytest.mark.parametrize("guard", ["setpriv", "own"])
def test_the_child_dies_with_its_parent(tmp_path: Path, guard: str) -> None:
    file = tmp_path / "pid"
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(PARENT), str(file), guard])
    try:
        [pid] = read_pids(file, 1)
        assert is_alive(pid)
        parent.send_signal(signal.SIGKILL)
        assert wait_until(lambda: not is_alive(pid), seconds=5)
    finally:
        parent.kill()
        parent.wait()


def test_a_child_whose_parent_is_gone_before_it_starts_does_not_start() -> None:
    code = [sys.executable, "-I", "-S", "-c", helmkit.process._GUARD_SCRIPT, "1", "echo", "started"]
    done = subprocess.run(code, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")


@LINUX
async def test_the_guard_falls_back_to_python_where_setpriv_cannot_do_it(tmp_path: Path) -> None:
    fake = tmp_path / "setpriv"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    guard = await parent_death_guard({"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert guard[0] == sys.executable
    result = await run_process([*guard, "echo", "-n", "hello"], environ=ENVIRON, limit=20)
    assert (result.returncode, result.stdout) == (0, b"hello")


@LINUX
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed")
async def test_the_guard_is_setpriv_where_it_is_there() -> None:
    assert (await parent_death_guard(ENVIRON))[0] == "setpriv"
