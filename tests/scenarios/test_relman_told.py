"""Nobody is left guessing: a reason for every step and skip, a word for every service, and a diff that shows why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relman.actions.diff import diff
from relman.actions.rollback import RollbackOptions, rollback
from relman.actions.run import RunResult
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.cli.run_output import build_report
from relman.source import Source
from tests.builders.platforms import Service, write_package
from tests.builders.worlds import MemoryWorld, agree

NS = "shop-gw"


@pytest.fixture
async def memory(tmp_path: Path) -> MemoryWorld:
    def version(number: str, *services: Service) -> None:
        write_package(tmp_path / "dist", number, [Service("calm", NS), *services])

    version("1.0.0", Service("gateway", NS), Service("orders", NS, depends_on=("gateway",)), Service("old", NS))
    version("1.1.0", Service("gateway", NS, tag="2"), Service("orders", NS, tag="2", depends_on=("gateway",)))
    broken = Service("gateway", NS, tag="missing-3")
    first = Service("first", NS)
    late = Service("orders", NS, tag="3", depends_on=("gateway",))
    version("1.2.0", first, broken, late)
    return MemoryWorld(tmp_path)


def wanted(memory: MemoryWorld, version: str, **options: Any) -> UpgradeOptions:
    return UpgradeOptions(version=version, name=f"{NS}/", source=Source(str(memory.folder / "dist")), **options)


async def go(memory: MemoryWorld, version: str, **options: Any) -> RunResult:
    return await upgrade(memory.world(), wanted(memory, version, **options), agree)


def told(result: RunResult) -> dict[str, tuple[str, str]]:
    """Return the outcome and the reason of each service, as the command prints them."""
    return {line.service: (line.outcome, line.reason) for line in build_report(result).services}


async def test_a_plan_gives_a_reason_for_every_step_and_every_skip(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0")
    plan = (await go(memory, "1.1.0", dry_run=True)).plan
    assert {step.service: step.reason for step in plan.steps} == {
        "gateway": "version 1 -> 2", "orders": "version 1 -> 2",
    }  # fmt: skip
    assert {skip.service: (skip.outcome, skip.reason) for skip in plan.skips} == {
        "calm": ("unchanged", "runs this already, and is as it was left"),
        "old": ("kept", "not part of 1.1.0, left as it is"),
    }


async def test_what_was_restored_failed_and_never_started_is_named_with_its_reason(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0")
    found = told(await go(memory, "1.2.0", parallel=1))
    assert found["gateway"] == ("restored", "image registry.example/app:missing-3 does not exist")
    assert found["orders"] == ("not started", "waits for gateway, which failed")
    assert found["calm"][0] == "unchanged"
    assert found["first"][0] in ("restored", "not started")


async def test_what_is_kept_after_a_failure_is_named_as_well(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0")
    found = told(await go(memory, "1.2.0", restore=False))
    assert found["gateway"][0] == "failed"
    assert found["first"][0] == "installed"
    assert found["orders"] == ("not started", "waits for gateway, which failed")
    assert found["old"] == ("kept", "not part of 1.2.0, left as it is")


async def test_what_is_on_hold_says_since_when_by_whom_and_why(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0")
    await go(memory, "1.1.0")
    await rollback(memory.world(), RollbackOptions(name="gateway", why="502s"), agree)
    found = told(await go(memory, "1.1.0"))
    assert found["gateway"][0] == "held"
    assert all(part in found["gateway"][1] for part in ("2 is on hold since 2026-01-01", "502s", "anna@laptop"))


async def test_a_diff_shows_versions_fields_and_what_restarts(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0")
    write_package(
        memory.folder / "dist", "1.3.0",
        [
            Service("calm", NS, replicas=2), Service("gateway", NS, level="debug"),
            Service("orders", NS, depends_on=("gateway",)), Service("extra", NS),
        ],
    )  # fmt: skip
    report = await diff(memory.world(), wanted(memory, "1.3.0"))
    shown = {one.service: one for one in report.services}
    assert set(shown) == {"calm", "gateway", "extra"}
    fields = {(f.path, f.old, f.new) for change in shown["gateway"].objects for f in change.fields}
    assert fields == {("spec.template.spec.containers[main].env[LEVEL].value", "info", "debug")}
    assert shown["gateway"].restarts == ("Deployment/gateway",)
    assert shown["calm"].restarts == (), "more replicas restart nothing"
    assert (shown["extra"].action, shown["extra"].old, shown["extra"].new) == ("install", "", "1")
    assert {one.reason for one in report.services} == {"not installed yet", "values changed", "chart 1.0.0 -> 1.3.0"}
    assert memory.done()[-1] != "upgrade extra", "a diff changes nothing"
