"""What changes pods on a real API server, and what does not: configuration files and an autoscaler's decisions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chartgen.build import build_platform
from chartgen.manifest.load import parse_platform
from sandbox.cluster import Sandbox
from tests.builders.helm import run, write
from tests.builders.releases import HEAD, SPRING

WEB = SPRING + 'resources.cpu = "100m"\nconfig.rules = { from = "rules", mount = "/etc/rules" }\n'


def upgrade(sandbox: Sandbox, folder: Path, namespace: str, more: str, version: str, rules: str) -> dict[str, Any]:
    """Bring the namespace to these services with helm, and return the Deployment."""
    sources = {
        "releases.toml": HEAD.replace("1.0.0", version) + WEB + more,
        "values/dev.toml": "",
        "rules/a.yml": rules,
    }
    umbrella = write(build_platform(parse_platform(sources)), folder / version)
    options = [f"--namespace={namespace}", f"-f{umbrella / 'environments/dev.yaml'}", "--set=tags.apps=true"]
    done = run(sandbox, sandbox.helm, "upgrade", "--install", "web", str(umbrella), *options)
    assert done.returncode == 0, done.stderr
    return fetch(sandbox, namespace)


def fetch(sandbox: Sandbox, namespace: str) -> dict[str, Any]:
    done = run(sandbox, sandbox.kubectl, "get", "deployment", "gateway", f"--namespace={namespace}", "-o", "json")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_pods_follow_their_files_and_replicas_their_autoscaler(
    sandbox: Sandbox, namespace: str, tmp_path: Path
) -> None:
    scaled = "autoscaling = { min = 2, max = 5 }\n"
    first = upgrade(sandbox, tmp_path, namespace, scaled, "1.0.0", "a: 1\n")
    assert first["metadata"]["generation"] == 1

    # What the autoscaler does, here done by hand, no upgrade takes back, and a chart version alone restarts nothing.
    done = run(sandbox, sandbox.kubectl, "scale", "deployment/gateway", "--replicas=4", f"--namespace={namespace}")
    assert done.returncode == 0, done.stderr
    same = upgrade(sandbox, tmp_path, namespace, scaled, "1.0.1", "a: 1\n")
    assert same["spec"]["replicas"] == 4
    assert same["spec"]["template"] == first["spec"]["template"]

    changed = upgrade(sandbox, tmp_path, namespace, scaled, "1.0.2", "a: 2\n")
    was, now = (one["spec"]["template"]["metadata"].pop("annotations") for one in (same, changed))
    assert was.keys() == now.keys() == {"checksum/config"}
    assert was != now
    assert same["spec"]["template"] == changed["spec"]["template"]
    assert changed["spec"]["replicas"] == 4
