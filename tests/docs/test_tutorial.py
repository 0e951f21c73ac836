"""The tutorial's commands do what it says, typed one after the other on the sandbox."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from helmkit.yaml import parse_yaml_documents
from sandbox.cluster import Sandbox
from tests.builders.helm import run

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial" / "from-yaml-to-a-service.md"
_BLOCK = re.compile(r"^```(console|toml)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_NAMESPACE = re.compile(r"((?:--namespace|-n|upgrade|status|history) )dev\b")


def pair() -> dict[str, Any]:
    """Return the spec of each object that the page begins with."""
    (text,) = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return {found["kind"]: found["spec"] for found in parse_yaml_documents(text)}


def spec(sandbox: Sandbox, namespace: str, kind: str) -> Any:
    options = [f"--namespace={namespace}", "-o", "json"]
    done = run(sandbox, sandbox.kubectl, "get", kind, "msa-ext-mysql", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["spec"]


def test_it_works_as_written(sandbox: Sandbox, namespace: str, tmp_path: Path) -> None:
    environ = {**os.environ, **sandbox.environ}
    environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environ["PATH"]])
    script, lines = ["set -ex"], 0
    for kind, block in _BLOCK.findall(PAGE.read_text()):
        if kind == "toml":
            script.append(f"cat >> releases.toml <<'END'\n{block}END")
            continue
        for line in block.splitlines():
            assert line.startswith("$ ")
            typed = line[2:].replace("127.0.0.1:5055", sandbox.registry).replace("charts/shop", f"charts/{namespace}")
            typed = _NAMESPACE.sub(rf"\g<1>{namespace}", typed.replace("--name shop", f"--name {namespace}"))
            script.append(typed)
            lines += 1
    assert lines > 15
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

    was, now = pair()["Deployment"], spec(sandbox, namespace, "Deployment")
    assert (now["selector"], now["replicas"]) == (was["selector"], was["replicas"])
    (container,) = now["template"]["spec"]["containers"]
    assert container["image"] == f"{sandbox.registry}/springcloud/msa-ext-mysql:1.0.0", "it was brought back"
    env = {one["name"]: one["value"] for one in container["env"]}
    active = env["ACTIVE"].replace("$(SPRING_PROFILES_ACTIVE)", env["SPRING_PROFILES_ACTIVE"])
    assert {"name": "ACTIVE", "value": active} in was["template"]["spec"]["containers"][0]["env"]
    was, now = pair()["Service"], spec(sandbox, namespace, "Service")
    assert (now["selector"], now["ports"][0]["port"]) == (was["selector"], was["ports"][0]["port"])
