"""The README's commands do what it says, typed one after the other on the sandbox."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from sandbox.cluster import Sandbox

PROJECT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"\s+# exits with (\d+)$")


def tour(text: str) -> Iterator[tuple[str, int]]:
    """Yield the tour's command lines and the exit codes the README promises for them."""
    section = text.split("## A tour in five minutes", 1)[1].split("\n## ", 1)[0]
    for block in _BLOCK.findall(section):
        for line in block.splitlines():
            if line.startswith("$ "):
                promised = _EXIT.search(line)
                yield _EXIT.sub("", line[2:]), int(promised.group(1)) if promised else 0


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    readme, makefile = (PROJECT / "README.md").read_text(), (PROJECT / "Makefile").read_text()
    for target in ("demo", "test"):
        assert f"make {target}" in readme
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_the_tour_works_as_written(empty_sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox = empty_sandbox
    shutil.copy(PROJECT / "releases.toml", tmp_path)
    shutil.copytree(PROJECT / "values", tmp_path / "values")
    shutil.copytree(PROJECT / "objects", tmp_path / "objects")
    layer = tmp_path / "values" / "sandbox.toml"
    layer.write_text(layer.read_text().replace("127.0.0.1:5055", sandbox.registry))
    environ = {**os.environ, **sandbox.environ}
    environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environ["PATH"]])
    lines = list(tour((PROJECT / "README.md").read_text()))
    assert len(lines) > 8
    for line, code in lines:
        typed = line.replace("127.0.0.1:5055", sandbox.registry)
        done = subprocess.run(
            ["bash", "-c", typed], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, f"$ {typed}\n{done.stdout}\n{done.stderr}"
