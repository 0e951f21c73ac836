"""The sandbox's helm and kubectl as tests call them: no cluster unless asked, nothing of the user's own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chartgen.build import BuiltPlatform
from helmkit.charts import write_chart
from helmkit.yaml import dump_yaml, parse_yaml_documents
from sandbox.cluster import Sandbox

# A helm built from source believes to live years ago.
_VERSION = ["--kube-version", "1.36.0"]


def run(sandbox: Sandbox, program: Path, *args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program with the sandbox's variables."""
    environ = {**os.environ, **sandbox.environ}
    return subprocess.run([program, *args], env=environ, input=stdin, capture_output=True, text=True, check=False)


def render(
    sandbox: Sandbox,
    chart: Path,
    *args: str,
    values: Mapping[str, Any] | None = None,
    release: str = "it",
    namespace: str = "test",
    helm: Path | None = None,
) -> str:
    """Return what helm makes of a chart; an AssertionError with helm's words when it refuses."""
    options = [f"--namespace={namespace}", *_VERSION, "--values=-", *args]
    program = helm or sandbox.helm
    done = run(sandbox, program, "template", release, str(chart), *options, stdin=dump_yaml(dict(values or {})))
    assert done.returncode == 0, done.stderr
    return done.stdout


def refusal(sandbox: Sandbox, chart: Path, *args: str, helm: Path | None = None) -> str:
    """Return what helm says when it refuses a chart; an AssertionError when it does not."""
    done = run(sandbox, helm or sandbox.helm, "template", "it", str(chart), *_VERSION, *args)
    assert done.returncode != 0, "helm took it"
    return done.stderr


def objects(text: str) -> dict[tuple[str, str], Any]:
    """Return rendered objects by kind and name."""
    return {(found["kind"], found["metadata"]["name"]): found for found in parse_yaml_documents(text)}


def write(built: BuiltPlatform, folder: Path) -> Path:
    """Write an umbrella below `folder` and return where it is."""
    write_chart(folder / built.name, built.files)
    return folder / built.name


def all_tags(built: BuiltPlatform) -> list[str]:
    """Return the arguments that turn all tags on."""
    return [f"--set=tags.{tag}=true" for tag in built.bom.environments[built.bom.default_environment].namespaces]
