"""Compose the outside world of a command: cluster, helm, registry, clock, and who we are."""

from __future__ import annotations

import asyncio
import getpass
import os
import secrets
import signal
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from helmkit.console.entry import run_async
from helmkit.console.printer import Console
from relman.actions.ports import World
from relman.core.record import Who
from relman.execute.control import Control
from relman.lock import LockSettings
from relman.ports import KubePort, Reporter, Watcher

_CI_LINKS = ("BUILD_URL", "CI_JOB_URL", "RELMAN_CI_URL")
"""Jenkins, GitLab, and ours for all others."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Connection:
    """What the command line says about the outside world."""

    kubeconfig: Path | None = None
    kube_context: str | None = None
    helm_binary: Path | None = None
    verify_key: str = ""
    """Umbrellas must carry a signature of this cosign key."""


class SystemClock:
    """The real time."""

    def now(self) -> str:
        """Return the time, RFC 3339 in UTC, to the second."""
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    def new_id(self) -> str:
        """Return a random id."""
        return secrets.token_hex(6)


@asynccontextmanager
async def open_world(
    connection: Connection, environ: Mapping[str, str], reporter: Reporter, *, wait_lock: float = 0
) -> AsyncIterator[World]:
    """Open everything a use case may touch, and close it again."""
    from helmkit.helm import Helm
    from helmkit.kube import Kube
    from relman.cli.images_on_demand import ImagesOnDemand

    kube = await Kube.connect(connection.kubeconfig, connection.kube_context, environ)

    def watcher(namespace: str) -> Watcher:
        from relman.rollout import RolloutWatcher

        return RolloutWatcher(kube, namespace)

    async def fetch(url: str, version: str, *, plain_http: bool) -> tuple[bytes, str]:
        from relman.cli.registry import fetch_umbrella

        return await fetch_umbrella(
            url, version, plain_http=plain_http, environ=environ, verify_key=connection.verify_key
        )

    with tempfile.TemporaryDirectory(prefix="relman-") as folder:
        async with kube, ImagesOnDemand(environ) as images:
            yield World(
                kube=kube,
                helm=Helm(
                    connection.helm_binary, environ, kubeconfig=connection.kubeconfig, context=connection.kube_context
                ),
                clock=SystemClock(),
                reporter=reporter,
                watchers=watcher,
                fetch=fetch,
                folder=Path(folder),
                who=local_identity(environ),
                control=Control(),
                lock=LockSettings(wait=wait_lock),
                signed_only=bool(connection.verify_key),
                images=images,
            )


@asynccontextmanager
async def open_origin(world: World, kubeconfig: Path | None, context: str) -> AsyncIterator[KubePort]:
    """Open the cluster something is copied from: the world's own unless a context is named."""
    if not context:
        yield world.kube
        return
    from helmkit.kube import Kube

    async with await Kube.connect(kubeconfig, context, os.environ) as kube:
        yield kube


def local_identity(environ: Mapping[str, str]) -> Who:
    """Return who we are on this host, and the CI job we run in."""
    try:
        user = getpass.getuser()
    except OSError:
        user = str(os.getuid())
    link = next((environ[name] for name in _CI_LINKS if environ.get(name)), "")
    return Who(local_user=f"{user}@{socket.gethostname()}", ci_url=link, pid=os.getpid())


def run_command(
    connection: Connection,
    reporter: Reporter,
    use_case: Callable[[World], Awaitable[Result]],
    *,
    wait_lock: float = 0,
) -> Result:
    """Run one use case in the world; the first Ctrl-C or SIGTERM asks it to stop, the second stops it."""

    async def body() -> Result:
        async with open_world(connection, os.environ, reporter, wait_lock=wait_lock) as world:
            _handle_signals(world)
            return await use_case(world)

    return run_async(body())


def build_console() -> Console:
    """Return the console of this process."""
    import sys

    return Console.for_streams(sys.stdout, sys.stderr, os.environ)


def _handle_signals(world: World) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def on_signal(*_: Any) -> None:
        if world.control.interrupted or not world.control.running:
            if task is not None:
                task.cancel()
            return
        world.control.interrupt()
        world.reporter.note("stopping: nothing new starts, what was begun is brought to an end; again to stop at once")

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
