"""What a sandbox keeps on disk, how it waits and reports, and that its commands explain themselves."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from helmkit.errors import HelmkitError, TimedOutError
from sandbox.cli import cli
from sandbox.ports import Ports
from sandbox.processes import start_time
from sandbox.progress import ConsoleProgress, wait_until
from sandbox.state import Description, Owner, StateFolder

PORTS = Ports(api=1, controllers=2, scheduler=3, kwok=4, registry=5)


def test_state_folder_remembers_and_is_removed(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "demo")
    owner = Owner(os.getpid(), start_time(os.getpid()) or "")
    description = Description(ports=PORTS, kubernetes="v1.36.3", recipe="0")
    assert not folder.exists()

    folder.make(owner)
    folder.describe(description)

    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert (folder.path / "sandbox.json").stat().st_mode & 0o777 == 0o600
    assert folder.description() == description
    assert folder.owner() == owner
    assert owner.alive
    folder.remove()
    assert not folder.path.exists()


def test_a_folder_that_is_no_sandbox_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    folder = StateFolder(tmp_path)

    with pytest.raises(HelmkitError, match="left alone"):
        folder.remove()
    with pytest.raises(HelmkitError, match="left alone"):
        folder.make(None)
    assert (tmp_path / "precious").exists()


def test_waiting_ends_with_what_came_or_with_what_did_not() -> None:
    answers = iter([None, "here"])
    assert wait_until(lambda: next(answers), "it", seconds=5) == "here"

    with pytest.raises(TimedOutError, match="waited 0 s for a miracle"):
        wait_until(lambda: None, "a miracle", seconds=0)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_ticks_on_a_terminal_only() -> None:
    lines, live = io.StringIO(), Terminal()
    for stream in (lines, live):
        progress = ConsoleProgress(stream)
        progress.tick("0:01")
        progress.line("done")

    assert lines.getvalue() == "done\n"
    assert live.getvalue() == "0:01\r\x1b[2Kdone\n"


def test_every_command_has_help() -> None:
    for name, command in cli.commands.items():
        assert command.get_short_help_str(60).endswith("."), name
        assert CliRunner().invoke(cli, [name, "--help"]).exit_code == 0
