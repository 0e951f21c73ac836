"""Adoption in memory: from kubectl apply, from other Helm releases, half of it, and after a death anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from helmkit.charts import write_chart
from helmkit.errors import PreflightError, UsageError
from helmkit.helm import HelmFailedError
from helmkit.kube.memory import crash
from helmkit.yaml import parse_yaml_documents
from relman.actions.adopt import AdoptOptions, adopt
from relman.actions.diff import diff
from relman.actions.recover import RecoverOptions, abort, resume
from relman.actions.rollback import RollbackOptions, rollback
from relman.actions.run import RunResult
from relman.actions.status import status
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.core.record import SetRecord
from relman.observe.namespace import read_history
from relman.source import Source
from tests.builders.platforms import Service, write_package
from tests.builders.worlds import MemoryWorld, agree, render_plainly
from tests.crash.deaths import deaths_of

NS = "shop-gw"
KUBECTL = "kubectl-client-side-apply"
LAST = "kubectl.kubernetes.io/last-applied-configuration"


class DiedError(BaseException):
    """This process is gone."""


@pytest.fixture
def memory(tmp_path: Path) -> MemoryWorld:
    write_package(tmp_path / "dist", "1.0.0", platform())
    return MemoryWorld(tmp_path)


def platform() -> list[Service]:
    return [Service("store", NS, kind="StatefulSet"), Service("gateway", NS, tag="2", depends_on=("store",))]


async def by_hand(memory: MemoryWorld, service: Service, **more: str) -> None:
    """Put a service there as `kubectl apply` does, with one environment variable more than its chart has."""
    await memory.kube.ensure_namespace(NS)
    for item in rendered(memory, service, service.key):
        if item["kind"] in ("Deployment", "StatefulSet"):
            container = item["spec"]["template"]["spec"]["containers"][0]
            container["env"].append({"name": "EXTRA", "value": "by hand"})
        last = {LAST: json.dumps(item)}
        item["metadata"] = {**item["metadata"], "namespace": NS, "annotations": {**last, **more}}
        await memory.kube.create_object(item, field_manager=KUBECTL)


def rendered(memory: MemoryWorld, service: Service, release: str) -> list[dict[str, Any]]:
    folder = memory.folder / "by-hand" / f"{service.key}-{service.tag}"
    write_chart(folder, service.chart_files("0.1.0"))
    return list(parse_yaml_documents(render_plainly(folder, release, NS, {})))


async def helm_installs(memory: MemoryWorld, release: str, *services: Service, names: bool = True) -> None:
    """Install services as one release of a chart of somebody's own."""
    await memory.kube.ensure_namespace(NS)
    folder = memory.folder / "own" / release
    files: dict[str, bytes] = {}
    for service in services:
        files |= {
            path.replace("templates/", f"templates/{service.key}-"): content.replace(
                b"{{ .Release.Name }}", service.key.encode() if names else b"{{ .Release.Name }}"
            )
            for path, content in service.chart_files("0.1.0").items()
        }
    write_chart(folder, files)
    await memory.helm.upgrade(release, folder, namespace=NS, values={}, timeout=10)


async def go(memory: MemoryWorld, name: str = f"{NS}/", **options: Any) -> RunResult:
    source = Source(str(memory.folder / "dist"))
    wanted = AdoptOptions(version="1.0.0", name=name, source=source, environment="dev", **options)
    return await adopt(memory.world(), wanted, agree)


async def newest(memory: MemoryWorld) -> SetRecord:
    return (await read_history(memory.kube, NS, "shop"))[0]


async def workload(memory: MemoryWorld, name: str, kind: str = "Deployment") -> dict[str, Any]:
    found = await memory.kube.get_object("apps/v1", kind, NS, name)
    assert found is not None
    return found


def managers(item: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((one["manager"], one["operation"]) for one in item["metadata"]["managedFields"])


def environment(item: dict[str, Any]) -> set[str]:
    return {one["name"] for one in item["spec"]["template"]["spec"]["containers"][0]["env"]}


def outcomes(result: RunResult) -> dict[str, str]:
    return {key: service.outcome for record in result.records for key, service in record.services.items()}


EVERY = {"gateway": "Deployment", "store": "StatefulSet"}


async def assert_ours(memory: MemoryWorld, kinds: Mapping[str, str] = EVERY) -> None:
    """The set is wholly adopted: good, nobody else's, and helm sees one release per service."""
    record = await newest(memory)
    assert (record.action, record.outcome, record.good) == ("adopt", "done", True), record
    for name, kind in kinds.items():
        item = await workload(memory, name, kind)
        assert managers(item) == [("helm", "Apply")]
        assert item["metadata"]["generation"] == 1, "something changed its spec"
        annotations = item["metadata"]["annotations"]
        assert annotations == {"meta.helm.sh/release-name": name, "meta.helm.sh/release-namespace": NS}
    shown = await status(memory.world(), f"{NS}/", None)
    assert {one.state for one in shown.sets[0].services} == {"in-sync"}


async def test_objects_of_kubectl_become_ours_as_they_are_and_the_diff_announces_the_restart(
    memory: MemoryWorld,
) -> None:
    for service in (Service("store", NS, kind="StatefulSet"), Service("gateway", NS, tag="1")):
        await by_hand(memory, service)
    result = await go(memory)
    assert outcomes(result) == {"gateway": "adopted", "store": "adopted"}
    assert not memory.done(), "adopting runs no helm that changes something"
    await assert_ours(memory)
    report = await diff(memory.world(), UpgradeOptions(version="1.0.0", name=f"{NS}/"))
    gateway = next(one for one in report.services if one.service == "gateway")
    assert (gateway.old, gateway.new) == ("1", "2")
    assert gateway.restarts == ("Deployment/gateway",)
    fields = {f.path: (f.old, f.new) for o in gateway.objects for f in o.fields}
    assert any("EXTRA" in path and new is None for path, (_, new) in fields.items()), fields


async def test_the_first_upgrade_takes_what_the_chart_does_not_have_and_a_rollback_brings_it_back(
    memory: MemoryWorld,
) -> None:
    await by_hand(memory, Service("store", NS, kind="StatefulSet"))
    await by_hand(memory, Service("gateway", NS, tag="1"))
    await go(memory)
    await upgrade(memory.world(), UpgradeOptions(version="1.0.0", name=f"{NS}/"), agree)
    item = await workload(memory, "gateway")
    assert "EXTRA" not in environment(item)
    assert item["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":2")
    back = await rollback(memory.world(), RollbackOptions(name=f"{NS}/gateway", why="worse"), agree)
    assert back.outcome == "done"
    item = await workload(memory, "gateway")
    assert "EXTRA" in environment(item)
    assert item["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":1")


async def test_several_managers_of_one_object_end_as_one(memory: MemoryWorld) -> None:
    await by_hand(memory, Service("store", NS, kind="StatefulSet"))
    await by_hand(memory, Service("gateway", NS, tag="1"))
    item = await workload(memory, "gateway")
    item["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/app:1.5"
    await memory.kube.replace_object(item, field_manager="kubectl-set")
    metadata = {"name": "gateway", "namespace": NS, "labels": {"team": "a"}}
    labelled = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}
    await memory.kube.apply_object(labelled, field_manager="argocd")
    generation = (await workload(memory, "gateway"))["metadata"]["generation"]
    await go(memory)
    item = await workload(memory, "gateway")
    assert managers(item) == [("helm", "Apply")]
    assert item["metadata"]["generation"] == generation
    stored = await memory.kube.get_release(NS, "gateway", 1)
    assert "app:1.5" in stored.manifest
    assert "team: a" in stored.manifest
    assert "last-applied" not in stored.manifest
    assert "status:" not in stored.manifest


async def test_another_helm_release_is_taken_whole_and_its_record_put_aside(memory: MemoryWorld) -> None:
    extra = {"config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: old-config}\n"}
    await helm_installs(
        memory, "everything", Service("store", NS, kind="StatefulSet"), Service("gateway", NS, extra=extra)
    )
    dry = await go(memory, dry_run=True)
    assert {f.release for step in dry.plan.steps for f in step.former} == {"everything"}
    assert any("old-config" in note for note in dry.plan.notes)
    assert not await read_history(memory.kube, NS, "shop"), "a dry run changes nothing"
    result = await go(memory)
    await assert_ours(memory)
    told = [text for service in result.records[0].services.values() for text in service.leftovers]
    assert any("everything is retired" in text for text in told)
    assert not await memory.kube.list_release_metadata(NS, release="everything")
    kept = await memory.kube.list_metadata("v1", "Secret", NS, "owner=relman-retired")
    assert [one.name for one in kept] == ["sh.helm.release.v1.everything.v1"]
    assert await memory.kube.get_object("v1", "ConfigMap", NS, "old-config")
    with pytest.raises(HelmFailedError):
        await memory.helm.uninstall("everything", namespace=NS, timeout=5)


async def test_a_release_of_the_same_name_goes_on_with_its_next_revision(memory: MemoryWorld) -> None:
    await helm_installs(memory, "store", Service("store", NS, kind="StatefulSet"), names=False)
    await helm_installs(memory, "gateway", Service("gateway", NS), names=False)
    await go(memory)
    await assert_ours(memory)
    revisions = await memory.kube.list_release_metadata(NS, release="gateway")
    assert [(one.revision, one.status) for one in revisions] == [(1, "superseded"), (2, "deployed")]


async def test_half_of_a_release_is_refused(memory: MemoryWorld) -> None:
    await helm_installs(memory, "everything", Service("store", NS, kind="StatefulSet"), Service("gateway", NS))
    with pytest.raises(PreflightError, match=r"everything also runs .*StatefulSet/store"):
        await go(memory, f"{NS}/gateway")


async def test_another_selector_and_another_name_are_refused_with_what_helps(memory: MemoryWorld) -> None:
    await by_hand(memory, Service("store", NS, kind="StatefulSet"))
    await memory.kube.ensure_namespace(NS)
    service, deployment = rendered(memory, Service("gateway", NS), "gateway")
    deployment["spec"]["selector"]["matchLabels"] = {"run": "gw"}
    deployment["spec"]["template"]["metadata"]["labels"] = {"run": "gw"}
    for item in (service, deployment):
        item["metadata"]["namespace"] = NS
    await memory.kube.create_object(deployment, field_manager=KUBECTL)
    with pytest.raises(PreflightError, match="run=gw") as refused:
        await go(memory)
    assert 'selector = { "run" = "gw" }' in (refused.value.hint or "")
    await memory.kube.delete_object("apps/v1", "Deployment", NS, "gateway")
    await memory.kube.create_object(service, field_manager=KUBECTL)
    deployment["metadata"]["name"] = "gateway-k8s"
    await memory.kube.create_object(deployment, field_manager=KUBECTL)
    with pytest.raises(PreflightError, match=r"no Deployment gateway, .* is gateway-k8s meant\?") as refused:
        await go(memory)
    assert "name = " in (refused.value.hint or "")
    assert not await read_history(memory.kube, NS, "shop")


async def test_a_service_of_which_nothing_is_there_is_left_to_the_upgrade(memory: MemoryWorld) -> None:
    await by_hand(memory, Service("store", NS, kind="StatefulSet"))
    result = await go(memory)
    assert outcomes(result) == {"gateway": "unchanged", "store": "adopted"}
    with pytest.raises(PreflightError, match="nothing of it is there"):
        await go(memory, f"{NS}/gateway")
    again = await go(memory)
    assert again.outcome == "nothing"


async def test_what_is_not_healthy_is_adopted_but_not_called_good(memory: MemoryWorld) -> None:
    await by_hand(memory, Service("store", NS, kind="StatefulSet"))
    await by_hand(memory, Service("gateway", NS, tag="missing-1"))
    result = await go(memory)
    gateway = result.records[0].services["gateway"]
    assert (gateway.outcome, gateway.now and gateway.now.good) == ("adopted", False)
    assert gateway.causes
    item = await workload(memory, "gateway")
    item["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/app:1"
    await memory.kube.replace_object(item, field_manager="kubectl-set")
    again = await go(memory)
    assert outcomes(again)["gateway"] == "adopted"
    now = again.records[0].services["gateway"].now
    assert now is not None
    assert now.good


@pytest.mark.parametrize("former", ["kubectl", "helm"])
async def test_a_death_at_every_write_leaves_what_repeating_finishes(tmp_path: Path, former: str) -> None:
    """Stop before each write in turn; then adopt again, as another process would."""
    kinds = {"gateway": "Deployment"} | ({"store": "StatefulSet"} if former == "helm" else {})
    write_package(tmp_path / "dist", "1.0.0", [one for one in platform() if one.key in kinds])
    memory = MemoryWorld(tmp_path)
    if former == "kubectl":
        await by_hand(memory, Service("gateway", NS, tag="1"))
    else:
        await helm_installs(memory, "all", Service("store", NS, kind="StatefulSet"), Service("gateway", NS))
    deaths = await deaths_of(memory, go)
    # Of two services every second one: what is done to the other differs in its name alone.
    for state in deaths[:: len(kinds)]:
        revived = state.revive(tmp_path)
        revived.clock.seconds += 600
        result = await go(revived)
        assert result.outcome in ("done", "nothing"), (state.before, result.records)
        await assert_ours(revived, kinds)
        assert not await revived.kube.list_release_metadata(NS, release="all"), state.before
    assert len(deaths) > 12


async def test_an_unfinished_adoption_is_resumed_and_never_taken_back(memory: MemoryWorld) -> None:
    await by_hand(memory, Service("store", NS, kind="StatefulSet"))
    await by_hand(memory, Service("gateway", NS, tag="1"))
    memory.kube.memory.hooks.append(crash(12, DiedError()))
    with pytest.raises(DiedError):
        await go(memory)
    memory.kube.memory.hooks.clear()
    memory.clock.seconds += 600
    with pytest.raises(UsageError, match="not taken back"):
        await abort(memory.world(), RecoverOptions(name=f"{NS}/"), agree)
    result = await resume(memory.world(), RecoverOptions(name=f"{NS}/"), agree)
    assert result is not None
    assert result.outcome == "done"
    await assert_ours(memory)
