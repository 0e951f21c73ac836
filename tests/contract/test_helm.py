"""What relman relies on in helm, asked of the in-memory one, of helm 4 and of helm 3."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helmkit.helm import (
    FieldConflictError,
    HelmFailedError,
    HelmRelease,
    ImmutableFieldError,
    OwnershipError,
    ReleaseBusyError,
    ReleaseNotFoundError,
)
from helmkit.kube import ConflictError, NotFoundError, StoredRelease
from tests.contract.conftest import CONFIGMAP, VALUES, World, new_name, write_chart

LIMIT = 60
NAME = "gateway"


async def upgrade(world: World, chart: Path, **values: Any) -> HelmRelease:
    return await world.helm.upgrade(NAME, chart, namespace=world.namespace, values={**VALUES, **values}, timeout=LIMIT)


async def statuses(world: World) -> list[tuple[int, str]]:
    found = await world.kube.list_release_metadata(world.namespace)
    assert all(one.name == NAME for one in found)
    return [(one.revision, one.status) for one in found]


async def stored(world: World, revision: int) -> StoredRelease:
    return await world.kube.get_release(world.namespace, NAME, revision)


async def greeting(world: World) -> str | None:
    found = await world.kube.get_object("v1", "ConfigMap", world.namespace, NAME)
    return None if found is None else str(found["data"]["greeting"])


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    return write_chart(tmp_path)


async def test_the_first_upgrade_installs(helm_world: World, chart: Path) -> None:
    world = helm_world
    release = await world.helm.upgrade(
        NAME, chart, namespace=world.namespace, values=VALUES, timeout=LIMIT, description="because", labels={"set": "3"}
    )
    assert (release.name, release.namespace, release.revision) == (NAME, world.namespace, 1)
    assert (release.status, release.description) == ("deployed", "because")
    assert "kind: Deployment" in release.manifest
    [one] = await world.kube.list_release_metadata(world.namespace)
    assert (one.name, one.revision, one.status, one.labels["set"]) == (NAME, 1, "deployed", "3")
    assert one.secret_name == f"sh.helm.release.v1.{NAME}.v1"
    record = await stored(world, 1)
    assert (record.uid, record.resource_version) == (one.uid, one.resource_version)
    assert (record.chart_name, record.chart_version, record.app_version) == ("demo", "1.0.0", "v1.0.0")
    assert (record.status, record.description) == ("deployed", "because")
    assert record.config == VALUES
    assert record.manifest == release.manifest
    assert record.last_deployed is not None
    assert record.apply_method == ("" if world.helm_major == 3 else "ssa")


async def test_objects_belong_to_the_release_and_to_the_field_manager_helm(helm_world: World, chart: Path) -> None:
    await upgrade(helm_world, chart)
    [one] = await helm_world.kube.list_metadata("apps/v1", "Deployment", helm_world.namespace)
    assert one.labels["app.kubernetes.io/managed-by"] == "Helm"
    assert one.annotations["meta.helm.sh/release-name"] == NAME
    assert one.annotations["meta.helm.sh/release-namespace"] == helm_world.namespace
    operation = "Update" if helm_world.helm_major == 3 else "Apply"
    assert ("helm", operation) in {(manager.manager, manager.operation) for manager in one.managers}


async def test_upgrades_count_up_and_supersede(helm_world: World, chart: Path) -> None:
    assert (await upgrade(helm_world, chart)).revision == 1
    assert (await upgrade(helm_world, chart, greeting="second")).revision == 2
    assert await statuses(helm_world) == [(1, "superseded"), (2, "deployed")]
    assert await greeting(helm_world) == "second"


async def test_values_are_not_reused(helm_world: World, chart: Path) -> None:
    await upgrade(helm_world, chart, greeting="second")
    await helm_world.helm.upgrade(NAME, chart, namespace=helm_world.namespace, values={}, timeout=LIMIT)
    assert await greeting(helm_world) == "hello"


async def test_nothing_is_pruned(helm_world: World, tmp_path: Path) -> None:
    chart = write_chart(tmp_path, configmap=CONFIGMAP)
    for number in range(12):
        await upgrade(helm_world, chart, greeting=f"n{number}")
    assert len(await statuses(helm_world)) == 12


async def test_a_rollback_is_a_new_revision(helm_world: World, chart: Path) -> None:
    await upgrade(helm_world, chart)
    await upgrade(helm_world, chart, greeting="second")
    await helm_world.helm.rollback(NAME, 1, namespace=helm_world.namespace, timeout=LIMIT, description="it was bad")
    assert await statuses(helm_world) == [(1, "superseded"), (2, "superseded"), (3, "deployed")]
    assert await greeting(helm_world) == "hello"
    back = await stored(helm_world, 3)
    assert back.manifest == (await stored(helm_world, 1)).manifest
    assert back.config == VALUES
    assert back.description == ("Rollback to 1" if helm_world.helm_major == 3 else "it was bad")


async def test_after_an_uninstall_nothing_is_left_and_revisions_restart(helm_world: World, chart: Path) -> None:
    world = helm_world
    await upgrade(world, chart)
    await upgrade(world, chart)
    [first, _] = await world.kube.list_release_metadata(world.namespace)
    await world.helm.uninstall(NAME, namespace=world.namespace, timeout=LIMIT)
    assert await statuses(world) == []
    assert await greeting(world) is None
    assert (await upgrade(world, chart)).revision == 1
    [again] = await world.kube.list_release_metadata(world.namespace)
    assert again.uid != first.uid


async def test_an_uninstall_may_keep_the_history(helm_world: World, chart: Path) -> None:
    world = helm_world
    await upgrade(world, chart)
    await world.helm.uninstall(NAME, namespace=world.namespace, timeout=LIMIT, keep_history=True)
    assert await statuses(world) == [(1, "uninstalled")]
    assert await greeting(world) is None
    assert (await upgrade(world, chart)).revision == 2


async def test_what_is_not_there(helm_world: World, chart: Path) -> None:
    helm, ns = helm_world.helm, helm_world.namespace
    with pytest.raises(ReleaseNotFoundError):
        await helm.uninstall(NAME, namespace=ns, timeout=LIMIT)
    with pytest.raises(ReleaseNotFoundError):
        await helm.rollback(NAME, 1, namespace=ns, timeout=LIMIT)
    with pytest.raises(ReleaseNotFoundError):
        await helm.upgrade(NAME, chart, namespace=ns, values=VALUES, timeout=LIMIT, install=False)
    await upgrade(helm_world, chart)
    with pytest.raises(ReleaseNotFoundError):
        await helm.rollback(NAME, 7, namespace=ns, timeout=LIMIT)
    with pytest.raises(NotFoundError):
        await stored(helm_world, 7)
    with pytest.raises(HelmFailedError, match="not found"):
        await helm.upgrade(NAME, chart, namespace=new_name("missing"), values=VALUES, timeout=LIMIT)


async def test_a_failed_upgrade_leaves_the_last_one_deployed(helm_world: World, chart: Path) -> None:
    world = helm_world
    await upgrade(world, chart)
    with pytest.raises(ImmutableFieldError):
        await upgrade(world, chart, app="other")
    assert await statuses(world) == [(1, "deployed"), (2, "failed")]
    assert "immutable" in (await stored(world, 2)).description
    assert (await upgrade(world, chart, greeting="third")).revision == 3
    assert await statuses(world) == [(1, "superseded"), (2, "failed"), (3, "deployed")]


async def test_a_failed_rollback_is_recorded(helm_world: World, chart: Path) -> None:
    world = helm_world
    await upgrade(world, chart)
    with pytest.raises(ImmutableFieldError):
        await upgrade(world, chart, app="other")
    with pytest.raises(ImmutableFieldError):
        await world.helm.rollback(NAME, 2, namespace=world.namespace, timeout=LIMIT)
    assert (await statuses(world))[-1] == (3, "failed")
    await world.helm.rollback(NAME, 1, namespace=world.namespace, timeout=LIMIT)
    assert (await statuses(world))[-1] == (4, "deployed")


async def test_a_revision_marked_failed_shows_the_cause_and_stops_nothing(helm_world: World, chart: Path) -> None:
    world = helm_world
    await upgrade(world, chart)
    await upgrade(world, chart, greeting="second")
    seen = await stored(world, 2)
    await world.kube.mark_release(seen, status="failed", description="ImagePullBackOff 🚫")
    assert await statuses(world) == [(1, "superseded"), (2, "failed")]
    marked = await stored(world, 2)
    assert (marked.status, marked.description) == ("failed", "ImagePullBackOff 🚫")
    assert (marked.manifest, marked.config, marked.uid) == (seen.manifest, seen.config, seen.uid)
    with pytest.raises(ConflictError):
        await world.kube.mark_release(seen, status="failed", description="again")
    assert (await upgrade(world, chart)).revision == 3
    assert await statuses(world) == [(1, "superseded"), (2, "superseded"), (3, "deployed")]
    await world.kube.mark_release(await stored(world, 3), status="failed", description="x")
    await world.helm.rollback(NAME, 1, namespace=world.namespace, timeout=LIMIT)
    assert (await statuses(world))[-1] == (4, "deployed")


async def test_a_pending_release_is_busy_until_it_is_marked(helm_world: World, chart: Path) -> None:
    world = helm_world
    await upgrade(world, chart)
    await world.kube.mark_release(await stored(world, 1), status="pending-upgrade", description="killed")
    with pytest.raises(ReleaseBusyError):
        await upgrade(world, chart)
    [one] = await world.kube.list_release_metadata(world.namespace, release=NAME)
    await world.kube.mark_release(one, status="failed", description="its helm is dead")
    assert (await upgrade(world, chart)).revision == 2


@pytest.mark.parametrize("mode", ["client", "server"])
async def test_dry_runs_leave_nothing(helm_world: World, chart: Path, mode: Any) -> None:
    world = helm_world
    release = await world.helm.upgrade(
        NAME, chart, namespace=world.namespace, values=VALUES, timeout=LIMIT, dry_run=mode
    )
    assert (release.revision, release.status) == (1, "pending-install")
    assert "kind: Deployment" in release.manifest
    assert await statuses(world) == []
    assert await greeting(world) is None


async def test_what_a_chart_no_longer_has_is_deleted_unless_it_is_kept(helm_world: World, tmp_path: Path) -> None:
    world = helm_world
    extra = CONFIGMAP.replace("{{ .Release.Name }}", "extra")
    kept = CONFIGMAP.replace("name: {{ .Release.Name }}", "name: kept\n  annotations: {helm.sh/resource-policy: keep}")
    await upgrade(world, write_chart(tmp_path, "1.0.0", a=CONFIGMAP, b=extra, c=kept))
    await upgrade(world, write_chart(tmp_path, "2.0.0", a=CONFIGMAP))
    found = {one.name for one in await world.kube.list_metadata("v1", "ConfigMap", world.namespace)}
    assert found & {NAME, "extra", "kept"} == {NAME, "kept"}


async def test_foreign_objects_are_not_taken(helm_world: World, chart: Path) -> None:
    world = helm_world
    foreign = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"namespace": world.namespace, "name": NAME},
        "data": {"greeting": "mine"},
    }
    await world.kube.create_object(foreign)
    with pytest.raises(OwnershipError):
        await upgrade(world, chart)
    assert await greeting(world) == "mine"
    assert await statuses(world) == []


async def edit(world: World, image: str | None = None, env: str | None = None) -> None:
    live = await world.kube.get_object("apps/v1", "Deployment", world.namespace, NAME)
    assert live is not None
    container = live["spec"]["template"]["spec"]["containers"][0]
    if image:
        container["image"] = image
    if env:
        container["env"].append({"name": env, "value": "x"})
    live["metadata"].pop("resourceVersion")
    await world.kube.replace_object(live, field_manager="kubectl-edit")


async def container(world: World) -> dict[str, Any]:
    live = await world.kube.get_object("apps/v1", "Deployment", world.namespace, NAME)
    assert live is not None
    return dict(live["spec"]["template"]["spec"]["containers"][0])


async def test_drift_is_taken_back_by_force_but_foreign_env_entries_stay(helm_world: World, chart: Path) -> None:
    world = helm_world
    await upgrade(world, chart)
    await edit(world, image="foreign:1", env="FOREIGN")
    # Helm 3 has no server-side apply: nothing conflicts there, it takes back what it knows.
    if world.helm_major != 3:
        with pytest.raises(FieldConflictError):
            await world.helm.upgrade(
                NAME,
                chart,
                namespace=world.namespace,
                values={**VALUES, "image": "demo:2"},
                timeout=LIMIT,
                force_conflicts=False,
            )
    await upgrade(world, chart, image="demo:2")
    found = await container(world)
    assert found["image"] == "demo:2"
    assert {one["name"] for one in found["env"]} == {"OURS", "FOREIGN"}


async def test_pruning_one_revision_leaves_the_others(helm_world: World, chart: Path) -> None:
    world = helm_world
    await upgrade(world, chart)
    await upgrade(world, chart, greeting="second")
    [first, _] = await world.kube.list_release_metadata(world.namespace)
    assert await world.kube.delete_release(first)
    assert not await world.kube.delete_release(first)
    assert await statuses(world) == [(2, "deployed")]
    assert (await upgrade(world, chart)).revision == 3


async def test_rendering_needs_no_release(helm_world: World, chart: Path) -> None:
    text = await helm_world.helm.template("x", chart, namespace="n", values={"greeting": "rendered"})
    assert "kind: Deployment" in text
    assert "rendered" in text
