"""What relman relies on in a cluster, asked of the in-memory one and of a real API server."""

from __future__ import annotations

import asyncio
import base64
import copy
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

import helmkit.kube.objects
from helmkit.kube import AlreadyExistsError, ConfigMap, ConflictError, NotFoundError, RejectedError
from tests.contract.conftest import World, eventually, new_name

ConfigMapObject = dict[str, Any]


def configmap(world: World, name: str, data: dict[str, str] | None = None, **metadata: Any) -> ConfigMapObject:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"namespace": world.namespace, "name": name, **metadata},
        "data": data or {},
    }


def deployment(world: World, name: str, image: str = "demo:1", env: dict[str, str] | None = None) -> dict[str, Any]:
    variables = [{"name": key, "value": value} for key, value in (env or {}).items()]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": world.namespace, "name": name, "labels": {"app": name}},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": image, "env": variables}]},
            },
        },
    }


async def test_the_cluster_says_who_it_is_and_who_we_are(world: World) -> None:
    version = await world.kube.server_version()
    assert version.major >= 1
    assert version.text.startswith("v")
    assert len(await world.kube.cluster_uid()) == 36
    assert await world.kube.cluster_uid() == await world.kube.cluster_uid()
    assert await world.kube.whoami()


async def test_ensure_namespace_is_idempotent_and_adds_labels(world: World) -> None:
    name = new_name()
    assert await world.kube.ensure_namespace(name, {"a": "1"})
    assert not await world.kube.ensure_namespace(name, {"a": "1"})
    assert not await world.kube.ensure_namespace(name, {"b": "2"})
    found = await world.kube.get_object("v1", "Namespace", None, name)
    assert found is not None
    assert (found["metadata"]["labels"]["a"], found["metadata"]["labels"]["b"]) == ("1", "2")
    await world.kube.delete_object("v1", "Namespace", None, name)


async def test_configmap_records(world: World) -> None:
    kube, ns = world.kube, world.namespace
    record = ConfigMap(ns, "record", {"text": "é\n"}, {"blob": b"\x00\xff\x1f\x8b"}, {"run": "1"}, {"note": "n"})
    created = await kube.create_configmap(record)
    assert replace(created, uid="", resource_version="", created_at=None) == record
    assert created.uid
    assert created.resource_version
    assert created.created_at is not None
    assert await kube.get_configmap(ns, "record") == created
    assert await kube.get_configmap(ns, "other") is None


async def test_a_configmap_is_created_once(world: World) -> None:
    await world.kube.create_configmap(ConfigMap(world.namespace, "fence"))
    with pytest.raises(AlreadyExistsError):
        await world.kube.create_configmap(ConfigMap(world.namespace, "fence"))
    with pytest.raises(NotFoundError):
        await world.kube.create_configmap(ConfigMap(new_name("missing"), "fence"))


async def test_replacing_needs_the_last_version_seen(world: World) -> None:
    kube = world.kube
    first = await kube.create_configmap(ConfigMap(world.namespace, "fence", {"n": "1"}))
    second = await kube.replace_configmap(replace(first, data={"n": "2"}))
    assert second.resource_version != first.resource_version
    assert second.uid == first.uid
    with pytest.raises(ConflictError):
        await kube.replace_configmap(replace(first, data={"n": "3"}))
    assert (await kube.get_configmap(world.namespace, "fence")) == second
    assert await kube.delete_configmap(world.namespace, "fence")
    with pytest.raises((NotFoundError, ConflictError)):
        await kube.replace_configmap(second)


async def test_a_record_made_anew_is_not_the_one_that_was_read(world: World) -> None:
    kube = world.kube
    first = await kube.create_configmap(ConfigMap(world.namespace, "fence"))
    await kube.delete_configmap(world.namespace, "fence")
    await kube.create_configmap(ConfigMap(world.namespace, "fence"))
    with pytest.raises(ConflictError):
        await kube.replace_configmap(first)


async def test_deleting_with_preconditions(world: World) -> None:
    kube, ns = world.kube, world.namespace
    first = await kube.create_configmap(ConfigMap(ns, "a"))
    with pytest.raises(ConflictError):
        await kube.delete_configmap(ns, "a", uid="00000000-0000-4000-8000-00000000dead")
    second = await kube.replace_configmap(replace(first, data={"n": "2"}))
    with pytest.raises(ConflictError):
        await kube.delete_configmap(ns, "a", resource_version=first.resource_version)
    assert await kube.delete_configmap(ns, "a", uid=second.uid, resource_version=second.resource_version)
    assert not await kube.delete_configmap(ns, "a")


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (None, {"a", "b", "c"}),
        ("run=1", {"a", "b"}),
        ("run=1,kind!=set", {"b"}),
        ("run in (1, 2)", {"a", "b", "c"}),
        ("run notin (1)", {"c"}),
        ("kind", {"a"}),
        ("!kind", {"b", "c"}),
    ],
)
async def test_lists_select_by_label(world: World, selector: str | None, expected: set[str]) -> None:
    labels = {
        "a": {"ours": "x", "run": "1", "kind": "set"},
        "b": {"ours": "x", "run": "1"},
        "c": {"ours": "x", "run": "2"},
    }
    for name, own in labels.items():
        await world.kube.create_configmap(ConfigMap(world.namespace, name, labels=own))
    ours = "ours=x" + (f",{selector}" if selector else "")
    found = await world.kube.list_configmap_metadata(world.namespace, ours)
    assert {one.name for one in found} == expected
    whole = await world.kube.list_objects("v1", "ConfigMap", world.namespace, ours)
    assert {one["metadata"]["name"] for one in whole} == expected
    assert all((one["apiVersion"], one["kind"]) == ("v1", "ConfigMap") for one in whole)


async def test_lists_of_all_namespaces_and_in_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helmkit.kube.objects, "PAGE_SIZE", 2)
    run = new_name()
    for index in range(5):
        await world.kube.create_configmap(ConfigMap(world.namespace, f"m{index}", labels={"run": run}))
    found = await world.kube.list_configmap_metadata(None, f"run={run}")
    assert [one.name for one in found] == [f"m{index}" for index in range(5)]
    assert {one.namespace for one in found} == {world.namespace}
    assert len(await world.kube.list_objects("v1", "ConfigMap", None, f"run={run}")) == 5


async def test_objects_by_name_field(world: World) -> None:
    for name in ("a", "b"):
        await world.kube.create_configmap(ConfigMap(world.namespace, name))
    found = await world.kube.list_metadata("v1", "ConfigMap", world.namespace, field_selector="metadata.name=b")
    assert [one.name for one in found] == ["b"]


async def test_generation_counts_changes_of_the_spec_alone(world: World) -> None:
    kube, ns = world.kube, world.namespace

    async def metadata() -> Any:
        [one] = await kube.list_metadata("apps/v1", "Deployment", ns)
        return one

    await kube.apply_object(deployment(world, "web"), field_manager="helm")
    assert (await metadata()).generation == 1
    labelled = deployment(world, "web")
    labelled["metadata"]["labels"]["more"] = "yes"
    await kube.apply_object(labelled, field_manager="helm")
    one = await metadata()
    assert (one.generation, one.labels["more"]) == (1, "yes")
    await kube.apply_object(deployment(world, "web", "demo:2"), field_manager="helm")
    one = await metadata()
    assert one.generation == 2
    assert "more" not in one.labels
    assert ("helm", "Apply", "") in {(m.manager, m.operation, m.subresource) for m in one.managers}
    assert all(m.time is not None for m in one.managers)
    assert not one.deleting


async def test_apply_is_idempotent_and_dry_runs_leave_nothing(world: World) -> None:
    kube, ns = world.kube, world.namespace
    wanted = configmap(world, "applied", {"a": "1"})
    await kube.apply_object(wanted, field_manager="helm", dry_run=True)
    assert await kube.get_object("v1", "ConfigMap", ns, "applied") is None
    first = await kube.apply_object(wanted, field_manager="helm")
    second = await kube.apply_object(wanted, field_manager="helm")
    assert first["metadata"]["resourceVersion"] == second["metadata"]["resourceVersion"]
    assert first["metadata"]["uid"] == second["metadata"]["uid"]


async def test_apply_keeps_hard_text(world: World) -> None:
    hard = {"a": "92558e5", "b": "0595464", "c": "🚀\x7f\x85\u2028", "d": "on", "e": "x\ny\n", "f": " trailing \n"}
    await world.kube.apply_object(configmap(world, "hard", hard), field_manager="helm")
    found = await world.kube.get_object("v1", "ConfigMap", world.namespace, "hard")
    assert found is not None
    assert found["data"] == hard


async def test_foreign_fields_conflict_until_forced(world: World) -> None:
    kube, ns = world.kube, world.namespace
    await kube.apply_object(deployment(world, "web"), field_manager="helm")
    live = await kube.get_object("apps/v1", "Deployment", ns, "web")
    assert live is not None
    live["spec"]["template"]["spec"]["containers"][0]["image"] = "foreign:1"
    # The controller may write the status in between.
    live["metadata"].pop("resourceVersion")
    await kube.replace_object(live, field_manager="kubectl-set")
    with pytest.raises(ConflictError, match="kubectl-set"):
        await kube.apply_object(deployment(world, "web", "demo:2"), field_manager="helm")
    forced = await kube.apply_object(deployment(world, "web", "demo:2"), field_manager="helm", force=True)
    assert forced["spec"]["template"]["spec"]["containers"][0]["image"] == "demo:2"


async def test_foreign_env_entries_survive_and_own_ones_go(world: World) -> None:
    kube, ns = world.kube, world.namespace
    await kube.apply_object(deployment(world, "web", env={"A": "1", "B": "2"}), field_manager="helm")
    live = await kube.get_object("apps/v1", "Deployment", ns, "web")
    assert live is not None
    live["spec"]["template"]["spec"]["containers"][0]["env"].append({"name": "FOREIGN", "value": "x"})
    live["metadata"].pop("resourceVersion")
    await kube.replace_object(live, field_manager="kubectl-edit")
    after = await kube.apply_object(deployment(world, "web", env={"A": "1"}), field_manager="helm", force=True)
    names = {one["name"] for one in after["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert names == {"A", "FOREIGN"}
    [metadata] = await kube.list_metadata("apps/v1", "Deployment", ns)
    assert {"helm", "kubectl-edit"} <= {one.manager for one in metadata.managers}


async def test_immutable_fields_are_refused(world: World) -> None:
    await world.kube.apply_object(deployment(world, "web"), field_manager="helm")
    changed = deployment(world, "web")
    changed["spec"]["selector"]["matchLabels"]["app"] = "other"
    changed["spec"]["template"]["metadata"]["labels"]["app"] = "other"
    for dry_run in (True, False):
        with pytest.raises(RejectedError, match="immutable"):
            await world.kube.apply_object(changed, field_manager="helm", force=True, dry_run=dry_run)


async def test_leases_are_taken_once_and_renewed_by_who_saw_them_last(world: World) -> None:
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"namespace": world.namespace, "name": "lock"},
        "spec": {"holderIdentity": "me", "leaseDurationSeconds": 15},
    }
    taken = await world.kube.create_object(lease)
    with pytest.raises(AlreadyExistsError):
        await world.kube.create_object(lease)
    renewed = copy.deepcopy(taken)
    renewed["spec"]["leaseTransitions"] = 1
    await world.kube.replace_object(renewed)
    with pytest.raises(ConflictError):
        await world.kube.replace_object(taken)


async def test_deleting_takes_dependents_along_unless_orphaned(world: World) -> None:
    kube, ns = world.kube, world.namespace
    for name, propagation in (("alone", "Background"), ("orphaning", "Orphan")):
        owner = await kube.create_object(configmap(world, name))
        reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": owner["metadata"]["uid"]}
        await kube.create_object(configmap(world, f"{name}-child", ownerReferences=[reference]))
        [child] = await kube.list_metadata("v1", "ConfigMap", ns, field_selector=f"metadata.name={name}-child")
        assert [(one.kind, one.name, one.uid) for one in child.owners] == [("ConfigMap", name, reference["uid"])]
        await kube.delete_object("v1", "ConfigMap", ns, name, propagation=propagation)  # type: ignore[arg-type]

    async def gone() -> bool:
        return await kube.get_object("v1", "ConfigMap", ns, "alone-child") is None

    async def freed() -> bool:
        child = await kube.get_object("v1", "ConfigMap", ns, "orphaning-child")
        return child is not None and not child["metadata"].get("ownerReferences")

    await eventually(gone)
    await eventually(freed)


async def test_finalizers_hold_a_deletion_back(world: World) -> None:
    kube, ns = world.kube, world.namespace
    await kube.create_object(configmap(world, "held", finalizers=["example.org/hold"]))
    assert await kube.delete_object("v1", "ConfigMap", ns, "held")
    [one] = await kube.list_metadata("v1", "ConfigMap", ns, field_selector="metadata.name=held")
    assert one.deleting
    held = await kube.get_object("v1", "ConfigMap", ns, "held")
    assert held is not None
    held["metadata"]["finalizers"] = []
    await kube.replace_object(held)
    assert await kube.get_object("v1", "ConfigMap", ns, "held") is None


async def test_custom_kinds_are_discovered_when_they_come(world: World) -> None:
    kube, group = world.kube, f"{new_name('c')}.example.org"
    with pytest.raises(NotFoundError):
        await kube.list_metadata(f"{group}/v1", "Widget")
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
            "versions": [version],
        },
    }
    await kube.create_object(definition)
    widget = {
        "apiVersion": f"{group}/v1",
        "kind": "Widget",
        "metadata": {"namespace": world.namespace, "name": "w"},
        "spec": {"size": 1},
    }

    async def served() -> bool:
        try:
            await kube.apply_object(widget, field_manager="helm")
        except NotFoundError:
            return False
        return True

    await eventually(served)
    [found] = await kube.list_metadata(f"{group}/v1", "Widget", world.namespace)
    assert (found.name, found.kind, found.generation) == ("w", "Widget", 1)
    await kube.delete_object("apiextensions.k8s.io/v1", "CustomResourceDefinition", None, f"widgets.{group}")


async def test_events_of_an_object(world: World) -> None:
    kube, ns = world.kube, world.namespace
    target = await kube.create_object(configmap(world, "target"))
    for number, name in enumerate(("target", "other")):
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"namespace": ns, "name": f"{name}.{number}"},
            "involvedObject": {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "namespace": ns,
                "name": name,
                "uid": target["metadata"]["uid"] if name == "target" else "",
            },
            "type": "Warning",
            "reason": "BackOff",
            "message": "it is stuck",
            "count": 3,
            "lastTimestamp": "2026-11-21T10:00:00Z",
        }
        await kube.create_object(event)
    for found in (
        await kube.list_events(ns, name="target"),
        await kube.list_events(ns, uid=target["metadata"]["uid"]),
    ):
        [one] = found
        assert (one.type, one.reason, one.message, one.count) == ("Warning", "BackOff", "it is stuck", 3)
        assert (one.kind, one.name, one.uid) == ("ConfigMap", "target", target["metadata"]["uid"])
        assert one.last_seen == "2026-11-21T10:00:00Z"
    assert len(await kube.list_events(ns)) >= 2


async def test_watching_tells_everything_after_the_snapshot(world: World) -> None:
    kube, ns = world.kube, world.namespace
    await kube.create_object(configmap(world, "old", labels={"run": "1"}))
    async with aclosing(kube.list_and_watch("v1", "ConfigMap", ns, "run=1")) as events, asyncio.timeout(20):
        first = await anext(events)
        assert first.type == "SNAPSHOT"
        assert [one["metadata"]["name"] for one in first.objects] == ["old"]
        assert (first.objects[0]["apiVersion"], first.objects[0]["kind"]) == ("v1", "ConfigMap")
        made = await kube.create_object(configmap(world, "new", labels={"run": "1"}))
        await kube.create_object(configmap(world, "unseen"))
        made["data"] = {"a": "1"}
        made = await kube.replace_object(made)
        made["metadata"]["labels"] = {"run": "2"}
        await kube.replace_object(made)
        await kube.delete_object("v1", "ConfigMap", ns, "old")
        seen = [await anext(events) for _ in range(4)]
    assert [(one.type, one.object["metadata"]["name"]) for one in seen] == [
        ("ADDED", "new"),
        ("MODIFIED", "new"),
        # It no longer matches.
        ("DELETED", "new"),
        ("DELETED", "old"),
    ]


async def test_watching_from_a_version_too_old_starts_over(world: World) -> None:
    await world.kube.create_object(configmap(world, "here", labels={"run": "1"}))
    async with (
        aclosing(world.kube.watch("v1", "ConfigMap", world.namespace, "run=1", resource_version="1")) as events,
        asyncio.timeout(20),
    ):
        change, obj = await anext(events)
    assert (change, obj["metadata"]["name"]) == ("ADDED", "here")


async def test_many_watches_at_once(world: World) -> None:
    kube, ns = world.kube, world.namespace

    async def first_added() -> str:
        async with aclosing(kube.list_and_watch("v1", "Secret", ns, "run=1")) as events:
            assert (await anext(events)).type == "SNAPSHOT"
            ready.release()
            return str((await anext(events)).object["metadata"]["name"])

    ready = asyncio.Semaphore(0)
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        tasks = [group.create_task(first_added()) for _ in range(20)]
        for _ in tasks:
            await ready.acquire()
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"namespace": ns, "name": "s", "labels": {"run": "1"}},
            "stringData": {"password": "p"},
        }
        await kube.create_object(secret)
    assert {task.result() for task in tasks} == {"s"}
    stored = await kube.get_object("v1", "Secret", ns, "s")
    assert stored is not None
    assert base64.b64decode(stored["data"]["password"]) == b"p"
