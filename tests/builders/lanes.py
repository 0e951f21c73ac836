"""A namespace with a chain of three services, moved through a proxy by real relmans and real helms."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from helmkit.kube import Kube
from relman.actions.ports import World
from relman.actions.recover import RecoverOptions, abort, resume
from relman.actions.run import RunResult
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.cli.compose import Connection, open_world
from relman.core.preflight import CHECKS
from relman.core.record import RUNNING, SetRecord
from relman.execute.control import Control
from relman.observe.namespace import observe_namespace, read_history
from relman.source import Source
from sandbox.cluster import Sandbox
from tests.builders.kills import kill
from tests.builders.platforms import Service, write_package
from tests.builders.proxies import ApiProxy
from tests.builders.worlds import Recorder, agree

CHAIN = ("first", "second", "third")
OLD, NEW = "1.0.0", "2.0.0"
UNCHECKED = tuple(f"--skip={check}" for check in CHECKS)
"""Arguments that leave preflight out."""
_RELMAN = "import sys; from relman.cli import main; main()"


def chain(namespace: str, tag: str, *, replicas: int = 0, length: int = 3) -> list[Service]:
    """Return services that wait for each other; without replicas there are no pods, so that a rollout costs nothing."""
    keys = CHAIN[:length]
    before = dict(zip(keys[1:], keys, strict=False))
    return [
        Service(key, namespace, tag=tag, replicas=replicas, depends_on=(before[key],) if key in before else ())
        for key in keys
    ]


@dataclass
class Lane:
    """One namespace, at the old version or the new one."""

    sandbox: Sandbox
    folder: Path
    namespace: str
    proxy: ApiProxy
    kube: Kube
    """Past the proxy."""
    opened: World
    """Through the proxy."""

    @property
    def dist(self) -> Path:
        """Where the packages are."""
        return self.folder / "dist"

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment of a relman that goes through the proxy."""
        return {**os.environ, **self.proxy.environ, "RELMAN_FROM": str(self.dist)}

    def publish(self, version: str, *services: Service) -> None:
        """Write a version of the platform, which is called like the namespace."""
        write_package(self.dist, version, services, platform=self.namespace)

    def world(self) -> World:
        """Return what one command gets, in this process."""
        return replace(self.opened, control=Control())

    async def upgrade(self, version: str, **options: object) -> RunResult:
        """Upgrade the namespace, in this process and without preflight, which has tests of its own."""
        wanted = UpgradeOptions(version=version, name=f"{self.namespace}/", source=Source(str(self.dist)), skip=CHECKS)
        return await upgrade(self.world(), _with(wanted, options), agree)

    async def recover(self, how: str) -> str:
        """Resume or abort, in this process, and return the outcome."""
        act = resume if how == "resume" else abort
        result = await act(self.world(), RecoverOptions(name=f"{self.namespace}/", why="killed"), agree)
        return result.outcome if result else "nothing"

    @asynccontextmanager
    async def running(self, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """Run relman as a process; one that still runs at the end is killed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _RELMAN, *arguments, env=self.environ,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            yield process
        finally:
            kill(process.pid if process.returncode is None else 0)
            await process.communicate()

    async def tags(self) -> set[str]:
        """Return the tags of all its workloads."""
        items = await self.kube.list_objects("apps/v1", "Deployment", self.namespace)
        return {item["spec"]["template"]["spec"]["containers"][0]["image"].rpartition(":")[2] for item in items}

    async def history(self) -> list[SetRecord]:
        """Return its records, newest first."""
        return await read_history(self.kube, self.namespace, self.namespace)

    async def check_true(self, *, locked: bool = False) -> str:
        """Make sure that nothing is open and that what is recorded is there; return the one tag that runs.

        Args:
            locked: The lock may still be that of a dead run.
        """
        seen = await observe_namespace(self.kube, self.namespace, self.namespace)
        words = {name: [one.status for one in release.revisions] for name, release in seen.releases.items()}
        for name, every in words.items():
            assert every[-1] == "deployed", (name, every)
            assert every.count("deployed") == 1, (name, every)
            assert not any(word.startswith("pending") for word in every), (name, every)
        records = await self.history()
        assert RUNNING not in {record.outcome for record in records}
        for key, service in records[0].services.items():
            assert service.now is not None, key
            assert service.now.uid == seen.releases[key].newest.uid, key
            assert service.now.good, key
        tags = await self.tags()
        assert len(tags) == 1, tags
        contents = {service.now.content for service in records[0].services.values() if service.now}
        assert {content.app_version for content in contents if content} == tags
        lease = await self.kube.get_object(
            "coordination.k8s.io/v1", "Lease", self.namespace, f"relman.{self.namespace}"
        )
        assert lease is not None
        assert locked or not lease["spec"].get("holderIdentity"), "the lock is held"
        return tags.pop()


def _with(wanted: UpgradeOptions, options: dict[str, object]) -> UpgradeOptions:
    return replace(wanted, **options)  # type: ignore[arg-type]  # the caller names fields of UpgradeOptions


@asynccontextmanager
async def open_lane(sandbox: Sandbox, folder: Path, namespace: str, *, helm: Path | None = None) -> AsyncIterator[Lane]:
    """Open a lane in a namespace that need not exist yet, with a chain in two versions.

    Args:
        sandbox: The control plane.
        folder: An own one, which exists.
        namespace: Its name.
        helm: Another helm than the sandbox's fourth.
    """
    environ = {**os.environ, **sandbox.environ}
    async with ApiProxy(sandbox, folder) as proxy, await Kube.connect(sandbox.kubeconfig, None, environ) as kube:
        connection = Connection(proxy.kubeconfig, None, helm or sandbox.helm)
        async with open_world(connection, {**os.environ, **proxy.environ}, Recorder()) as world:
            lane = Lane(sandbox, folder, namespace, proxy, kube, world)
            for version in (OLD, NEW):
                lane.publish(version, *chain(namespace, version[0]))
            yield lane
