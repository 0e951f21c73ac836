"""What people get wrong around the release manifest: each a sentence with place, remedy and exit code."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
NOBODY = "127.0.0.1:1"
KUBECONFIG = f"""\
apiVersion: v1
kind: Config
current-context: nobody
contexts: [{{name: nobody, context: {{cluster: nobody, user: nobody}}}}]
clusters: [{{name: nobody, cluster: {{server: "https://{NOBODY}"}}}}]
users: [{{name: nobody, user: {{token: secret-token}}}}]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample platform with its charts, a kubeconfig nobody answers to, and a helm that is too old."""
    folder = tmp_path_factory.mktemp("platform")
    shutil.copy(PROJECT / "releases.toml", folder)
    shutil.copytree(PROJECT / "values", folder / "values")
    shutil.copytree(PROJECT / "objects", folder / "objects")
    subprocess.run([BIN / "chartgen", "build"], cwd=folder, check=True, capture_output=True)
    (folder / "kubeconfig").write_text(KUBECONFIG)
    old = folder / "old" / "helm"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho v3.10.0\n")
    old.chmod(0o755)
    return folder


UPGRADE = "relman upgrade gateway --to 1.4.0 --kubeconfig kubeconfig"
OCI = f"oci://{NOBODY}/charts"

CASES = {
    "no helm": ("chartgen render gateway", "/usr/bin", 2, ["helm is not on the PATH", "Install helm 4"]),
    "an old helm": ("chartgen render gateway", "old", 2, ["3.10.0 is too old", "3.18"]),
    "an unknown environment": ("chartgen render -e qa", "", 2, ["qa", "dev, prod, sandbox"]),
    "an unknown service": ("chartgen render gatway", "", 2, ["gatway", "gateway"]),
    "no such platform folder": ("chartgen build nowhere", "", 2, ["nowhere"]),
    "a number for a version": ("chartgen set gateway=", "", 2, ["gateway"]),
    "nothing would change": ("chartgen set gateway=1", "", 2, ["releases.toml:", '"1" already']),
    "an unknown service to set": ("chartgen set gatway=2", "", 2, ["gatway", "gateway"]),
    "a registry nobody answers at": (f"chartgen push --to {OCI} --plain-http", "", 5, [NOBODY, "does not answer"]),
    "no kubeconfig": ("relman status --kubeconfig nowhere", "", 2, ["nowhere does not exist", "--kubeconfig"]),
    "a cluster nobody answers at": ("relman status --kubeconfig kubeconfig", "", 5, [NOBODY, "kubectl cluster-info"]),
    "another version than asked": (
        "relman upgrade gateway --to 9.9.9 --from charts/spring-platform --kubeconfig kubeconfig",
        "",
        2,
        ["is spring-platform 1.4.0, not 9.9.9", "chartgen build"],
    ),
    "a name that is nothing": (
        "relman upgrade nobody --to 1.4.0 --from charts/spring-platform --kubeconfig kubeconfig",
        "",
        2,
        ["nobody", "relman status"],
    ),
    "a source that is no chart": (f"{UPGRADE} --from values", "", 2, ["values"]),
    "a source nobody answers at": (f"{UPGRADE} --from {OCI}/spring-platform --plain-http", "", 5, [NOBODY]),
}


@pytest.mark.parametrize(("line", "path", "code", "said"), CASES.values(), ids=CASES.keys())
def test_bad_input_is_explained(folder: Path, line: str, path: str, code: int, said: list[str]) -> None:
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    environ = {**os.environ, "PATH": str(folder / path) if path else os.environ["PATH"], "RELMAN_FROM": ""}
    program, *arguments = line.split()
    done = subprocess.run(
        [BIN / program, *arguments], cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    for words in said:
        assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret-token" not in done.stderr
    after = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert after == before, "something was written"
