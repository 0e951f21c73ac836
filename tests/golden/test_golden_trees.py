"""Each folder below `cases/` is a platform; its `expected/` is what a build makes of it, to be read in reviews."""

from __future__ import annotations

from pathlib import Path

import pytest

from chartgen.build import build_platform
from chartgen.lockfile import parse_lock, render_lock
from chartgen.manifest.load import load_platform
from chartgen.output import compare_folder, replace_folder

CASES = sorted((Path(__file__).parent / "cases").iterdir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_build_makes_what_is_expected(case: Path, refresh: bool) -> None:
    locked = case / "releases.lock"
    before = parse_lock(locked.read_text()) if locked.exists() else None
    built = build_platform(load_platform(case), before)
    files = {**built.files, "releases.lock": render_lock(built.lock).encode()}
    if refresh:
        replace_folder(case / "expected", files)
    found = compare_folder(case / "expected", files)
    assert not found, f"{found}\nIf this is meant: make golden, and read the difference."
