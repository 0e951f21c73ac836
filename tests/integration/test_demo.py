"""The demo's story plays to its end; every command answers as the story says."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.cluster import Sandbox
from sandbox.demo.stage import play


def test_the_story_plays_to_its_end(empty_sandbox: Sandbox, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    play(tmp_path / "demo", empty_sandbox)
    captured = capfd.readouterr()
    shown = captured.out
    assert "refused before anything moved" in captured.err
    assert "Secret nacos-db does not exist in namespace test-basic-nacos" in captured.err
    assert "distributed-id-gen-k8s:missing-5 does not exist" in captured.err
    assert "restored" in shown
    assert "rolled back" in shown
