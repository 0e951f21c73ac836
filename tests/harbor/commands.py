"""Commands of chartgen run in this process, against a double in another thread."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helmkit.console import run_cli

Run = Callable[..., tuple[int, str, str]]
"""Takes a command's arguments; returns exit code, stdout and stderr."""


def log_in(folder: Path, host: str, username: str, password: str) -> None:
    """Put credentials where `helm registry login` puts them."""
    config = {"auths": {host: {"username": username, "password": password}}}
    (folder / "config.json").write_text(json.dumps(config))


def runner(command: Any, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs a click command in the platform's folder, with the folder's own credentials."""
    monkeypatch.setenv("HELM_REGISTRY_CONFIG", str(folder / "config.json"))

    def invoke(*args: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run_cli(command, [*args, "-C", str(folder)], prog_name="chartgen", environ=os.environ)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return invoke
