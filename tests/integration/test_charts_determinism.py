"""Same input, same bytes: whatever the umask, the locale, the time zone, the hash seed or the folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from helmkit.charts import bytes_digest

CASE = Path(__file__).parents[1] / "golden" / "cases" / "umbrella"


def build(folder: Path, umask: int, **variables: str) -> dict[str, str]:
    shutil.copytree(CASE, folder, ignore=shutil.ignore_patterns("expected"))
    environ = {**os.environ, **variables}
    command = [sys.executable, "-m", "chartgen", "-C", str(folder), "build", "--quiet"]
    done = subprocess.run(command, env=environ, umask=umask, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): bytes_digest(path.read_bytes()) for path in paths}


def test_two_machines_make_the_same_bytes(tmp_path: Path) -> None:
    here = build(tmp_path / "a", 0o022, LC_ALL="C", TZ="UTC", PYTHONHASHSEED="1", PYTHONUTF8="0")
    there = build(
        tmp_path / "b" / "deep er", 0o077, LC_ALL="C.UTF-8", TZ="Asia/Shanghai", PYTHONHASHSEED="4242", PYTHONUTF8="1"
    )
    assert here == there
    archives = {path for path in here if path.endswith(".tgz")}
    assert len(archives) == 5
    assert "releases.lock" in here
