"""Copying what runs in one environment to another, from one cluster in memory to a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from helmkit.errors import PreflightError, UsageError
from relman.actions.copying import CopyOptions, CopyResult, copy
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.core.copying import plan_copy
from relman.observe.namespace import read_history
from relman.source import Source, load_platform
from tests.builders.platforms import Service, write_package
from tests.builders.worlds import MemoryWorld, agree

GW, DB = "shop-gw", "shop-db"


@pytest.fixture
def memory(tmp_path: Path) -> MemoryWorld:
    for version, tag in (("1.0.0", "1"), ("1.1.0", "2")):
        services = [Service("store", DB), Service("gateway", GW, tag=tag), Service("orders", GW, tag=tag)]
        write_package(tmp_path / "dist", version, services, environments=("dev", "prod"))
    return MemoryWorld(tmp_path)


@pytest.fixture
def prod(memory: MemoryWorld) -> MemoryWorld:
    return MemoryWorld(memory.folder)


async def install(memory: MemoryWorld, version: str, name: str | None = None) -> None:
    source = Source(str(memory.folder / "dist"))
    options = UpgradeOptions(version=version, name=name, everything=name is None, source=source, environment="dev")
    assert (await upgrade(memory.world(), options, agree)).outcome == "done"


async def go(memory: MemoryWorld, prod: MemoryWorld, **options: Any) -> CopyResult:
    wanted = CopyOptions(**({"to_environment": "prod", "from_environment": "dev"} | options))
    return await copy(prod.world(), wanted, agree, origin=memory.kube)


async def images(memory: MemoryWorld) -> dict[str, str]:
    found = await memory.kube.list_objects("apps/v1", "Deployment")
    return {one["metadata"]["name"]: one["spec"]["template"]["spec"]["containers"][0]["image"][-1] for one in found}


async def test_the_version_that_runs_is_brought_with_the_other_environments_values(
    memory: MemoryWorld, prod: MemoryWorld
) -> None:
    await install(memory, "1.0.0")
    await install(memory, "1.1.0")
    result = await go(memory, prod)
    assert (result.plan.version, result.plan.differences, [run.outcome for run in result.runs]) == (
        "1.1.0",
        (),
        ["done"],
    )
    assert {one.service for one in result.plan.services if one.same} == {"store", "gateway", "orders"}
    assert await images(prod) == {"store": "1", "gateway": "2", "orders": "2"}
    (record,) = await read_history(prod.kube, GW, "shop")
    assert (record.environment, record.why) == ("prod", "copy of dev")


async def test_what_one_version_cannot_say_is_named_with_the_command_for_it(
    memory: MemoryWorld, prod: MemoryWorld
) -> None:
    await install(memory, "1.0.0")
    await install(memory, "1.1.0", "gateway")
    with pytest.raises(
        PreflightError, match=r"gateway runs 2 of 1.1.0, and 1.0.0 brings 1: `relman upgrade"
    ) as refused:
        await go(memory, prod)
    assert "--allow-differences" in (refused.value.hint or "")
    assert not await read_history(prod.kube, GW, "shop")
    dry = await go(memory, prod, dry_run=True)
    assert len(dry.plan.differences) == 1
    assert dry.runs[0].outcome == "planned"
    await go(memory, prod, allow_differences=True)
    assert await images(prod) == {"store": "1", "gateway": "1", "orders": "1"}


async def test_single_namespaces_are_copied_one_by_one(memory: MemoryWorld, prod: MemoryWorld) -> None:
    await install(memory, "1.0.0")
    result = await go(memory, prod, from_environment="", from_namespaces=(DB,))
    assert result.plan.namespaces == (DB,)
    assert await images(prod) == {"store": "1"}
    result = await go(memory, prod, from_environment="", from_namespaces=(GW, DB))
    assert [run.outcome for run in result.runs] == ["nothing", "done"]


async def test_what_was_adopted_or_is_no_longer_part_is_told(memory: MemoryWorld) -> None:
    await install(memory, "1.0.0")
    records = [(await read_history(memory.kube, namespace, "shop"))[0] for namespace in (DB, GW)]
    store = records[0].services["store"]
    assert store.now is not None
    assert store.now.content is not None
    adopted = msgspec.structs.replace(store.now.content, content_digest="adopted:x", platform_version="")
    now = msgspec.structs.replace(store.now, content=adopted, good=False)
    gone = {"store": msgspec.structs.replace(store, now=now), "gone": store}
    records[0] = msgspec.structs.replace(records[0], services=gone)
    source = Source(str(memory.folder / "dist"))
    platform = await load_platform(source, "1.0.0", folder=memory.folder / "x", fetch=memory.world().fetch)
    plan = plan_copy(platform.bom, records, "prod", source="dist", whole=True)
    assert plan.differences == (
        f"gone runs in {DB} and is not part of prod",
        "store was adopted as it was, so no version has it; 1.0.0 brings 1",
    )
    assert plan.notes == ("not seen healthy where it runs: store",)


async def test_what_is_not_said_or_not_there_is_refused(memory: MemoryWorld, prod: MemoryWorld) -> None:
    await install(memory, "1.0.0")
    with pytest.raises(UsageError, match="not said what to copy"):
        await go(memory, prod, from_environment="")
    with pytest.raises(UsageError, match="nothing runs in environment stage"):
        await go(memory, prod, from_environment="stage")
    with pytest.raises(UsageError, match="nothing of relman's is installed in elsewhere"):
        await go(memory, prod, from_environment="", from_namespaces=("elsewhere",))
    with pytest.raises(UsageError, match="has no environment 'prd'") as refused:
        await go(memory, prod, to_environment="prd")
    assert "dev, prod" in (refused.value.hint or "")
