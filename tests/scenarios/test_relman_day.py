"""The rest of the day in memory: plans as files, revisions looked at, restart, uninstall, prune, unlock."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest

from helmkit.errors import LockHeldError, PreflightError, UsageError
from relman.actions.drift import drift
from relman.actions.history import history
from relman.actions.images import images
from relman.actions.plan_file import build_plan_file, load_plan, planned_options, write_plan
from relman.actions.recover import RecoverOptions, abort, finish_first, resume
from relman.actions.run import RunResult
from relman.actions.show import compare, show
from relman.actions.single import SingleOptions, prune, restart, uninstall
from relman.actions.status import status
from relman.actions.unlock import unlock
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.core.record import SetRecord, Who
from relman.observe.namespace import read_history
from relman.source import Source
from tests.builders.deaths import die_after_writes
from tests.builders.platforms import Service, write_package
from tests.builders.worlds import MemoryWorld, VirtualClock, agree

NS = "shop-gw"
LEASE = ("coordination.k8s.io/v1", "Lease")


def services(gateway: str = "1", *more: Service) -> list[Service]:
    return [
        Service("store", NS, kind="StatefulSet"),
        Service("gateway", NS, tag=gateway, depends_on=("store",)),
        Service("orders", NS, depends_on=("gateway",)),
        *more,
    ]


@pytest.fixture
def memory(tmp_path: Path) -> MemoryWorld:
    write_package(tmp_path / "dist", "1.0.0", services("1"))
    write_package(tmp_path / "dist", "1.1.0", services("2"))
    write_package(tmp_path / "dist", "1.2.0", services("missing-3"))
    return MemoryWorld(tmp_path)


def wanted(memory: MemoryWorld, version: str, **options: Any) -> UpgradeOptions:
    return UpgradeOptions(version=version, everything=True, source=Source(str(memory.folder / "dist")), **options)


async def go(memory: MemoryWorld, version: str, **options: Any) -> RunResult:
    return await upgrade(memory.world(), wanted(memory, version, **options), agree)


async def records(memory: MemoryWorld) -> list[SetRecord]:
    return await read_history(memory.kube, NS, "shop")


def outcomes(result: RunResult) -> dict[str, str]:
    return {key: service.outcome for record in result.records for key, service in record.services.items()}


async def die_after_record(memory: MemoryWorld, version: str, writes: int) -> None:
    """Upgrade, and die some writes after the run's record was created."""
    await die_after_writes(memory, writes, lambda: go(memory, version))


async def test_a_plan_is_written_for_its_owner_alone_and_carried_out_as_it_is(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0")
    options = wanted(memory, "1.1.0", dry_run=True)
    planned = await upgrade(memory.world(), options, agree)
    path = memory.folder / "plan.json"
    write_plan(path, build_plan_file(planned.plan, options, who=Who(local_user="anna@laptop"), written="now"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "hidden-" not in path.read_text()
    stored = load_plan(path)
    assert stored.plan == planned.plan
    result = await upgrade(memory.world(), planned_options(stored), agree)
    assert outcomes(result) == {"store": "unchanged", "gateway": "upgraded", "orders": "unchanged"}
    with pytest.raises(PreflightError, match="shop-gw/gateway: planned was upgrade, and now it is unchanged"):
        await upgrade(memory.world(), planned_options(stored), agree)


async def test_a_plan_that_no_longer_fits_is_refused_and_says_what_changed(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0")
    options = wanted(memory, "1.1.0", dry_run=True)
    planned = (await upgrade(memory.world(), options, agree)).plan
    document = build_plan_file(planned, options, who=Who(), written="now")
    chart = next((memory.folder / "unpacked" / "1.0.0").glob("gateway"))
    await memory.helm.upgrade("gateway", chart, namespace=NS, values={"level": "debug"}, timeout=5)
    memory.helm.operations.clear()
    with pytest.raises(PreflightError, match="gateway: it was at revision 1 then, and is at revision 2 now"):
        await upgrade(memory.world(), planned_options(document), agree)
    write_package(memory.folder / "dist", "1.1.0", services("9"))
    with pytest.raises(PreflightError, match="no longer those that were planned"):
        await upgrade(memory.world(), planned_options(document), agree)
    assert memory.done() == []


async def test_what_is_no_plan_is_refused(memory: MemoryWorld) -> None:
    path = memory.folder / "plan.json"
    with pytest.raises(UsageError, match="No such file"):
        load_plan(path)
    path.write_text("{}")
    with pytest.raises(UsageError, match="is not a plan of relman"):
        load_plan(path)


async def test_a_revision_is_shown_whole_and_two_are_compared(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0", why="first")
    await go(memory, "1.1.0", why="faster")
    await go(memory, "1.2.0")
    shown = await show(memory.world(), f"{NS}/", None, 2)
    assert (shown.revision, shown.version, shown.why, shown.outcome, shown.good) == (2, "1.1.0", "faster", "done", True)
    gateway = next(one for one in shown.services if one.service == "gateway")
    assert gateway.content is not None
    assert gateway.content.images == ("registry.example/app:2",)
    assert gateway.content.content_digest.startswith("sha256:")
    failed = await show(memory.world(), "gateway", None, 0)
    assert [one.causes[0].summary for one in failed.services] == ["image registry.example/app:missing-3 does not exist"]
    assert failed.services[0].wanted is not None
    found = await compare(memory.world(), f"{NS}/", None, 1, 2)
    assert [(one.service, one.change) for one in found.services] == [("gateway", "changed")]
    assert "version 1 -> 2" in found.services[0].differs
    assert "image registry.example/app:1 gone" in found.services[0].differs
    assert found.unchanged == 2
    assert (await compare(memory.world(), f"{NS}/", None, 2, 3)).services == ()
    with pytest.raises(UsageError, match="has no revision 9"):
        await show(memory.world(), f"{NS}/", None, 9)


async def test_a_restart_goes_by_dependencies_waits_and_is_recorded(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0")
    memory.helm.operations.clear()
    result = await restart(memory.world(), SingleOptions(name=f"{NS}/", why="new certificates"), agree)
    assert result.outcome == "done"
    assert set(outcomes(result).values()) == {"restarted"}
    assert [step.service for step in result.plan.steps] == ["store", "gateway", "orders"]
    assert memory.done() == []
    live = await memory.kube.get_object("apps/v1", "Deployment", NS, "gateway")
    assert live is not None
    assert "kubectl.kubernetes.io/restartedAt" in live["spec"]["template"]["metadata"]["annotations"]
    newest = (await records(memory))[0]
    assert (newest.action, newest.why, newest.stands_at, newest.good) == ("restart", "new certificates", "1.0.0", True)
    assert (await go(memory, "1.0.0")).outcome == "nothing"


async def test_a_restart_does_not_hide_what_others_changed(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0")
    live = await memory.kube.get_object("apps/v1", "Deployment", NS, "gateway")
    assert live is not None
    live["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/app:99"
    await memory.kube.replace_object(live, field_manager="kubectl-set")
    await restart(memory.world(), SingleOptions(name=f"{NS}/gateway"), agree)
    report = await drift(memory.world(), f"{NS}/gateway", None)
    assert report.drifted
    fields = report.services[0].objects[0].fields
    assert [(f.path, f.wanted, f.found) for f in fields] == [
        ("spec.template.spec.containers[main].image", "registry.example/app:1", "registry.example/app:99"),
    ]  # fmt: skip
    assert (await status(memory.world(), f"{NS}/gateway", None)).sets[0].services[0].state == "drifted"
    assert outcomes(await go(memory, "1.0.0"))["gateway"] == "upgraded"
    assert not (await drift(memory.world(), None, None)).drifted


async def test_a_restart_that_does_not_come_up_is_a_failure(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0")
    live = await memory.kube.get_object("apps/v1", "Deployment", NS, "gateway")
    assert live is not None
    live["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/app:missing-1"
    await memory.kube.replace_object(live, field_manager="kubectl-set")
    result = await restart(memory.world(), SingleOptions(name=f"{NS}/"), agree)
    assert result.outcome == "failed"
    assert outcomes(result) == {"store": "restarted", "gateway": "failed", "orders": "not started"}


async def test_an_uninstall_says_what_stays_and_is_recorded(memory: MemoryWorld) -> None:
    kept = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kept\n  annotations: {helm.sh/resource-policy: keep}\n"
    write_package(memory.folder / "dist", "2.0.0", services("1", Service("extra", NS, extra={"kept.yaml": kept})))
    await go(memory, "2.0.0")
    memory.helm.operations.clear()
    plan = (await uninstall(memory.world(), SingleOptions(name=f"{NS}/", dry_run=True), agree)).plan
    assert "kept by their resource policy: ConfigMap/kept" in plan.notes
    assert f"the namespace {NS} and relman's history in it stay" in plan.notes
    result = await uninstall(memory.world(), SingleOptions(name=f"{NS}/", why="moved"), agree)
    assert set(outcomes(result).values()) == {"removed"}
    assert [one for one in memory.done() if "extra" not in one] == [
        "uninstall orders", "uninstall gateway", "uninstall store",
    ]  # fmt: skip
    assert await memory.kube.list_release_metadata(NS) == []
    assert (await records(memory))[0].stands_at == ""
    assert outcomes(await go(memory, "1.0.0"))["gateway"] == "installed"


async def test_uninstalling_one_service_names_who_depends_on_it(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0")
    result = await uninstall(memory.world(), SingleOptions(name=f"{NS}/gateway"), agree)
    assert "orders depends on what is removed, and stays" in result.plan.notes
    assert outcomes(result) == {"gateway": "removed", "orders": "unchanged", "store": "unchanged"}


async def test_pruning_removes_only_what_is_no_longer_part_of_the_platform(memory: MemoryWorld) -> None:
    write_package(memory.folder / "dist", "0.9.0", services("1", Service("old", NS)))
    await go(memory, "0.9.0")
    await go(memory, "1.0.0")
    memory.helm.operations.clear()
    result = await prune(memory.world(), SingleOptions(name=f"{NS}/"), agree)
    assert memory.done() == ["uninstall old"]
    assert outcomes(result)["old"] == "removed"
    assert (await records(memory))[0].stands_at == "1.0.0"
    assert (await prune(memory.world(), SingleOptions(name=f"{NS}/"), agree)).outcome == "nothing"
    with pytest.raises(UsageError, match="pruning is for namespaces"):
        await prune(memory.world(), SingleOptions(name=f"{NS}/gateway"), agree)


async def test_images_tell_what_is_wanted_and_what_runs(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0")
    found = {one.service: one for one in await images(memory.world(), f"{NS}/", None)}
    assert found["gateway"].wanted == found["gateway"].template == "registry.example/app:1"


async def _hold(memory: MemoryWorld) -> dict[str, Any]:
    spec = {
        "holderIdentity": "bert@gone (upgrade 1.1.0)",
        "leaseDurationSeconds": 15,
        "acquireTime": "2026-01-01T00:00:00Z",
    }
    lease = {
        "apiVersion": LEASE[0],
        "kind": LEASE[1],
        "metadata": {"name": "relman.shop", "namespace": NS},
        "spec": spec,
    }
    found = await memory.kube.get_object(*LEASE, NS, "relman.shop")
    if found is None:
        return await memory.kube.create_object(lease)
    return await memory.kube.replace_object({**found, "spec": spec})


async def test_unlock_frees_a_lock_nobody_renews_and_the_history_says_why(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0")
    assert await unlock(memory.world(), f"{NS}/", None, why="nothing there") == ()
    await _hold(memory)
    looked = await unlock(memory.world(), NS, None, why="?", dry_run=True)
    assert [(one.holder, one.freed) for one in looked] == [("bert@gone (upgrade 1.1.0)", False)]
    freed = await unlock(memory.world(), NS, None, why="the agent was lost")
    assert [(one.freed, one.noted) for one in freed] == [(True, 1)]
    assert memory.clock.monotonic() >= 15
    entry = (await history(memory.world(), f"{NS}/", None, limit=1))[0]
    assert "by anna@laptop: the agent was lost (was held by bert@gone" in entry.events[0]
    assert (await go(memory, "1.1.0")).outcome == "done"


async def test_unlock_refuses_while_the_holder_renews(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0")
    await _hold(memory)

    class RenewingClock(VirtualClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            if self.seconds >= 5:
                lease = await memory.kube.get_object(*LEASE, NS, "relman.shop")
                assert lease is not None
                lease["spec"]["renewTime"] = f"2026-01-01T00:00:{int(self.seconds):02d}Z"
                await memory.kube.replace_object(lease)

    with pytest.raises(LockHeldError, match=r"bert@gone .* was renewed just now"):
        await unlock(memory.world(clock=RenewingClock()), NS, None, why="impatient")
    lease = await memory.kube.get_object(*LEASE, NS, "relman.shop")
    assert lease is not None
    assert lease["spec"]["holderIdentity"]
    assert (await records(memory))[0].events == ()


async def test_recovering_when_every_run_came_to_its_end_does_nothing(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0")
    for recover in (resume, abort):
        assert await recover(memory.world(), RecoverOptions(name=f"{NS}/"), agree) is None
    assert await finish_first(memory.world(), wanted(memory, "1.1.0"), agree, how="abort") is None
    assert len(await records(memory)) == 1


async def test_an_unfinished_run_is_recognised_said_and_both_ways_are_offered(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0")
    await die_after_record(memory, "1.1.0", 2)
    planned = (await go(memory, "1.1.0", dry_run=True)).plan
    assert "relman resume shop-gw/" in planned.notes[-1]
    assert "--abort" in planned.notes[-1]
    with pytest.raises(PreflightError, match="never came to its end"):
        await restart(memory.world(), SingleOptions(name=f"{NS}/"), agree)
    taken = await finish_first(memory.world(), wanted(memory, "1.1.0"), agree, how="abort")
    assert taken is not None
    assert taken.outcome == "done"
    found = (await records(memory))[0]
    assert (found.action, found.continues, found.stands_at) == ("abort", True, "1.0.0")
    assert (await go(memory, "1.1.0")).outcome == "done"


async def test_an_abort_refuses_to_undo_what_somebody_did_since(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0")
    await die_after_record(memory, "1.1.0", 6)
    assert len(await memory.kube.list_release_metadata(NS, release="gateway")) == 2
    chart = next((memory.folder / "unpacked" / "1.1.0").glob("gateway"))
    newest = (await memory.kube.list_release_metadata(NS, release="gateway"))[-1]
    await memory.kube.mark_release(newest, status="failed", description="dead")
    await memory.helm.upgrade("gateway", chart, namespace=NS, values={"level": "debug"}, timeout=5)
    with pytest.raises(PreflightError, match="made outside relman, after the run"):
        await abort(memory.world(), RecoverOptions(everything=True), agree)


async def test_a_frozen_run_is_fenced_by_the_unlock(memory: MemoryWorld) -> None:
    await go(memory, "1.0.0")
    frozen, thawed = asyncio.Event(), asyncio.Event()

    async def freeze(_: str) -> None:
        frozen.set()
        await thawed.wait()

    memory.gate = freeze
    run = asyncio.create_task(go(memory, "1.1.0"))
    await frozen.wait()
    memory.gate = None
    freed = await unlock(memory.world(clock=VirtualClock()), NS, None, why="frozen")
    assert freed[0].noted == 2
    thawed.set()
    result = await run
    assert result.outcome == "interrupted"
    assert result.reason
    back = await abort(memory.world(), RecoverOptions(everything=True), agree)
    assert back is not None
    assert back.outcome == "done"
    assert msgspec.json.encode((await records(memory))[1].events)
