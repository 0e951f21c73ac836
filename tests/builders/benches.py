"""Runs relman, helm and kubectl against the sandbox, as people do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.cluster import Sandbox
from tests.builders.platforms import Service, write_package

_RELMAN = "import sys; from relman.cli import main; main()"


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Its JSON."""
        return json.loads(self.out)

    def outcomes(self) -> dict[str, str]:
        """What became of each service."""
        return {one["service"]: one["outcome"] for one in self.data["services"]}


class Bench:
    """Runs commands against the sandbox with charts from a folder."""

    def __init__(self, sandbox: Sandbox, folder: Path, namespace: str) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self.namespace = namespace
        self.environ: Mapping[str, str] = {**sandbox.environ, "RELMAN_FROM": str(folder)}

    def publish(self, version: str, *services: Service) -> None:
        """Write a version of the platform; its name is the namespace's, so that tests never meet."""
        write_package(self.folder, version, services, platform=self.namespace)

    def relman(self, *arguments: str, code: int | None = 0) -> Result:
        """Run relman and expect an exit code; None: any that is not 0."""
        done = self._run([sys.executable, "-c", _RELMAN, *arguments])
        assert done.code == code or (code is None and done.code), f"exit {done.code}\n{done.out}\n{done.err}"
        return done

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start relman and return while it runs; stderr can be read line by line."""
        argv = [sys.executable, "-c", _RELMAN, *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(argv, env=dict(self.environ), stdout=pipe, stderr=pipe, text=True)

    def kubectl(self, *arguments: str) -> str:
        """Run kubectl in the namespace."""
        done = self._run(["kubectl", "-n", self.namespace, *arguments])
        assert done.code == 0, done.err
        return done.out

    def helm(self, *arguments: str) -> str:
        """Run helm in the namespace."""
        done = self._run([str(self.sandbox.helm), "-n", self.namespace, *arguments])
        assert done.code == 0, done.err
        return done.out

    def image(self, workload: str) -> str:
        """Return the image of a workload's first container."""
        return self.kubectl("get", workload, "-o", "jsonpath={.spec.template.spec.containers[0].image}")

    def _run(self, argv: list[str]) -> Result:
        done = subprocess.run(argv, env=dict(self.environ), capture_output=True, text=True, timeout=300, check=False)
        return Result(done.returncode, done.stdout, done.stderr)
