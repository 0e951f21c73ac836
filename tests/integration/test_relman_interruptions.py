"""What ends a run early, on a real control plane: Ctrl-C, kill -9, and somebody else who is faster."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.cluster import Sandbox
from tests.builders.benches import Bench
from tests.builders.platforms import Service


@pytest.fixture
def bench(sandbox: Sandbox, namespace: str, tmp_path: Path) -> Bench:
    bench = Bench(sandbox, tmp_path, namespace)
    for version, tag in (("1.0.0", "1"), ("1.1.0", "never-ready-2"), ("1.2.0", "3")):
        bench.publish(
            version,
            Service("first", namespace, tag=version),
            Service("second", namespace, tag=tag, depends_on=("first",)),
        )
    bench.relman("upgrade", namespace, "--to", "1.0.0")
    return bench


@contextmanager
def hanging(bench: Bench) -> Iterator[subprocess.Popen[str]]:
    """Run an upgrade that waits for a pod that never gets ready."""
    process = bench.start("upgrade", bench.namespace, "--to", "1.1.0", "--timeout", "10m")
    try:
        _read_until(process, "second: waiting")
        yield process
    finally:
        process.kill()
        process.communicate()


def _read_until(process: subprocess.Popen[str], text: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return
    pytest.fail(f"{text!r} was never said")


def test_ctrl_c_takes_everything_back_and_closes_the_record(bench: Bench) -> None:
    with hanging(bench) as process:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert bench.image("deployment/first") == "registry.example/app:1.0.0"
    assert bench.image("deployment/second") == "registry.example/app:1"
    newest = bench.relman("history", f"{bench.namespace}/", "-o", "json").data[0]
    assert newest["outcome"] == "interrupted"
    assert bench.relman("upgrade", bench.namespace, "--to", "1.2.0", "-o", "json").data["outcome"] == "done"


def test_a_second_run_is_told_who_is_at_work(bench: Bench) -> None:
    with hanging(bench):
        refused = bench.relman("upgrade", bench.namespace, "--to", "1.2.0", code=4)
        assert "is being changed by" in refused.err
        assert bench.relman("status", f"{bench.namespace}/", "-o", "json").data["sets"][0]["outcome"].startswith("run")


def test_after_kill_9_the_next_run_closes_the_record_and_goes_on(bench: Bench) -> None:
    with hanging(bench) as process:
        process.kill()
        process.wait()
        began = time.monotonic()
        done = bench.relman("upgrade", bench.namespace, "--to", "1.2.0", "-o", "json")
        assert time.monotonic() - began > 10, "the lease of the dead run was not waited for"
    assert done.outcomes() == {"first": "upgraded", "second": "upgraded"}
    entries = bench.relman("history", f"{bench.namespace}/", "-o", "json").data
    assert [one["outcome"] for one in entries] == ["done", "interrupted", "done"]
