"""relman dies at every single write it, or a helm of it, makes; the next run brings the set to exactly what it is told.

Deterministic: the process is gone at write number N and everything after fails; N goes up until the run survives.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from helmkit.kube.transport import Answer, Request
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.core.record import RUNNING
from relman.observe.namespace import observe_namespace, read_history
from relman.source import Source
from tests.builders.platforms import Service, write_package
from tests.builders.worlds import MemoryWorld, agree

NAMESPACES = ("shop-base", "shop-gw")


class DiedError(BaseException):
    """The process is gone; no Exception, so that nothing on the way can clean up after it."""


def services(version: str, *, broken: bool = False) -> list[Service]:
    """Return a chain over two namespaces, with one service beside it."""
    tag = f"missing-{version}" if broken else version
    return [
        Service("base", "shop-base", tag=version),
        Service("store", "shop-base", tag=version, kind="StatefulSet", depends_on=("base",)),
        Service("front", "shop-gw", tag=tag, depends_on=("store",)),
        Service("side", "shop-gw", tag=version),
    ]


class Killer:
    """Ends the process at write number `at`, and lets nothing through afterwards."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.writes = 0

    async def __call__(self, request: Request) -> Answer | None:
        if request.method != "GET":
            self.writes += 1
        if self.writes >= self.at:
            raise DiedError
        return None


def prepare(folder: Path) -> MemoryWorld:
    write_package(folder / "dist", "1.0.0", services("1"))
    write_package(folder / "dist", "2.0.0", services("2"))
    write_package(folder / "dist", "3.0.0", services("3", broken=True))
    return MemoryWorld(folder)


async def go(memory: MemoryWorld, version: str) -> str:
    wanted = UpgradeOptions(version=version, everything=True, source=Source(str(memory.folder / "dist")))
    return (await upgrade(memory.world(), wanted, agree)).outcome


async def die_at(memory: MemoryWorld, version: str, at: int) -> bool:
    """Upgrade and die at write `at`; tell whether it died rather than got through."""
    memory.kube.memory.hooks.append(Killer(at))
    try:
        await go(memory, version)
    except BaseException as error:
        if not _is_death(error):
            raise
        return True
    finally:
        memory.kube.memory.hooks.clear()
    return False


def _is_death(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_is_death(one) for one in error.exceptions)
    return isinstance(error, DiedError)


async def check(memory: MemoryWorld, tag: str, *, locked: bool = True) -> None:
    """Make sure that the set is exactly one version, no release pending, no lock held, no record open.

    A run that finds nothing to do takes no lock, so it does not take over a dead one's either (`locked` is False).
    """
    for namespace in NAMESPACES:
        seen = await observe_namespace(memory.kube, namespace, "shop")
        assert seen.record is not None
        assert all(release.newest.status == "deployed" for release in seen.releases.values()), seen.releases
        for kind in ("Deployment", "StatefulSet"):
            for item in await memory.kube.list_objects("apps/v1", kind, namespace):
                image = item["spec"]["template"]["spec"]["containers"][0]["image"]
                assert image == f"registry.example/app:{tag}", (namespace, item["metadata"]["name"])
        for key, service in seen.record.services.items():
            assert service.now is not None, key
            assert service.now.good, key
            assert service.now.uid == seen.releases[service.release].newest.uid, key
        if locked:
            lease = await memory.kube.get_object("coordination.k8s.io/v1", "Lease", namespace, "relman.shop")
            assert not (lease or {}).get("spec", {}).get("holderIdentity")
        for record in await read_history(memory.kube, namespace, "shop"):
            assert record.outcome != RUNNING, record.number


async def _matrix(folder: Path, version: str, then: Sequence[tuple[str, str, str]]) -> int:
    """Die at every write of an upgrade to `version`, then run to each (version, outcome, tag); return the writes."""
    at = 0
    while True:
        at += 1
        for target, outcome, tag in then:
            memory = prepare(folder / f"{at}-{target}")
            await go(memory, "1.0.0")
            died = await die_at(memory, version, at)
            if not died:
                return at - 1
            found = await go(memory, target)
            assert found in (outcome, "nothing"), (at, target, found)
            await check(memory, tag, locked=found != "nothing")


@pytest.mark.parametrize(("target", "tag"), [("2.0.0", "2"), ("1.0.0", "1")])
async def test_after_death_at_any_write_the_next_run_goes_forward_or_back(
    tmp_path: Path, target: str, tag: str
) -> None:
    writes = await _matrix(tmp_path, "2.0.0", [(target, "done", tag)])
    assert writes > 30


@pytest.mark.parametrize(("target", "tag"), [("2.0.0", "2"), ("1.0.0", "1")])
async def test_after_death_at_any_write_of_a_failing_run_the_next_run_goes_forward_or_back(
    tmp_path: Path, target: str, tag: str
) -> None:
    writes = await _matrix(tmp_path, "3.0.0", [(target, "done", tag)])
    assert writes > 30


async def test_death_in_the_first_install_leaves_nothing_that_blocks(tmp_path: Path) -> None:
    at = 0
    while True:
        at += 1
        memory = prepare(tmp_path / str(at))
        if not await die_at(memory, "1.0.0", at):
            break
        found = await go(memory, "1.0.0")
        assert found in ("done", "nothing"), at
        await check(memory, "1", locked=found != "nothing")
    assert at > 30
