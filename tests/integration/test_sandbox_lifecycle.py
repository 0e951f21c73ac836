"""A sandbox of its own, through crashes: what died is started anew, and what has no owner any more goes away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from click.testing import CliRunner

from sandbox.cli import cli
from sandbox.cluster import Sandbox
from sandbox.processes import ProcessRecord, is_running, start_process
from sandbox.progress import wait_until

pytestmark = pytest.mark.sandbox


@pytest.fixture
def owner() -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives until it is killed."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the first controller manager end at once, as it does when the API server takes long; tells of every start."""
    started: list[str] = []

    def start(argv: Sequence[str], *, name: str, **more: Any) -> ProcessRecord:
        started.append(name)
        first = name == "kube-controller-manager" and started.count(name) == 1
        return start_process(["/bin/false"] if first else argv, name=name, **more)

    monkeypatch.setattr("sandbox.startup.start_process", start)
    return started


def test_a_sandbox_outlives_crashes_but_not_its_owner(
    sandbox: Sandbox, unique_name: str, owner: subprocess.Popen[bytes], impatient: list[str]
) -> None:
    name = f"test-{unique_name[-6:]}"
    own = Sandbox.up(name, free_ports=True, owner=owner.pid)
    try:
        assert impatient.count("kube-controller-manager") == 2, "it gave up waiting for the API server once"
        first = own.folder.records()
        api = own.description.ports.api
        assert Sandbox.up(name, free_ports=True).folder.records() == first, "up twice changes nothing"

        killed = next(record for record in first if record.name == "kwok")
        os.kill(killed.pid, signal.SIGKILL)
        status = CliRunner().invoke(cli, ["status", "--name", name, "-o", "json"])
        assert status.exit_code == 1
        assert json.loads(status.stdout)["state"] == "broken"

        Sandbox.up(name, free_ports=True, owner=owner.pid)
        assert own.healthy()
        assert own.description.ports.api != api
        assert not any(map(is_running, first))

        second = own.folder.records()
        owner.kill()
        wait_until(lambda: not any(map(is_running, second)), "the sandbox to follow its owner", seconds=60)
        assert not own.folder.path.exists()
    finally:
        own.down()


def test_env_prints_exports_and_nothing_else(sandbox: Sandbox) -> None:
    result = CliRunner().invoke(cli, ["env", "--name", sandbox.name])

    assert result.exit_code == 0
    assert all(line.startswith("export ") for line in result.stdout.splitlines())
    assert f"export KUBECONFIG={sandbox.kubeconfig}" in result.stdout.splitlines()
    assert f"export SANDBOX_REGISTRY={sandbox.registry}" in result.stdout.splitlines()


def test_status_shows_every_process(sandbox: Sandbox) -> None:
    result = CliRunner().invoke(cli, ["status", "--name", sandbox.name])

    assert result.exit_code == 0
    assert "kube-controller-manager" in result.stdout
    assert " no" not in result.stdout
