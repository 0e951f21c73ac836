"""What the in-memory cluster and helm offer beyond the contract: faults, crashes, stand-ins for controllers."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from helmkit.errors import ForbiddenError, UnreachableError
from helmkit.helm import HelmFailedError, ReleaseBusyError, RenderError
from helmkit.helm.memory import MemoryHelm, Operation
from helmkit.kube import ConfigMap, Kube
from helmkit.kube.memory import MemoryKube, crash, fail, forbid
from helmkit.kube.memory.selectors import matches_labels
from helmkit.kube.transport import Answer, ConnectionFailedError
from helmkit.kube.watching import Watching
from tests.contract.conftest import VALUES, write_chart


@pytest.fixture
async def kube() -> MemoryKube:
    made = MemoryKube()
    await made.ensure_namespace("shop")
    return made


def workload(kind: str, image: str, replicas: int = 2) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"namespace": "shop", "name": "web"},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "main", "image": image}]}}},
    }


async def test_two_clients_of_one_cluster(kube: MemoryKube) -> None:
    other = MemoryKube(kube.memory)
    await kube.create_configmap(ConfigMap("shop", "a"))
    assert await other.get_configmap("shop", "a") is not None
    assert await other.cluster_uid() == await kube.cluster_uid()


async def test_it_is_deterministic() -> None:
    async def story() -> list[str]:
        kube = MemoryKube()
        await kube.ensure_namespace("shop")
        made = await kube.create_configmap(ConfigMap("shop", "a"))
        return [made.uid, made.resource_version, str(made.created_at)]

    assert await story() == await story()


async def test_rights_can_be_taken_away(kube: MemoryKube) -> None:
    kube.memory.hooks.append(forbid("list", "secrets", "shop"))
    kube.memory.hooks.append(forbid("watch", "configmaps"))
    with pytest.raises(ForbiddenError) as caught:
        await kube.list_release_metadata("shop")
    assert "list secrets in namespace shop" in str(caught.value.hint)
    assert await kube.list_release_metadata("default") == []
    assert await kube.get_object("v1", "Secret", "shop", "a") is None
    events = kube.list_and_watch("v1", "ConfigMap", "shop")
    assert (await anext(events)).type == "SNAPSHOT"
    with pytest.raises(ForbiddenError):
        await anext(events)


async def test_requests_can_fail(kube: MemoryKube) -> None:
    busy = Answer(503, {"kind": "Status", "message": "etcd is away"})
    kube.memory.hooks.append(fail(2, busy))
    assert await kube.get_configmap("shop", "a") is None
    kube.memory.hooks[:] = [fail(99, ConnectionFailedError("refused", sent=False), lambda one: one.method == "POST")]
    assert await kube.get_configmap("shop", "a") is None
    with pytest.raises(UnreachableError, match="refused"):
        await kube.create_configmap(ConfigMap("shop", "a"))


async def test_watches_survive_a_forgotten_history(kube: MemoryKube) -> None:
    async with aclosing(kube.list_and_watch("v1", "ConfigMap", "shop")) as events, asyncio.timeout(5):
        assert (await anext(events)).type == "SNAPSHOT"
        await kube.create_configmap(ConfigMap("shop", "a"))
        assert (await anext(events)).type == "ADDED"
        await kube.create_configmap(ConfigMap("shop", "b"))
        kube.memory.store.forget_history()
        again = await anext(events)
        assert (again.type, len(again.objects)) == ("SNAPSHOT", 2)


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
async def test_workloads_get_ready_or_fail_as_their_tag_asks(kube: MemoryKube, kind: str) -> None:
    ready = {"Deployment": "readyReplicas", "StatefulSet": "readyReplicas", "DaemonSet": "numberReady"}[kind]

    async def seen(image: str) -> tuple[bool, list[str]]:
        await kube.apply_object(workload(kind, image), field_manager="helm")
        found = await kube.get_object("apps/v1", kind, "shop", "web")
        assert found is not None
        assert found["status"]["observedGeneration"] == found["metadata"]["generation"]
        pods = await kube.list_objects("v1", "Pod", "shop")
        assert all(pod["metadata"]["ownerReferences"][0]["uid"] == found["metadata"]["uid"] for pod in pods)
        states = [pod["status"]["containerStatuses"][0]["state"] for pod in pods]
        return found["status"][ready] > 0, [state.get("waiting", {}).get("reason", "running") for state in states]

    assert await seen("app:1") == (True, [])
    assert await seen("app:2-missing") == (False, ["ImagePullBackOff"] * 2)
    assert await seen("app:crash") == (False, ["CrashLoopBackOff"] * 2)
    assert await seen("app:never-ready") == (False, ["running"] * 2)
    assert await seen("app:3") == (True, [])


async def test_jobs_complete_and_claims_are_bound(kube: MemoryKube) -> None:
    await kube.create_object(
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"namespace": "shop", "name": "j"}, "spec": {}}
    )
    job = await kube.get_object("batch/v1", "Job", "shop", "j")
    assert job is not None
    assert job["status"]["conditions"][0]["type"] == "Complete"
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"namespace": "shop", "name": "c"},
        "spec": {},
    }
    await kube.create_object(claim)
    found = await kube.get_object("v1", "PersistentVolumeClaim", "shop", "c")
    assert found is not None
    assert found["status"]["phase"] == "Bound"


async def test_deleting_a_namespace_deletes_what_is_in_it(kube: MemoryKube) -> None:
    await kube.create_configmap(ConfigMap("shop", "a"))
    await kube.delete_object("v1", "Namespace", None, "shop")
    await kube.ensure_namespace("shop")
    assert await kube.get_configmap("shop", "a") is None


def test_selectors_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="unable to parse"):
        matches_labels({}, "a in b")


def test_it_is_the_real_thing_but_for_the_server() -> None:
    assert issubclass(MemoryKube, Kube)
    assert MemoryKube.list_and_watch is Watching.list_and_watch


class Died(BaseException):
    """This process dies here."""


async def test_a_crash_leaves_what_a_killed_helm_leaves(kube: MemoryKube, tmp_path: Path) -> None:
    helm = MemoryHelm(kube)
    chart = write_chart(tmp_path)
    await helm.upgrade("web", chart, namespace="shop", values=VALUES, timeout=5)
    # Request 1 creates the record, 2 applies the ConfigMap, 3 the Deployment.
    kube.memory.hooks.append(crash(3, Died()))
    with pytest.raises(Died):
        await helm.upgrade("web", chart, namespace="shop", values={**VALUES, "greeting": "half"}, timeout=5)
    kube.memory.hooks.clear()
    found = await kube.list_release_metadata("shop")
    assert [(one.revision, one.status) for one in found] == [(1, "deployed"), (2, "pending-upgrade")]
    with pytest.raises(ReleaseBusyError):
        await helm.upgrade("web", chart, namespace="shop", values=VALUES, timeout=5)
    await kube.mark_release(found[-1], status="failed", description="its process is gone")
    assert (await helm.upgrade("web", chart, namespace="shop", values=VALUES, timeout=5)).revision == 3


async def test_operations_are_recorded_and_can_be_stopped(kube: MemoryKube, tmp_path: Path) -> None:
    helm = MemoryHelm(kube)

    async def refuse(operation: Operation) -> None:
        if operation.release == "bad":
            raise HelmFailedError("as ordered")

    helm.before = refuse
    chart = write_chart(tmp_path)
    with pytest.raises(HelmFailedError, match="as ordered"):
        await helm.upgrade("bad", chart, namespace="shop", values=VALUES, timeout=5)
    await helm.upgrade("good", chart, namespace="shop", values=VALUES, timeout=5)
    assert [(one.name, one.release) for one in helm.operations] == [("upgrade", "bad"), ("upgrade", "good")]


async def test_hooks_are_kept_apart(kube: MemoryKube, tmp_path: Path) -> None:
    hook = (
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: migrate\n  annotations: {helm.sh/hook: pre-upgrade}\n"
        "spec: {}\n"
    )
    done = await MemoryHelm(kube).upgrade(
        "web", write_chart(tmp_path, hook=hook), namespace="shop", values={}, timeout=5
    )
    assert "migrate" not in done.manifest
    record = await kube.get_release("shop", "web", 1)
    assert len(record.hooks) == 1
    assert "migrate" in record.hooks[0]
    assert await kube.get_object("batch/v1", "Job", "shop", "migrate") is None


async def test_charts_may_be_rendered_by_a_function(kube: MemoryKube, tmp_path: Path) -> None:
    def render(chart: Path, release: str, namespace: str, values: Any) -> str:
        return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {release}-{values['x']}}}\n"

    helm = MemoryHelm(kube, render)
    await helm.upgrade("web", write_chart(tmp_path), namespace="shop", values={"x": 1}, timeout=5)
    assert await kube.get_configmap("shop", "web-1") is not None


@pytest.mark.parametrize("template", ["a: {{ .Values.missing }}\n", "a: {{ include 'x' . }}\n"])
async def test_templates_it_cannot_render_are_an_error(kube: MemoryKube, tmp_path: Path, template: str) -> None:
    with pytest.raises(RenderError):
        await MemoryHelm(kube).upgrade("web", write_chart(tmp_path, x=template), namespace="shop", values={}, timeout=5)
    assert await kube.list_release_metadata("shop") == []
