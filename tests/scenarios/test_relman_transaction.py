"""Whole runs in memory: what is installed, skipped, restored, kept back, refused, and what the history says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helmkit.errors import LockHeldError, PreflightError, UsageError
from helmkit.kube import ConfigMap
from relman.actions.history import history
from relman.actions.rollback import RollbackOptions, rollback
from relman.actions.run import RunResult
from relman.actions.status import status
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.core.record import SetRecord
from relman.observe.namespace import read_history
from relman.source import Source
from tests.builders.platforms import Service, build_umbrella, write_package
from tests.builders.worlds import MemoryWorld, agree

GATEWAY = "shop-gw"


def services(gateway: str = "3", orders: str = "1", *, level: str = "info") -> list[Service]:
    return [
        Service("nacos", "shop-base", kind="StatefulSet", replicas=2),
        Service("gateway", GATEWAY, tag=gateway, depends_on=("nacos",), level=level),
        Service("orders", GATEWAY, tag=orders, depends_on=("gateway",)),
    ]


@pytest.fixture
def memory(tmp_path: Path) -> MemoryWorld:
    write_package(tmp_path / "dist", "1.4.0", services())
    write_package(tmp_path / "dist", "1.4.1", services("4"))
    write_package(tmp_path / "dist", "1.4.2", services("5", "missing-9"))
    write_package(tmp_path / "dist", "1.4.3", services("6", "2"))
    return MemoryWorld(tmp_path)


async def go(memory: MemoryWorld, version: str, name: str | None = None, **options: Any) -> RunResult:
    """Upgrade NAME, or everything."""
    wanted = UpgradeOptions(
        version=version, name=name, everything=name is None, source=Source(str(memory.folder / "dist")), **options
    )
    return await upgrade(memory.world(), wanted, agree)


async def back(memory: MemoryWorld, name: str, **options: Any) -> RunResult:
    return await rollback(memory.world(), RollbackOptions(name=name, **options), agree)


async def records(memory: MemoryWorld, namespace: str = GATEWAY) -> list[SetRecord]:
    """Return the history, newest first."""
    return await read_history(memory.kube, namespace, "shop")


def outcomes(result: RunResult) -> dict[str, str]:
    return {key: service.outcome for record in result.records for key, service in record.services.items()}


async def image(memory: MemoryWorld, name: str, namespace: str = GATEWAY) -> str:
    live = await memory.kube.get_object("apps/v1", "Deployment", namespace, name)
    assert live is not None
    return str(live["spec"]["template"]["spec"]["containers"][0]["image"])


async def test_an_install_goes_in_the_order_of_the_dependencies_and_is_recorded_as_good(memory: MemoryWorld) -> None:
    result = await go(memory, "1.4.0")
    assert result.outcome == "done"
    assert memory.done() == ["upgrade nacos", "upgrade gateway", "upgrade orders"]
    assert outcomes(result) == dict.fromkeys(["nacos", "gateway", "orders"], "installed")
    record = (await records(memory))[0]
    assert record.finished_well
    assert (record.number, record.stands_at, record.environment) == (1, "1.4.0", "dev")
    state = record.services["gateway"].now
    assert state is not None
    assert set(state.objects) == {"v1/Service/gateway", "apps/v1/Deployment/gateway"}


async def test_a_second_run_writes_nothing_and_takes_no_lock(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    before = len(memory.kube.memory.requests)
    result = await go(memory, "1.4.0")
    assert result.outcome == "nothing"
    assert {request.method for request in memory.kube.memory.requests[before:]} == {"GET"}
    assert {skip.outcome for skip in result.plan.skips} == {"unchanged"}


async def test_a_no_op_asks_the_cluster_little(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    before = len(memory.kube.memory.requests)
    await go(memory, "1.4.0", GATEWAY)
    asked = [request.path for request in memory.kube.memory.requests[before:]]
    # kube-system for the cluster's UID; then releases, records, one record, and a list for each of the two kinds.
    assert len(asked) == 1 + 5, asked


async def test_only_what_changed_moves_and_the_rest_says_why_it_did_not(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    memory.helm.operations.clear()
    result = await go(memory, "1.4.1", GATEWAY, why="faster routes")
    assert memory.done() == ["upgrade gateway"]
    assert [step.reason for step in result.plan.steps] == ["version 3 -> 4"]
    assert outcomes(result) == {"gateway": "upgraded", "orders": "unchanged"}
    stored = await memory.kube.get_release(GATEWAY, "gateway", 2)
    assert "shop 1.4.1: faster routes" in stored.description


async def test_a_change_of_values_alone_is_an_upgrade(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    write_package(memory.folder / "dist", "1.4.9", services(level="debug"))
    result = await go(memory, "1.4.9", GATEWAY)
    assert [(step.service, step.reason) for step in result.plan.steps] == [("gateway", "values changed")]


async def test_where_nothing_changes_the_history_still_says_which_version_it_is(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    memory.helm.operations.clear()
    result = await go(memory, "1.4.1", "shop-base")
    assert memory.done() == []
    assert result.outcome == "done"
    assert (await records(memory, "shop-base"))[0].stands_at == "1.4.1"
    assert (await go(memory, "1.4.1", "shop-base")).outcome == "nothing"


async def test_a_failure_takes_everything_back_to_exactly_the_revision_it_had(memory: MemoryWorld) -> None:
    await go(memory, "1.4.1")
    memory.helm.operations.clear()
    result = await go(memory, "1.4.2", GATEWAY)
    assert result.outcome == "restored"
    assert memory.done() == ["upgrade gateway", "upgrade orders", "rollback orders", "rollback gateway"]
    rollbacks = [one for one in memory.helm.operations if one.name == "rollback"]
    assert [one.arguments["revision"] for one in rollbacks] == [1, 1]
    assert await image(memory, "gateway") == "registry.example/app:4"
    assert await image(memory, "orders") == "registry.example/app:1"
    record = (await records(memory))[0]
    assert (record.outcome, record.stands_at, record.good) == ("restored", "1.4.1", True)
    assert record.services["orders"].causes[0].summary == "image registry.example/app:missing-9 does not exist"
    assert (await go(memory, "1.4.1", GATEWAY)).outcome == "nothing"


async def test_a_failed_rollout_is_marked_failed_in_helms_own_history_before_going_back(memory: MemoryWorld) -> None:
    await go(memory, "1.4.1")
    await go(memory, "1.4.2", GATEWAY)
    statuses = {one.revision: one.status for one in await memory.kube.list_release_metadata(GATEWAY, release="orders")}
    assert statuses[2] in ("failed", "superseded")
    stored = await memory.kube.get_release(GATEWAY, "orders", 2)
    assert stored.description.startswith("image registry.example/app:missing-9 does not exist")


async def test_what_this_run_installed_is_removed_again_when_it_fails(memory: MemoryWorld) -> None:
    result = await go(memory, "1.4.2")
    assert result.outcome == "restored"
    assert await memory.kube.list_release_metadata(GATEWAY) == []
    assert await memory.kube.get_object("apps/v1", "Deployment", GATEWAY, "gateway") is None
    assert all(service.now is None for record in result.records for service in record.services.values())


async def test_keep_goes_on_with_independent_services_and_takes_nothing_back(memory: MemoryWorld) -> None:
    both = [Service("a", GATEWAY, tag="missing-1"), Service("b", GATEWAY), Service("c", GATEWAY, depends_on=("a",))]
    write_package(memory.folder / "dist", "2.0.0", both)
    result = await go(memory, "2.0.0", restore=False)
    assert result.outcome == "failed"
    assert outcomes(result) == {"a": "failed", "b": "installed", "c": "not started"}
    assert result.records[0].services["c"].reason == "waits for a, which failed"


async def test_a_kept_failure_is_upgraded_again_and_a_restore_comes_back_to_it(memory: MemoryWorld) -> None:
    write_package(memory.folder / "dist", "2.0.0", [Service("a", GATEWAY, tag="missing-1")])
    write_package(memory.folder / "dist", "2.0.1", [Service("a", GATEWAY, tag="missing-2")])
    await go(memory, "2.0.0", restore=False)
    result = await go(memory, "2.0.0", restore=False)
    assert result.plan.steps[0].reason == "revision 1 is failed"
    result = await go(memory, "2.0.1")
    # It was not healthy before, so being back where it was is all there is to get.
    assert result.outcome == "restored"
    assert await image(memory, "a") == "registry.example/app:missing-1"


async def test_a_helm_that_refuses_changes_nothing_and_says_why(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    broken = Service("gateway", GATEWAY, tag="7", extra={"broken.yaml": "{{ .Values.nothing }}"})
    write_package(memory.folder / "dist", "2.0.0", [broken])
    with pytest.raises(PreflightError, match="nothing is not set"):
        await go(memory, "2.0.0", GATEWAY)
    result = await go(memory, "2.0.0", GATEWAY, skip=("dry-run",))
    assert result.outcome == "restored"
    assert result.records[0].skipped_checks == ("dry-run",)
    assert result.records[0].services["gateway"].causes[0].summary == "nothing is not set"
    assert memory.done()[-1] == "upgrade gateway"
    assert await image(memory, "gateway") == "registry.example/app:3"


async def test_a_release_of_somebody_else_is_refused_and_nothing_is_touched(memory: MemoryWorld) -> None:
    chart = memory.folder / "foreign"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: foreign\nversion: 1.0.0\n")
    await memory.kube.ensure_namespace(GATEWAY)
    await memory.helm.upgrade("gateway", chart, namespace=GATEWAY, values={}, timeout=5)
    memory.helm.operations.clear()
    with pytest.raises(PreflightError, match="gateway exists") as caught:
        await go(memory, "1.4.0")
    assert "adopt" not in (caught.value.hint or "")
    assert memory.done() == []
    assert await records(memory) == []


async def test_a_plain_helm_upgrade_in_between_is_noticed_and_taken_over(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    chart = next((memory.folder / "unpacked" / "1.4.0").glob("gateway"))
    await memory.helm.upgrade("gateway", chart, namespace=GATEWAY, values={"level": "debug"}, timeout=5)
    report = await status(memory.world(), "gateway", None)
    assert report.sets[0].services[0].state == "changed"
    result = await go(memory, "1.4.0", GATEWAY)
    assert result.plan.steps[0].reason == "revision 2 (deployed) was made outside relman"


async def test_drift_is_noticed_and_put_right(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    live = await memory.kube.get_object("apps/v1", "Deployment", GATEWAY, "gateway")
    assert live is not None
    live["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/app:99"
    await memory.kube.replace_object(live, field_manager="kubectl-set")
    result = await go(memory, "1.4.0", GATEWAY)
    assert result.plan.steps[0].reason == "Deployment/gateway was changed by kubectl-set"
    assert await image(memory, "gateway") == "registry.example/app:3"
    assert (await go(memory, "1.4.0", GATEWAY)).outcome == "nothing"


async def test_a_release_that_vanished_is_installed_again(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    await memory.helm.uninstall("orders", namespace=GATEWAY, timeout=5)
    result = await go(memory, "1.4.0", GATEWAY)
    assert [(step.service, step.action) for step in result.plan.steps] == [("orders", "install")]


async def test_rolling_a_service_back_goes_to_the_last_good_one_and_holds_what_was_rejected(
    memory: MemoryWorld,
) -> None:
    await go(memory, "1.4.0")
    await go(memory, "1.4.1")
    result = await back(memory, "gateway", why="errors at night")
    assert result.outcome == "done"
    assert await image(memory, "gateway") == "registry.example/app:3"
    assert outcomes(result) == {"gateway": "rolled back", "orders": "unchanged"}
    held = await go(memory, "1.4.1", GATEWAY)
    assert {skip.service: skip.outcome for skip in held.plan.skips} == {"gateway": "held", "orders": "unchanged"}
    assert "errors at night" in held.plan.skips[0].reason
    moved = await go(memory, "1.4.3", GATEWAY)
    assert outcomes(moved)["gateway"] == "upgraded"
    assert (await records(memory))[0].holds == ()


async def test_a_hold_is_released_on_request(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    await go(memory, "1.4.1")
    await back(memory, "gateway")
    result = await go(memory, "1.4.1", GATEWAY, release_holds=True)
    assert outcomes(result)["gateway"] == "upgraded"
    assert (await records(memory))[0].stands_at == "1.4.1"


async def test_a_second_rollback_goes_further_back_never_forward_to_what_was_rejected(memory: MemoryWorld) -> None:
    for version in ("1.4.0", "1.4.1", "1.4.3"):
        await go(memory, version)
    await back(memory, "gateway")
    assert await image(memory, "gateway") == "registry.example/app:4"
    await back(memory, "gateway")
    assert await image(memory, "gateway") == "registry.example/app:3"
    with pytest.raises(PreflightError, match="nothing to go back to"):
        await back(memory, "gateway")


async def test_a_failed_run_is_not_a_place_to_go_back_to(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    await go(memory, "1.4.2")
    await go(memory, "1.4.1")
    await back(memory, "gateway")
    assert await image(memory, "gateway") == "registry.example/app:3"


async def test_a_service_that_is_broken_goes_back_to_what_was_good_last(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    await go(memory, "1.4.2", GATEWAY, restore=False)
    await back(memory, "orders")
    assert await image(memory, "orders") == "registry.example/app:1"


async def test_a_set_goes_back_to_a_version_and_to_a_revision(memory: MemoryWorld) -> None:
    for version in ("1.4.0", "1.4.1", "1.4.3"):
        await go(memory, version)
    result = await back(memory, GATEWAY, version="1.4.0")
    assert result.outcome == "done"
    assert [await image(memory, name) for name in ("gateway", "orders")] == [
        "registry.example/app:3",
        "registry.example/app:1",
    ]
    assert (await records(memory))[0].stands_at == "1.4.0"
    await back(memory, GATEWAY, number=2)
    assert await image(memory, "gateway") == "registry.example/app:4"
    assert (await records(memory))[0].stands_at == "1.4.1"


async def test_a_set_goes_back_to_the_last_good_one_by_itself(memory: MemoryWorld) -> None:
    for version in ("1.4.0", "1.4.1", "1.4.3"):
        await go(memory, version)
    await back(memory, GATEWAY)
    assert await image(memory, "gateway") == "registry.example/app:4"


async def test_dependants_go_back_before_what_they_need(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    await go(memory, "1.4.3")
    memory.helm.operations.clear()
    await back(memory, GATEWAY)
    assert memory.done() == ["rollback orders", "rollback gateway"]


async def test_services_added_since_are_kept_unless_pruned(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    write_package(memory.folder / "dist", "1.5.0", [*services("4"), Service("extra", GATEWAY)])
    await go(memory, "1.5.0")
    dry = await back(memory, GATEWAY, dry_run=True)
    assert {skip.service: skip.outcome for skip in dry.plan.skips}["extra"] == "kept"
    result = await back(memory, GATEWAY, prune=True)
    assert outcomes(result)["extra"] == "removed"
    assert await memory.kube.get_object("apps/v1", "Deployment", GATEWAY, "extra") is None


async def test_what_helm_no_longer_stores_is_applied_again_from_where_it_came(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    await go(memory, "1.4.1")
    old = (await memory.kube.list_release_metadata(GATEWAY, release="gateway"))[0]
    await memory.kube.delete_release(old)
    result = await back(memory, "gateway")
    assert result.plan.steps[0].action == "upgrade"
    assert await image(memory, "gateway") == "registry.example/app:3"


async def test_a_rollback_whose_target_cannot_be_had_is_refused_before_anything_moves(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    await go(memory, "1.4.1")
    old = (await memory.kube.list_release_metadata(GATEWAY, release="gateway"))[0]
    await memory.kube.delete_release(old)
    (memory.folder / "dist" / "shop-1.4.0.tgz").unlink()
    memory.helm.operations.clear()
    with pytest.raises(PreflightError, match="Helm no longer stores it"):
        await back(memory, "gateway")
    assert memory.done() == []


async def test_a_declared_limit_on_rolling_back_is_honoured(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    limited = Service("gateway", GATEWAY, tag="8", depends_on=("nacos",), rollback="the schema moved to 12")
    write_package(memory.folder / "dist", "1.6.0", [services()[0], limited, services()[2]])
    await go(memory, "1.6.0")
    with pytest.raises(PreflightError, match="the schema moved to 12"):
        await back(memory, "gateway")
    result = await back(memory, "gateway", accept_irreversible=True)
    assert result.outcome == "done"


async def test_services_that_left_the_platform_are_reported_and_kept(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    write_package(memory.folder / "dist", "1.7.0", services()[:2])
    result = await go(memory, "1.7.0", GATEWAY)
    assert outcomes(result)["orders"] == "kept"
    assert await image(memory, "orders") == "registry.example/app:1"


async def test_the_environment_is_recorded_and_another_one_needs_to_be_meant(memory: MemoryWorld) -> None:
    write_package(memory.folder / "dist", "3.0.0", services(), environments=("dev", "prod"))
    await go(memory, "3.0.0", environment="prod")
    assert (await go(memory, "3.0.0", GATEWAY)).plan.environment == "prod"
    with pytest.raises(UsageError, match="this set is prod"):
        await go(memory, "3.0.0", GATEWAY, environment="dev")
    result = await go(memory, "3.0.0", GATEWAY, environment="dev", change_environment=True)
    assert result.plan.environment == "dev"


async def test_an_environment_of_another_cluster_is_refused(memory: MemoryWorld) -> None:
    write_package(memory.folder / "dist", "3.0.0", services(), cluster="somewhere-else")
    with pytest.raises(PreflightError, match="belongs to cluster somewhere-else"):
        await go(memory, "3.0.0")


async def test_changed_chart_content_is_refused(memory: MemoryWorld) -> None:
    from helmkit.charts import write_chart

    files = build_umbrella("1.4.0", services())
    files["charts/gateway/templates/service.yaml"] += b"# touched\n"
    write_chart(memory.folder / "touched", files)
    wanted = UpgradeOptions(version="1.4.0", everything=True, source=Source(str(memory.folder / "touched")))
    with pytest.raises(Exception, match="subchart gateway has other content"):
        await upgrade(memory.world(), wanted, agree)


async def test_charts_are_found_again_where_the_last_run_took_them_from(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    result = await upgrade(memory.world(), UpgradeOptions(version="1.4.1", name="gateway"), agree)
    assert outcomes(result)["gateway"] == "upgraded"


async def test_without_a_known_source_the_error_says_what_to_do(memory: MemoryWorld) -> None:
    with pytest.raises(UsageError, match="not known where the charts are") as caught:
        await upgrade(memory.world(), UpgradeOptions(version="1.4.1", name="gateway"), agree)
    assert "--from" in (caught.value.hint or "")


async def test_a_dry_run_changes_nothing(memory: MemoryWorld) -> None:
    before = memory.kube.memory.store.version
    result = await go(memory, "1.4.0", dry_run=True)
    assert result.outcome == "planned"
    assert memory.kube.memory.store.version == before


async def test_somebody_who_was_faster_wins(memory: MemoryWorld) -> None:
    await memory.kube.ensure_namespace(GATEWAY)
    world = memory.world()
    original = world.kube.create_configmap

    async def create(configmap: ConfigMap) -> ConfigMap:
        if configmap.name == "relman.v1.shop.1":
            await original(ConfigMap(configmap.namespace, configmap.name))
        return await original(configmap)

    world.kube.create_configmap = create  # type: ignore[method-assign]
    source = Source(str(memory.folder / "dist"))
    wanted = UpgradeOptions(version="1.4.0", name=GATEWAY, source=source, skip=("dependencies",))
    with pytest.raises(LockHeldError, match="somebody else has begun"):
        await upgrade(world, wanted, agree)
    assert memory.done() == []


async def test_history_tells_who_what_when_why_and_what_was_good(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0", why="first")
    await go(memory, "1.4.2", GATEWAY, why="try")
    entries = await history(memory.world(), GATEWAY, None, limit=10)
    assert [(one.revision, one.version, one.outcome, one.good, one.why) for one in entries] == [
        (2, "1.4.2", "restored", False, "try"),
        (1, "1.4.0", "done", True, "first"),
    ]
    assert entries[0].who.local_user == "anna@laptop"
    assert entries[0].causes == ("orders: image registry.example/app:missing-9 does not exist",)
    single = await history(memory.world(), "gateway", None, limit=10)
    assert [(one.service_version, one.outcome) for one in single] == [("3", "restored"), ("3", "installed")]


async def test_a_workload_that_becomes_external_leaves_no_endpoints_behind(memory: MemoryWorld) -> None:
    write_package(memory.folder / "dist", "4.0.0", [Service("db", GATEWAY)])
    write_package(memory.folder / "dist", "4.0.1", [Service("db", GATEWAY, kind="External")])
    await go(memory, "4.0.0")
    meta = {"namespace": GATEWAY, "name": "db", "labels": {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}}
    await memory.kube.create_object({"apiVersion": "v1", "kind": "Endpoints", "metadata": meta})
    labels = {
        "kubernetes.io/service-name": "db", "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    }  # fmt: skip
    slice_ = {"namespace": GATEWAY, "name": "db-x7", "labels": labels}
    await memory.kube.create_object(
        {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": slice_, "addressType": "IPv4"}
    )
    result = await go(memory, "4.0.1")
    assert result.records[0].services["db"].leftovers == ("Endpoints/db was removed", "EndpointSlice/db-x7 was removed")
    left = await memory.kube.list_metadata("discovery.k8s.io/v1", "EndpointSlice", GATEWAY)
    assert [one.name for one in left] == ["db-1"]


async def test_old_helm_revisions_go_and_the_good_ones_a_rollback_needs_stay(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    await go(memory, "1.4.1")
    for number in range(14):
        tag = f"missing-{number}"
        write_package(memory.folder / "dist", f"5.0.{number}", services(tag))
        await go(memory, f"5.0.{number}", GATEWAY)
    left = [one.revision for one in await memory.kube.list_release_metadata(GATEWAY, release="gateway")]
    # Each failed run makes two revisions: the failed one, and the one that takes it back.
    assert left[-1] == 30
    assert len(left) < 25
    assert 1 in left, "the last good one before the current one is still there"
    await back(memory, "gateway")
    assert await image(memory, "gateway") == "registry.example/app:3"
    assert memory.helm.operations[-1].name == "rollback"


async def test_fields_others_left_behind_are_named(memory: MemoryWorld) -> None:
    await go(memory, "1.4.0")
    live = await memory.kube.get_object("apps/v1", "Deployment", GATEWAY, "gateway")
    assert live is not None
    live["metadata"]["annotations"] = {**live["metadata"].get("annotations", {}), "note": "by hand"}
    await memory.kube.replace_object(live, field_manager="kubectl-edit")
    result = await go(memory, "1.4.1", GATEWAY)
    (told,) = result.records[0].services["gateway"].leftovers
    assert "kubectl-edit" in told
    assert "stays" in told
    assert (await go(memory, "1.4.1", GATEWAY)).outcome == "nothing"
