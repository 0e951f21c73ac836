"""Plays the story: prints each command as a user would type it, runs it for real, and times it."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping
from pathlib import Path

from helmkit.errors import HelmkitError
from sandbox.cluster import Sandbox
from sandbox.demo.story import Command, Scene, story
from sandbox.ports import DEFAULT_REGISTRY_PORT
from sandbox.progress import ConsoleProgress

PROJECT = Path(__file__).resolve().parents[2]
DEFAULT_REGISTRY = f"127.0.0.1:{DEFAULT_REGISTRY_PORT}"
"""The address that `values/sandbox.toml` names."""
WIDTH = 100


def run(folder: Path) -> None:
    """Play the whole story on a sandbox started anew, which stays up for the user to look around.

    Args:
        folder: Where the demo's copy of the release manifest and its charts go; emptied first.

    Raises:
        HelmkitError: A command answered with another exit code than the story expects.
    """
    started = time.monotonic()
    _say("A disposable control plane and registry on loopback", "")
    Sandbox.attach().down()
    sandbox = Sandbox.up(progress=ConsoleProgress(sys.stderr))
    print(f"  kubeconfig {sandbox.kubeconfig}")
    play(folder, sandbox)
    _farewell(folder, time.monotonic() - started)


def play(folder: Path, sandbox: Sandbox) -> None:
    """Play the scenes on a sandbox that is up and empty.

    Raises:
        HelmkitError: A command answered with another exit code than the story expects.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(PROJECT / "releases.toml", folder)
    shutil.copytree(PROJECT / "values", folder / "values")
    shutil.copytree(PROJECT / "objects", folder / "objects")
    layer = folder / "values" / "sandbox.toml"
    layer.write_text(layer.read_text().replace(DEFAULT_REGISTRY, sandbox.registry))
    _write_credentials(folder / "nacos-db.env")
    environ = {**os.environ, **sandbox.environ, "PYTHONUNBUFFERED": "1"}
    environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environ["PATH"]])
    for number, scene in enumerate(story(f"oci://{sandbox.registry}/charts/spring-platform"), start=1):
        _play(number, scene, folder, environ)


def _write_credentials(path: Path) -> None:
    """Write what becomes the Secret of nacos: made up for this run, and never on a command line."""
    path.touch(mode=0o600)
    lines = {"user": "nacos", "password": secrets.token_hex(8), "root-password": secrets.token_hex(8)}
    path.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))


def _play(number: int, scene: Scene, folder: Path, environ: Mapping[str, str]) -> None:
    _say(f"{number}. {scene.title}", scene.why)
    for command in scene.commands:
        _perform(command, folder, environ)


def _perform(command: Command, folder: Path, environ: Mapping[str, str]) -> None:
    line = " ".join(f'"{word}"' if " " in word else word for word in command.argv)
    print(f"\n$ {line}", flush=True)
    began = time.monotonic()
    code = subprocess.run(command.argv, cwd=folder, env=environ, check=False).returncode
    print(f"  ({time.monotonic() - began:.1f} s, exit code {code})", flush=True)
    if code != command.expect:
        message = f"the demo expected exit code {command.expect} of `{line}`, it was {code}"
        raise HelmkitError(message, hint=f"Look at it in {folder}; `make sandbox ARGS=status` tells what runs.")


def _say(title: str, why: str) -> None:
    print(f"\n\n{title}\n{'─' * min(len(title), WIDTH)}")
    if why:
        print(textwrap.fill(why, WIDTH))
    sys.stdout.flush()


def _farewell(folder: Path, seconds: float) -> None:
    _say(f"Done in {seconds:.0f} s", "The sandbox is still up. Things to try next:")
    python = os.path.relpath(sys.executable, folder)
    print(
        f"""
  cd {os.path.relpath(folder)}
  eval "$({python} -m sandbox env)"; PATH={Path(sys.executable).parent}:$PATH
  less charts/spring-platform/README.md        # the umbrella chart that was installed
  chartgen render -e sandbox gateway           # the objects, as Helm applies them
  relman history test-all-services -o json     # who, when, why, which images
  kubectl get pods --all-namespaces
  {python} -m sandbox down         # stop everything, remove everything
"""
    )
