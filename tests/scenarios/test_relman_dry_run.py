"""A dry run looks at everything a real run would, tells it, changes nothing, and ends as the real one would begin."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import msgspec
import pytest

from helmkit.console.printer import Console
from helmkit.errors import PreflightError
from relman.actions.rollback import RollbackOptions, rollback
from relman.actions.run import RunResult
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.cli.planned import finish_planned
from relman.cli.run_output import finish_run
from relman.source import Source
from tests.builders.platforms import Service, write_package
from tests.builders.worlds import MemoryWorld, agree

NS = "shop-gw"
BROKEN = {"broken.yaml": "{{ .Values.nothing }}"}


@pytest.fixture
def memory(tmp_path: Path) -> MemoryWorld:
    write_package(tmp_path / "dist", "1.0.0", [Service("gateway", NS, rollback="")])
    write_package(tmp_path / "dist", "1.1.0", [Service("gateway", NS, tag="2", rollback="the schema moved")])
    write_package(tmp_path / "dist", "1.2.0", [Service("gateway", NS, tag="3", extra=BROKEN)])
    return MemoryWorld(tmp_path)


def wanted(memory: MemoryWorld, version: str, **options: Any) -> UpgradeOptions:
    return UpgradeOptions(version=version, name=NS, source=Source(str(memory.folder / "dist")), **options)


async def plan(memory: MemoryWorld, version: str, **options: Any) -> RunResult:
    return await upgrade(memory.world(), wanted(memory, version, dry_run=True, **options), agree)


def console() -> tuple[Console, io.StringIO, io.StringIO]:
    out, err = io.StringIO(), io.StringIO()
    return Console(out, err), out, err


async def test_what_would_refuse_an_upgrade_is_found_by_its_dry_run_and_nothing_is_written(memory: MemoryWorld) -> None:
    await upgrade(memory.world(), wanted(memory, "1.0.0"), agree)
    before = memory.kube.memory.store.version
    result = await plan(memory, "1.2.0")
    assert memory.kube.memory.store.version == before
    assert result.outcome == "planned"
    assert [(r.kind, r.service) for r in result.plan.refusals] == [("dry-run", "gateway")]
    assert "nothing is not set" in result.plan.refusals[0].message
    assert (await plan(memory, "1.2.0", skip=("dry-run",))).plan.refusals == ()


async def test_a_refused_dry_run_shows_the_plan_and_ends_as_refused(memory: MemoryWorld) -> None:
    result = await plan(memory, "1.2.0")
    printer, out, _ = console()
    with pytest.raises(PreflightError, match="nothing is not set") as caught:
        finish_run(printer, result, "json")
    assert caught.value.exit_code == 9
    shown = msgspec.json.decode(out.getvalue())
    assert shown["services"][0]["action"] == "install"
    assert "nothing is not set" in shown["refusals"][0]


async def test_a_refused_plan_is_shown_and_not_written_to_a_file(memory: MemoryWorld) -> None:
    path = memory.folder / "plan.json"
    asked = wanted(memory, "1.2.0", dry_run=True)
    printer, out, _ = console()
    with pytest.raises(PreflightError, match="nothing is not set"):
        finish_planned(printer, await plan(memory, "1.2.0"), asked, "json", path)
    assert not path.exists()
    assert msgspec.json.decode(out.getvalue())["plan"]["refusals"]
    printer, _, err = console()
    assert finish_planned(printer, await plan(memory, "1.1.0"), asked, "table", path) == 0
    assert path.exists()
    assert "carry it out with" in err.getvalue()


async def test_the_notes_of_a_plan_are_told_by_its_dry_run(memory: MemoryWorld) -> None:
    for version in ("1.0.0", "1.1.0"):
        await upgrade(memory.world(), wanted(memory, version), agree)
    asked = RollbackOptions(name=NS, dry_run=True)
    result = await rollback(memory.world(), asked, agree)
    printer, _, err = console()
    with pytest.raises(PreflightError, match="the schema moved"):
        finish_run(printer, result, "table")
    assert "a rollback cannot undo everything" in err.getvalue()


async def test_warnings_stand_in_the_plan(memory: MemoryWorld) -> None:
    needy = {"more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n"}
    write_package(memory.folder / "dist", "1.3.0", [Service("gateway", NS, tag="4", extra=needy)])
    result = await plan(memory, "1.3.0", skip=("image",))
    assert "Checks skipped: image" in result.plan.warnings
