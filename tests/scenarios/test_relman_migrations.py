"""Acknowledged changes of immutable fields in memory: forward, back, undone by a failure, after a death anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helmkit.bom import FieldChange, Migration
from helmkit.errors import PreflightError
from relman.actions.recover import RecoverOptions, abort, resume
from relman.actions.rollback import RollbackOptions, rollback
from relman.actions.run import RunResult
from relman.actions.show import show
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.core.record import SetRecord
from relman.observe.namespace import read_history
from relman.source import Source
from tests.builders.platforms import Service, write_package
from tests.builders.worlds import MemoryWorld, agree
from tests.crash.deaths import deaths_of

NS = "shop-base"
STS = "StatefulSet/zk"
NAME = FieldChange("spec.serviceName", "zk", "zk-hs")
SIZE = FieldChange(
    "spec.volumeClaimTemplates",
    "data 2Gi ReadWriteOnce (default class)",
    "data 4Gi ReadWriteOnce (default class)",
)
MOVE = Migration("1.1.0 StatefulSet/zk", "orphan-delete-and-recreate", STS, (NAME,), "1.1.0", restart=True)
GROWTH = Migration("1.2.0 StatefulSet/zk", "claim-growth", STS, (SIZE,), "1.2.0")
LOSS = Migration("1.1.0 StatefulSet/zk", "orphan-delete-and-recreate", STS, (NAME,), "1.1.0", reversible=False)
LABEL = FieldChange("spec.selector", "app=web", "app=web,tier=a")
RELABEL = Migration("1.1.0 Deployment/web", "recreate", "Deployment/web", (LABEL,), "1.1.0")
MISSING = Service("late", NS, tag="missing-1", depends_on=("zk",))


def zk(tag: str = "1", **changes: Any) -> Service:
    return Service("zk", NS, tag=tag, kind="StatefulSet", claim="2Gi", **changes)


@pytest.fixture
async def memory(tmp_path: Path) -> MemoryWorld:
    write_package(tmp_path / "dist", "1.0.0", [zk()])
    write_package(tmp_path / "dist", "1.1.0", [zk("2", headless="zk-hs", migrations=(MOVE,))])
    memory = MemoryWorld(tmp_path)
    await go(memory, "1.0.0")
    for ordinal in (0, 1):
        await memory.kube.create_object(await pod(memory, ordinal))
        claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
        named = {"namespace": NS, "name": f"data-zk-{ordinal}"}
        spec = {**claim, "storageClassName": "fast"}
        await memory.kube.create_object(
            {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": named, "spec": spec}
        )
    return memory


async def pod(memory: MemoryWorld, ordinal: int, subdomain: str = "zk") -> dict[str, Any]:
    found = await live(memory)
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "zk", "uid": found["metadata"]["uid"]}
    metadata = {
        "namespace": NS, "name": f"zk-{ordinal}", "labels": {"app": "zk"},
        "ownerReferences": [{**owner, "controller": True}],
    }  # fmt: skip
    spec = {"subdomain": subdomain, "containers": [{"name": "main", "image": "registry.example/app:1"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


async def storage_class(memory: MemoryWorld, *, expands: bool) -> None:
    item = {
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "fast"},
        "provisioner": "x", "allowVolumeExpansion": expands,
    }  # fmt: skip
    await memory.kube.create_object(item)


async def go(memory: MemoryWorld, version: str, **options: Any) -> RunResult:
    source = Source(str(memory.folder / "dist"))
    wanted = UpgradeOptions(version=version, name=f"{NS}/", source=source, **options)
    return await upgrade(memory.world(), wanted, agree)


async def live(memory: MemoryWorld, kind: str = "StatefulSet", name: str = "zk") -> dict[str, Any]:
    found = await memory.kube.get_object("apps/v1", kind, NS, name)
    assert found is not None
    return found


async def pods(memory: MemoryWorld) -> list[str]:
    return [one["metadata"]["name"] for one in await memory.kube.list_objects("v1", "Pod", NS)]


async def sizes(memory: MemoryWorld) -> list[str]:
    claims = await memory.kube.list_objects("v1", "PersistentVolumeClaim", NS)
    return [one["spec"]["resources"]["requests"]["storage"] for one in claims]


async def newest(memory: MemoryWorld) -> SetRecord:
    return (await read_history(memory.kube, NS, "shop"))[0]


async def test_a_statefulset_is_made_anew_around_its_pods_and_the_journal_knew_it_before(memory: MemoryWorld) -> None:
    before = (await live(memory))["metadata"]["uid"]
    result = await go(memory, "1.1.0")
    assert result.outcome == "done"
    found = await live(memory)
    assert (found["spec"]["serviceName"], found["metadata"]["uid"] != before) == ("zk-hs", True)
    assert await pods(memory) == ["zk-0", "zk-1"]
    (noted,) = (await newest(memory)).services["zk"].migrations
    assert (noted.object, noted.uid, noted.migrations, noted.changes) == (STS, before, (MOVE.id,), (NAME,))
    (shown,) = (await show(memory.world(), f"{NS}/", None, 0)).services
    assert shown.migrations == (noted,)
    assert (await go(memory, "1.1.0")).outcome == "nothing"


async def test_the_plan_says_what_a_migration_is_going_to_do(memory: MemoryWorld) -> None:
    result = await go(memory, "1.1.0", dry_run=True)
    assert result.plan.refusals == ()
    words = "zk: StatefulSet/zk is deleted without its pods and created anew around them (spec.serviceName zk -> zk-hs)"
    assert words in result.plan.notes
    assert (await live(memory))["spec"]["serviceName"] == "zk"


async def test_pods_that_answer_to_the_old_name_are_replaced_by_the_controller(memory: MemoryWorld) -> None:
    async def adopt(_: str) -> None:
        # What the controller does with orphans that its selector matches.
        found = await memory.kube.get_object("v1", "Pod", NS, "zk-0")
        if found is not None:
            owners = (await pod(memory, 0))["metadata"]["ownerReferences"]
            await memory.kube.replace_object({**found, "metadata": {**found["metadata"], "ownerReferences": owners}})

    memory.gate = adopt
    await go(memory, "1.1.0")
    template = (await live(memory))["spec"]["template"]["metadata"]
    assert "kubectl.kubernetes.io/restartedAt" in template["annotations"]
    assert "zk-0" not in await pods(memory)
    assert (await go(memory, "1.1.0")).outcome == "nothing"


async def test_a_rollback_takes_the_same_way_back(memory: MemoryWorld) -> None:
    await go(memory, "1.1.0")
    result = await rollback(memory.world(), RollbackOptions(name="zk"), agree)
    assert result.outcome == "done"
    assert any("spec.serviceName zk-hs -> zk" in note for note in result.plan.notes)
    assert (await live(memory))["spec"]["serviceName"] == "zk"
    assert await pods(memory) == ["zk-0", "zk-1"]
    (noted,) = (await newest(memory)).services["zk"].migrations
    assert noted.backwards == (MOVE.id,)


async def test_a_failure_elsewhere_takes_a_migration_back(memory: MemoryWorld) -> None:
    write_package(memory.folder / "dist", "1.3.0", [zk("2", headless="zk-hs", migrations=(MOVE,)), MISSING])
    result = await go(memory, "1.3.0")
    assert result.outcome == "restored"
    assert (await live(memory))["spec"]["serviceName"] == "zk"
    assert [one.backwards for one in (await newest(memory)).services["zk"].migrations] == [(), (MOVE.id,)]
    assert (await go(memory, "1.0.0")).outcome == "nothing"


@pytest.mark.parametrize("recover", [resume, abort])
async def test_wherever_it_died_the_statefulset_ends_as_it_was_or_as_it_shall_be(
    memory: MemoryWorld, recover: Any
) -> None:
    deaths = await deaths_of(memory, lambda one: go(one, "1.1.0"))
    through = 0
    for state in deaths:
        revived = state.revive(memory.folder)
        result = await recover(revived.world(), RecoverOptions(everything=True), agree)
        closed = await newest(revived)
        done = closed.version == "1.1.0" and not closed.continues
        through += done
        forward = done or (recover is resume and result is not None)
        assert result is None or result.outcome in ("done", "nothing"), state.before
        assert (await live(revived))["spec"]["serviceName"] == ("zk-hs" if forward else "zk"), state.before
        assert await pods(revived) == ["zk-0", "zk-1"], state.before
        assert (await go(revived, "1.1.0" if forward else "1.0.0")).outcome == "nothing", state.before
    assert through < 4 < 10 < len(deaths)


async def test_a_change_that_nobody_acknowledged_is_refused_whatever_is_skipped(memory: MemoryWorld) -> None:
    other = zk("2", headless="elsewhere", migrations=(MOVE,))
    write_package(memory.folder / "dist", "1.4.0", [other])
    for skip in ((), ("dry-run",)):
        with pytest.raises(PreflightError, match=r"spec.serviceName zk -> elsewhere cannot be changed once it exists"):
            await go(memory, "1.4.0", skip=skip)
    assert (await live(memory))["spec"]["serviceName"] == "zk"


async def test_claims_grow_first_all_of_them_and_never_shrink(memory: MemoryWorld) -> None:
    grown = Service("zk", NS, tag="3", kind="StatefulSet", claim="4Gi", migrations=(GROWTH,))
    write_package(memory.folder / "dist", "1.2.0", [grown])
    with pytest.raises(PreflightError, match="claim data-zk-0 must grow to 4Gi, and its StorageClass fast does not"):
        await go(memory, "1.2.0")
    await storage_class(memory, expands=True)
    await go(memory, "1.2.0")
    assert await sizes(memory) == ["4Gi", "4Gi"]
    back = await rollback(memory.world(), RollbackOptions(name="zk"), agree)
    assert back.outcome == "done"
    assert "zk: claims never shrink; they stay as large as they are" in back.plan.notes
    assert await sizes(memory) == ["4Gi", "4Gi"]
    template = (await live(memory))["spec"]["volumeClaimTemplates"][0]["spec"]
    assert template["resources"]["requests"]["storage"] == "2Gi"


async def test_an_irreversible_one_is_undone_only_when_that_is_said(memory: MemoryWorld) -> None:
    write_package(memory.folder / "dist", "1.1.0", [zk("2", headless="zk-hs", migrations=(LOSS,))])
    await go(memory, "1.1.0")
    with pytest.raises(PreflightError, match="which was declared irreversible") as caught:
        await rollback(memory.world(), RollbackOptions(name="zk"), agree)
    assert "--accept-irreversible" in (caught.value.hint or "")
    with pytest.raises(PreflightError, match="which was declared irreversible"):
        await go(memory, "1.0.0")
    result = await rollback(memory.world(), RollbackOptions(name="zk", accept_irreversible=True), agree)
    assert result.outcome == "done"
    assert (await live(memory))["spec"]["serviceName"] == "zk"


@pytest.mark.parametrize(("accept", "outcome", "name"), [(False, "not-restored", "zk-hs"), (True, "restored", "zk")])
async def test_a_failure_does_not_undo_an_irreversible_one_by_itself(
    memory: MemoryWorld, accept: bool, outcome: str, name: str
) -> None:
    write_package(memory.folder / "dist", "1.3.0", [zk("2", headless="zk-hs", migrations=(LOSS,)), MISSING])
    planned = await go(memory, "1.3.0", dry_run=True)
    assert any("after a failure it stays as it is then" in note for note in planned.plan.notes)
    result = await go(memory, "1.3.0", accept_irreversible=accept)
    assert result.outcome == outcome
    assert (await live(memory))["spec"]["serviceName"] == name
    causes = [cause.summary for cause in (await newest(memory)).services["zk"].causes]
    assert any("declared irreversible" in text for text in causes) is not accept


async def test_a_deployment_with_another_selector_is_made_anew(memory: MemoryWorld) -> None:
    write_package(memory.folder / "dist", "2.0.0", [zk(), Service("web", NS)])
    changed = Service("web", NS, tag="2", selector="tier: a", migrations=(RELABEL,))
    write_package(memory.folder / "dist", "2.1.0", [zk(), changed])
    await go(memory, "2.0.0")
    result = await go(memory, "2.1.0")
    assert result.outcome == "done"
    assert any("an interruption" in note for note in result.plan.notes)
    labels = (await live(memory, "Deployment", "web"))["spec"]["selector"]["matchLabels"]
    assert labels == {"app": "web", "tier": "a"}
    await rollback(memory.world(), RollbackOptions(name="web"), agree)
    assert (await live(memory, "Deployment", "web"))["spec"]["selector"]["matchLabels"] == {"app": "web"}


async def test_recreating_a_statefulset_takes_its_pods_and_leaves_its_claims(memory: MemoryWorld) -> None:
    shrunk = FieldChange(SIZE.field, SIZE.old, "data 1Gi ReadWriteOnce (default class)")
    again = Migration("1.5.0 StatefulSet/zk", "recreate", STS, (shrunk,), "1.5.0")
    small = Service("zk", NS, tag="5", kind="StatefulSet", claim="1Gi", migrations=(again,))
    write_package(memory.folder / "dist", "1.5.0", [small])
    assert (await go(memory, "1.5.0")).outcome == "done"
    assert await pods(memory) == []
    assert await sizes(memory) == ["2Gi", "2Gi"]
