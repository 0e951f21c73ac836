"""What an adoption and a diagnosis rely on, asked of the in-memory cluster and of a real API server alike."""

from __future__ import annotations

from typing import Any

import pytest

from helmkit.helm import ReleaseNotFoundError
from helmkit.kube import AlreadyExistsError, ConflictError, NotFoundError, ReleaseDraft
from helmkit.kube.fields import take_over
from helmkit.yaml import dump_yaml
from tests.contract.conftest import World


def everybody(manager: str, subresource: str) -> bool:
    return subresource != "status" and manager != "kube-controller-manager"


def configmap(world: World, **data: str) -> dict[str, Any]:
    metadata = {"name": "settings", "namespace": world.namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def draft(world: World, manifest: str, revision: int = 1) -> ReleaseDraft:
    return ReleaseDraft(
        name="taken", namespace=world.namespace, revision=revision, manifest=manifest, description="as it was",
        chart_name="settings", chart_version="0.0.0-adopted", app_version="1", now="2026-01-01T00:00:00Z",
    )  # fmt: skip


async def test_fields_that_were_taken_over_go_when_they_are_no_longer_applied(world: World) -> None:
    kube = world.kube
    made = await kube.create_object(configmap(world, kept="1", dropped="2"), field_manager="kubectl-client-side-apply")
    without = configmap(world, kept="1")
    await kube.apply_object(without, field_manager="helm")
    found = await kube.get_object("v1", "ConfigMap", world.namespace, "settings")
    assert found is not None
    assert found["data"] == {"kept": "1", "dropped": "2"}, "what another manager set stays"
    await kube.delete_object("v1", "ConfigMap", world.namespace, "settings")

    made = await kube.create_object(configmap(world, kept="1", dropped="2"), field_manager="kubectl-client-side-apply")
    made["metadata"]["managedFields"] = take_over(made, "helm", everybody)
    taken = await kube.replace_object(made, field_manager="helm")
    (one,) = taken["metadata"]["managedFields"]
    assert (one["manager"], one["operation"]) == ("helm", "Apply")
    assert take_over(taken, "helm", everybody) == taken["metadata"]["managedFields"]
    await kube.apply_object(without, field_manager="helm")
    found = await kube.get_object("v1", "ConfigMap", world.namespace, "settings")
    assert found is not None
    assert found["data"] == {"kept": "1"}


async def test_a_recorded_revision_is_one_that_helm_goes_back_to_and_hides_when_it_is_put_aside(
    helm_world: World,
) -> None:
    world = helm_world
    kube, ns = world.kube, world.namespace
    made = await kube.create_object(configmap(world, level="info"), field_manager="kubectl-client-side-apply")
    own = {"meta.helm.sh/release-name": "taken", "meta.helm.sh/release-namespace": ns}
    made["metadata"] |= {"annotations": own, "labels": {"app.kubernetes.io/managed-by": "Helm"}}
    made["metadata"]["managedFields"] = take_over(made, "helm", everybody)
    await kube.replace_object(made, field_manager="helm")
    item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"level": "info"}}
    first = await kube.create_release(draft(world, dump_yaml(item)))
    assert (first.revision, first.status) == (1, "deployed")
    with pytest.raises(AlreadyExistsError):
        await kube.create_release(draft(world, ""))
    await kube.apply_object(configmap(world, level="debug"), field_manager="somebody", force=True)
    await world.helm.rollback("taken", 1, namespace=ns, timeout=20)
    found = await kube.get_object("v1", "ConfigMap", ns, "settings")
    assert found is not None
    assert found["data"] == {"level": "info"}
    revisions = await kube.list_release_metadata(ns, release="taken")
    assert [(one.revision, one.status) for one in revisions] == [(1, "superseded"), (2, "deployed")]

    for one in revisions:
        await kube.relabel_release(one, {"owner": "nobody"})
    assert not await kube.list_release_metadata(ns, release="taken")
    with pytest.raises(ReleaseNotFoundError):
        await world.helm.uninstall("taken", namespace=ns, timeout=20)
    assert await kube.get_object("v1", "ConfigMap", ns, "settings"), "helm no longer sees what it would delete"


async def test_a_record_that_was_made_anew_is_not_relabelled(world: World) -> None:
    first = await world.kube.create_release(draft(world, ""))
    await world.kube.delete_release(first)
    with pytest.raises(NotFoundError):
        await world.kube.relabel_release(first, {"owner": "nobody"})
    await world.kube.create_release(draft(world, ""))
    with pytest.raises(ConflictError):
        await world.kube.relabel_release(first, {"owner": "nobody"})


async def test_the_log_of_a_pod_that_is_not_there_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError):
        await world.kube.read_log(world.namespace, "nobody", "main", lines=5)
