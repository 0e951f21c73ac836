"""Waiting on real controllers, one test per cause that the sandbox can show (kwok plays the kubelets)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from helmkit.kube import Kube
from relman.core.rollout import DEFAULT_PATIENCE, RolloutStatus, stuck_pods
from relman.core.rollout import Snapshot as Picture
from relman.rollout import RolloutOutcome, RolloutWatcher
from sandbox.cluster import Sandbox

Json = dict[str, Any]

IMPATIENT = replace(
    DEFAULT_PATIENCE, unschedulable=1, quota=1, admission=1, claim_without_class=1, service_account=1, blocked=1
)
"""What would take half a minute each is not what is tested here."""


@dataclass
class Place:
    """A namespace, and a watcher in it."""

    kube: Kube
    namespace: str
    watcher: RolloutWatcher
    told: list[RolloutStatus]

    async def apply(self, *objects: Json) -> None:
        for item in objects:
            item["metadata"]["namespace"] = self.namespace
            await self.kube.apply_object(item, field_manager="relman", force=True)

    async def roll_out(self, *objects: Json, limit: float = 40) -> RolloutOutcome:
        """Apply objects as helm does and wait for them."""
        await self.apply(*objects)
        return await self.watcher.wait_ready(objects, time_limit=limit, report=self.told.append)

    async def picture(self, *kinds: str) -> Picture:
        versions = {"Pod": "v1", "StatefulSet": "apps/v1"}
        lists = [await self.kube.list_objects(versions[kind], kind, self.namespace) for kind in kinds]
        return Picture.of([item for items in lists for item in items], namespace=self.namespace)


@pytest.fixture
async def place(sandbox: Sandbox, namespace: str) -> AsyncIterator[Place]:
    async with (
        await Kube.connect(sandbox.kubeconfig, None, {}) as kube,
        RolloutWatcher(kube, namespace, patience=IMPATIENT) as watcher,
    ):
        yield Place(kube, namespace, watcher, [])


def template(name: str, tag: str, **pod: Any) -> Json:
    container = {
        "name": "app",
        "image": f"registry.example/shop/{name}:{tag}",
        "readinessProbe": {"httpGet": {"path": "/actuator/health", "port": 8080}},
        **pod.pop("container", {}),
    }
    return {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container], **pod}}


def workload(kind: str, name: str, tag: str, *, spec: Json | None = None, **pod: Any) -> Json:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template(name, tag, **pod), **(spec or {})},
    }


def web(tag: str, *, replicas: int = 2, spec: Json | None = None, **pod: Any) -> Json:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    return workload("Deployment", "web", tag, spec={"replicas": replicas, "strategy": strategy, **(spec or {})}, **pod)


def db(tag: str, *, replicas: int = 2, spec: Json | None = None, **pod: Any) -> Json:
    return workload("StatefulSet", "db", tag, spec={"replicas": replicas, "serviceName": "db", **(spec or {})}, **pod)


class TestReady:
    @pytest.mark.parametrize(
        "item",
        [
            pytest.param(web("1"), id="deployment"),
            pytest.param(db("1"), id="statefulset"),
            pytest.param(workload("DaemonSet", "agent", "1"), id="daemonset"),
            pytest.param(db("1", spec={"podManagementPolicy": "Parallel"}), id="parallel statefulset"),
        ],
    )
    async def test_a_workload_and_its_next_version(self, place: Place, item: Json) -> None:
        assert (await place.roll_out(item)).state == "ready"
        item["spec"]["template"]["metadata"]["annotations"] = {"next": "yes"}
        outcome = await place.roll_out(item)
        assert outcome.state == "ready"
        live = await place.kube.get_object("apps/v1", item["kind"], place.namespace, item["metadata"]["name"])
        assert live is not None
        assert live["status"]["observedGeneration"] == live["metadata"]["generation"] == 2
        hashes = {pod["metadata"]["annotations"].get("next") for pod in await self.pods(place)}
        assert hashes == {"yes"}

    async def pods(self, place: Place) -> list[Json]:
        pods = await place.kube.list_objects("v1", "Pod", place.namespace)
        return [
            {**pod, "metadata": {"annotations": {}, **pod["metadata"]}}
            for pod in pods
            if not pod["metadata"].get("deletionTimestamp")
        ]

    async def test_a_slow_start_is_waited_for(self, place: Place) -> None:
        outcome = await place.roll_out(web("slow"))
        assert outcome.state == "ready"
        assert {status.state for status in place.told} == {"progressing", "ready"}

    async def test_a_job_a_claim_and_a_service_without_pods(self, place: Place) -> None:
        claim = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        }
        service = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "mysql"},
            "spec": {"ports": [{"port": 3306}]},
        }
        assert (await place.roll_out(service)).status.message == "nothing to wait for"
        assert (await place.roll_out(self.job("1"), claim)).state == "ready"

    def job(self, tag: str) -> Json:
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "import"},
            "spec": {"backoffLimit": 0, "template": template("import", tag, restartPolicy="Never")},
        }

    async def test_a_partition_keeps_old_pods_on_purpose(self, place: Place) -> None:
        assert (await place.roll_out(db("1"))).state == "ready"
        partition = {"updateStrategy": {"rollingUpdate": {"partition": 1}}}
        outcome = await place.roll_out(db("2", spec=partition))
        assert (outcome.state, outcome.status.message) == ("ready", "2 of 2 pods available; 1 kept old by partition 1")

    async def test_status_of_what_runs(self, place: Place) -> None:
        item = web("1")
        await place.roll_out(item)
        status = await place.watcher.snapshot_once([item])
        assert (status.state, status.ready, status.wanted) == ("ready", 2, 2)


async def expect(place: Place, kind: str, *objects: Json, limit: float = 40) -> RolloutOutcome:
    outcome = await place.roll_out(*objects, limit=limit)
    assert outcome.state == "failed", outcome
    assert outcome.causes[0].kind == kind, outcome.causes
    return outcome


class TestFailsFast:
    async def test_image_not_found(self, place: Place) -> None:
        await place.roll_out(web("1"))
        outcome = await expect(place, "image-not-found", web("missing-9"), limit=10)
        assert outcome.causes[0].summary == "image registry.example/shop/web:missing-9 does not exist"
        assert outcome.status.ready == 0, "the old pods still run, and do not count"
        assert (await place.watcher.snapshot_once([web("missing-9")])).state == "doomed"

    async def test_crash_loop(self, place: Place) -> None:
        outcome = await expect(place, "crash", web("crash", replicas=1))
        assert outcome.causes[0].detail.startswith("exit code 1, 3 restarts")

    async def test_unschedulable(self, place: Place) -> None:
        big = {"resources": {"requests": {"memory": "900Ti"}}}
        outcome = await expect(place, "unschedulable", web("1", container=big))
        assert outcome.causes[0].summary == "no node fits: 0/3 nodes are available: 3 Insufficient memory"
        assert "it asks for memory 900Ti (container app)" in outcome.causes[0].detail

    @pytest.mark.parametrize("make", [web, db], ids=["deployment", "statefulset"])
    async def test_quota(self, place: Place, make: Callable[..., Json]) -> None:
        quota = {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "few"},
            "spec": {"hard": {"pods": "1"}},
        }
        await place.apply(quota)
        outcome = await expect(place, "quota", make("1"))
        assert outcome.causes[0].summary == "quota few is full: pods"

    @pytest.mark.parametrize("make", [web, db], ids=["deployment", "statefulset"])
    async def test_pod_security(self, place: Place, make: Callable[..., Json]) -> None:
        await place.kube.ensure_namespace(place.namespace, {"pod-security.kubernetes.io/enforce": "restricted"})
        outcome = await expect(place, "admission", make("1"))
        assert outcome.causes[0].summary.startswith("Pod Security restricted:latest refuses the pod: ")

    async def test_service_account(self, place: Place) -> None:
        outcome = await expect(place, "admission", web("1", serviceAccountName="nobody"))
        assert outcome.causes[0].summary == "ServiceAccount nobody does not exist"

    async def test_claim_of_an_unknown_class(self, place: Place) -> None:
        claims = [
            {
                "metadata": {"name": "data"},
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "storageClassName": "no-such-class",
                    "resources": {"requests": {"storage": "1Gi"}},
                },
            }
        ]
        outcome = await expect(place, "claim-unbound", db("1", spec={"volumeClaimTemplates": claims}))
        assert 'storageclass.storage.k8s.io "no-such-class" not found' in outcome.causes[0].summary

    async def test_failed_job(self, place: Place) -> None:
        outcome = await expect(place, "crash", TestReady().job("crash"))
        assert [cause.kind for cause in outcome.causes] == ["crash", "job-failed"]
        assert outcome.causes[1].summary == "Job import failed: BackoffLimitExceeded"

    async def test_progress_deadline_and_the_way_back(self, place: Place) -> None:
        """The controller keeps the passed deadline for a moment after the rollback: that must not doom it."""
        short = {"progressDeadlineSeconds": 2}
        await place.roll_out(web("1", replicas=1, spec=short))
        outcome = await expect(place, "probe-failed", web("never-ready", replicas=1, spec=short))
        assert [cause.kind for cause in outcome.causes] == ["probe-failed", "deadline"]
        assert (await place.roll_out(web("1", replicas=1, spec=short))).state == "ready"

    async def test_paused_by_somebody(self, place: Place) -> None:
        item = web("1")
        await place.roll_out(item)
        await place.apply({**web("1"), "spec": {**item["spec"], "paused": True}})
        live = web("2")
        live["spec"]["paused"] = True
        await place.apply(live)
        patient = replace(IMPATIENT, paused=1)
        async with RolloutWatcher(place.kube, place.namespace, patience=patient) as watcher:
            outcome = await watcher.wait_ready([web("2")], time_limit=20)
        assert (outcome.state, outcome.causes[0].kind) == ("failed", "paused")


class TestTimeLimit:
    async def test_never_ready(self, place: Place) -> None:
        outcome = await place.roll_out(web("never-ready"), limit=6)
        assert outcome.state == "timed_out"
        assert [cause.kind for cause in outcome.causes] == ["probe-failed", "deadline"]
        assert outcome.causes[0].summary == "readiness probe of container app fails: HTTP status 503"


class TestStuckStatefulSet:
    """T076: an ordered StatefulSet does not come back by itself."""

    async def test_a_rollback_needs_the_broken_pod_deleted(self, place: Place) -> None:
        assert (await place.roll_out(db("1"))).state == "ready"
        await expect(place, "image-not-found", db("missing"))

        back = db("1")
        blocked = await place.roll_out(back, limit=15)
        assert (blocked.state, blocked.causes[0].kind) == ("failed", "blocked")
        picture = await place.picture("StatefulSet", "Pod")
        assert stuck_pods([back], picture) == ["db-1"]

        await self.delete(place, stuck_pods([back], picture))
        assert (await place.roll_out(back)).state == "ready"
        assert stuck_pods([back], await place.picture("StatefulSet", "Pod")) == []

    async def test_a_corrected_first_version_needs_it_too(self, place: Place) -> None:
        await expect(place, "image-not-found", db("missing"))
        fixed = db("2")
        await place.apply(fixed)
        await self.until_observed(place)
        stuck = stuck_pods([fixed], await place.picture("StatefulSet", "Pod"))
        assert stuck == ["db-0"]
        await self.delete(place, stuck)
        assert (await place.roll_out(fixed)).state == "ready"

    async def delete(self, place: Place, names: list[str]) -> None:
        for name in names:
            assert await place.kube.delete_object("v1", "Pod", place.namespace, name)

    async def until_observed(self, place: Place) -> None:
        async for event in place.kube.list_and_watch("apps/v1", "StatefulSet", place.namespace):
            item = event.objects[0]
            if item["status"].get("observedGeneration") == item["metadata"]["generation"]:
                return


async def test_many_services_at_once_in_one_namespace(place: Place) -> None:
    def named(number: int) -> Json:
        tag = {0: "missing", 1: "never-ready"}.get(number, "1")
        return workload("Deployment", f"web-{number}", tag, spec={"replicas": 1})

    waits: list[Awaitable[RolloutOutcome]] = [place.roll_out(named(number), limit=12) for number in range(12)]
    outcomes = await asyncio.gather(*waits)
    assert [outcome.state for outcome in outcomes] == ["failed", "timed_out", *["ready"] * 10]
