"""Starting, knowing and stopping processes, with real ones."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.processes import ProcessRecord, ask_ps, is_running, load_records, start_process, start_time, stop_processes
from sandbox.progress import wait_until


def test_process_is_known_by_its_start_time() -> None:
    own = ProcessRecord("own", os.getpid(), start_time(os.getpid()) or "", 0)

    assert is_running(own)
    assert not is_running(replace(own, started="1"))
    assert not is_running(replace(own, started=""))
    assert start_time(2**22 + 1) is None


def test_ps_tells_what_proc_tells() -> None:
    try:
        found = ask_ps(os.getpid())
    except FileNotFoundError:
        pytest.skip("there is no ps here")

    assert found is not None
    assert found[0][0] in "RS"
    assert found == (found[0], (ask_ps(os.getpid()) or ("", ""))[1]), "the start date does not change"
    assert ask_ps(2**22 + 1) is None


@pytest.mark.parametrize(("ignore", "killed"), [("", []), ("signal.signal(signal.SIGTERM, signal.SIG_IGN);", ["it"])])
def test_processes_are_stopped_and_strangers_are_not(tmp_path: Path, ignore: str, killed: list[str]) -> None:
    code = f"import signal, time; {ignore} print('on', flush=True); time.sleep(60)"
    log = tmp_path / "it.log"
    record = start_process(
        [sys.executable, "-c", code], name="it", folder=tmp_path, log=log, records=tmp_path, environ={}
    )
    wait_until(lambda: log.read_text(), "the process", seconds=10)
    assert load_records(tmp_path) == [record]

    assert stop_processes([replace(record, started="1")], grace_seconds=0) == []
    assert is_running(record)
    assert stop_processes([record], grace_seconds=0.5 if killed else 10) == killed
    assert not is_running(record)
    assert start_time(record.pid) is None


def test_without_a_sandbox_env_says_what_to_do(tmp_path: Path) -> None:
    environ = {**os.environ, "SANDBOX_STATE": str(tmp_path)}
    argv = [sys.executable, "-m", "sandbox", "env"]

    result = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False)

    assert result.returncode == 1
    assert result.stdout == ""
    assert 'sandbox "default" is not up\n  python -m sandbox up' in result.stderr
