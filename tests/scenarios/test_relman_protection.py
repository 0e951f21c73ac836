"""Protected environments and freezes: who is asked, what is refused, what stays possible, what the history says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helmkit.errors import HelmkitError, PreflightError
from helmkit.freeze import FreezeWindow
from relman.actions.history import history
from relman.actions.recover import RecoverOptions, abort, resume
from relman.actions.rollback import RollbackOptions, rollback
from relman.actions.run import RunResult
from relman.actions.single import SingleOptions, prune, restart, uninstall
from relman.actions.unlock import unlock
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.core.plan import Plan
from relman.observe.namespace import read_history
from relman.source import Source
from tests.builders.deaths import die_after_writes
from tests.builders.platforms import Service, write_package
from tests.builders.worlds import MemoryWorld, agree

NS = "shop-gw"
FROZEN = FreezeWindow("year end", start="2025-12-31T00:00:00Z", end="2026-01-02T00:00:00Z")
THAWED = FreezeWindow("last year", start="2024-12-31T00:00:00Z", end="2025-01-02T00:00:00Z")


def services(tag: str, *more: Service) -> list[Service]:
    return [Service("gateway", NS, tag=tag), *more]


@pytest.fixture
def memory(tmp_path: Path) -> MemoryWorld:
    for version, tag in (("1.0.0", "1"), ("1.1.0", "2"), ("1.2.0", "3")):
        write_package(tmp_path / "dist", version, services(tag), protected=True)
    write_package(tmp_path / "dist", "0.9.0", services("0", Service("old", NS)), protected=True)
    write_package(tmp_path / "dist", "2.0.0", services("4"), freeze=(THAWED, FROZEN))
    write_package(tmp_path / "dist", "2.1.0", services("5"), freeze=(FROZEN,))
    return MemoryWorld(tmp_path)


def wanted(memory: MemoryWorld, version: str, **options: Any) -> UpgradeOptions:
    return UpgradeOptions(version=version, name=f"{NS}/", source=Source(str(memory.folder / "dist")), **options)


async def go(memory: MemoryWorld, version: str, **options: Any) -> RunResult:
    return await upgrade(memory.world(), wanted(memory, version, **options), agree)


class Asked:
    """Remembers whether it was asked because of the protection, and says no."""

    def __init__(self) -> None:
        self.protected: list[bool] = []

    async def __call__(self, plan: Plan, *, protected: bool) -> bool:
        self.protected.append(protected)
        return False


@pytest.mark.parametrize("action", [rollback, restart, uninstall, prune])
async def test_every_change_of_a_protected_environment_is_asked_about(memory: MemoryWorld, action: Any) -> None:
    for version in ("0.9.0", "1.0.0", "1.1.0"):
        await go(memory, version)
    asked, made = Asked(), len(memory.helm.operations)
    options = (RollbackOptions if action is rollback else SingleOptions)(name=f"{NS}/")
    result = await action(memory.world(), options, asked)
    assert (result.outcome, asked.protected) == ("declined", [True])
    assert len(memory.helm.operations) == made
    # What a rollback or a restart writes is as protected as what came before.
    await action(memory.world(), options, agree)
    assert (await read_history(memory.kube, NS, "shop"))[0].protected


@pytest.mark.parametrize("recover", [resume, abort])
async def test_bringing_an_unfinished_run_to_its_end_is_asked_about(memory: MemoryWorld, recover: Any) -> None:
    await go(memory, "1.0.0")
    await die_after_writes(memory, 2, lambda: go(memory, "1.1.0"))
    asked = Asked()
    result = await recover(memory.world(), RecoverOptions(everything=True), asked)
    assert (result.outcome, asked.protected) == ("declined", [True])


async def test_freeing_a_lock_is_asked_about(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0")
    spec = {"holderIdentity": "bert@gone", "leaseDurationSeconds": 15, "acquireTime": "2026-01-01T00:00:00Z"}
    found = await memory.kube.get_object("coordination.k8s.io/v1", "Lease", NS, "relman.shop")
    assert found is not None
    await memory.kube.replace_object({**found, "spec": spec})
    named: list[str] = []

    async def ask(environment: str) -> bool:
        named.append(environment)
        return len(named) > 1

    with pytest.raises(HelmkitError, match="not confirmed"):
        await unlock(memory.world(), NS, None, why="gone", ask=ask)
    assert (await unlock(memory.world(), NS, None, why="gone", ask=ask))[0].freed
    assert named == ["dev", "dev"]


async def test_an_upgrade_inside_a_freeze_is_refused_and_says_until_when_and_why(memory: MemoryWorld) -> None:
    with pytest.raises(PreflightError, match=r"dev is frozen from 2025-12-31.* to 2026-01-02.*: year end") as caught:
        await go(memory, "2.0.0")
    assert "--override-freeze" in (caught.value.hint or "")
    assert memory.done() == []
    assert (await go(memory, "2.0.0", dry_run=True)).plan.refusals[0].kind == "freeze"


async def test_the_reason_of_an_override_stands_in_the_history(memory: MemoryWorld) -> None:
    result = await go(memory, "2.0.0", override_freeze="the certificate expires tonight")
    assert result.outcome == "done"
    entry = (await history(memory.world(), f"{NS}/", None, limit=1))[0]
    assert "overridden by anna@laptop: the certificate expires tonight (frozen from 2025-12-31" in entry.events[0]
    # Without anything to do there is nothing to refuse.
    assert (await go(memory, "2.0.0")).outcome == "nothing"


async def test_an_override_without_a_freeze_leaves_no_trace(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0", override_freeze="just in case")
    assert (await read_history(memory.kube, NS, "shop"))[0].events == ()


async def test_rolling_back_is_possible_inside_a_freeze_and_says_so(memory: MemoryWorld) -> None:
    for version in ("2.0.0", "2.1.0"):
        await go(memory, version, override_freeze="first installation")
    result = await rollback(memory.world(), RollbackOptions(name="gateway"), agree)
    assert result.outcome == "done"
    assert any("is frozen" in note and "a rollback is possible all the same" in note for note in result.plan.notes)
    newest = (await read_history(memory.kube, NS, "shop"))[0]
    assert any("is frozen" in note for note in newest.notes)
    assert newest.freeze == (FROZEN,)


async def test_an_unfinished_run_may_come_to_its_end_inside_a_freeze(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0")
    await die_after_writes(memory, 2, lambda: go(memory, "2.0.0", override_freeze="urgent"))
    result = await resume(memory.world(), RecoverOptions(everything=True), agree)
    assert result is not None
    assert result.outcome == "done"
    assert any("an unfinished run may come to its end" in note for note in result.plan.notes)


async def test_removing_services_waits_for_the_end_of_a_freeze_and_a_restart_does_not(memory: MemoryWorld) -> None:
    await go(memory, "2.0.0", override_freeze="first")
    with pytest.raises(PreflightError, match="is frozen"):
        await uninstall(memory.world(), SingleOptions(name=f"{NS}/"), agree)
    assert (await restart(memory.world(), SingleOptions(name=f"{NS}/"), agree)).outcome == "done"
    removed = await uninstall(memory.world(), SingleOptions(name=f"{NS}/", override_freeze="moved away"), agree)
    assert removed.outcome == "done"
    assert "moved away" in (await read_history(memory.kube, NS, "shop"))[0].events[0]
