"""`chartgen push` before it asks any registry."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chartgen.cli import cli
from helmkit.console import run_cli
from tests.builders.releases import HEAD, SPRING


def test_charts_of_another_version_than_the_release_manifest_are_not_pushed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*args: str) -> tuple[int, str]:
        code = run_cli(cli, ["-C", str(tmp_path), *args], prog_name="chartgen", environ=os.environ)
        return code, capsys.readouterr().err

    (tmp_path / "releases.toml").write_text(HEAD + SPRING)
    run("build")
    run("bump", "patch")
    code, said = run("push", "--to", "nowhere")
    assert code == 2
    assert "holds version 1.0.0, but releases.toml says 1.0.1" in said
    assert "chartgen build" in said
    assert "nowhere" in run("push", "--to", "nowhere", "--from", str(tmp_path / "charts"))[1]
    run("build")
    assert "nowhere" in run("push", "--to", "nowhere")[1]
