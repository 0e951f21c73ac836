"""The doctor in memory: what is broken on purpose is found, with the command to type next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helmkit.errors import UsageError
from helmkit.helm.errors import HelmFailedError
from helmkit.kube.memory import crash, forbid
from helmkit.kube.transport import JSON, Answer, Request
from relman.actions.doctor import DoctorReport, doctor
from relman.actions.rollback import RollbackOptions, rollback
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.core.diagnosis.cause import Cause
from relman.core.doctor import Finding, in_order
from relman.core.doctor.objects import needed_to_change, of_causes, of_lacking, of_versions
from relman.core.health import workload_health
from relman.lock import held_locks
from relman.source import Source
from tests.builders.platforms import Service, write_package
from tests.builders.worlds import MemoryWorld, agree

NS = "shop-gw"


class DiedError(BaseException):
    """This process is gone."""


def services(gateway: str = "1", db: str = "Deployment") -> list[Service]:
    return [
        Service("store", NS, kind="StatefulSet"),
        Service("gateway", NS, tag=gateway, depends_on=("store",)),
        Service("db", NS, kind=db),
    ]


@pytest.fixture
async def memory(tmp_path: Path) -> MemoryWorld:
    write_package(tmp_path / "dist", "1.0.0", services())
    write_package(tmp_path / "dist", "1.1.0", services("missing-2"))
    write_package(tmp_path / "dist", "1.2.0", services("2", db="External"))
    memory = MemoryWorld(tmp_path)
    await go(memory, "1.0.0")
    return memory


async def go(memory: MemoryWorld, version: str, **options: Any) -> None:
    source = Source(str(memory.folder / "dist"))
    await upgrade(memory.world(), UpgradeOptions(version=version, everything=True, source=source, **options), agree)


async def examine(memory: MemoryWorld, name: str | None = f"{NS}/", *, fix: bool = False) -> DoctorReport:
    return await doctor(memory.world(), name, None, fix=fix)


def wrong(report: DoctorReport) -> dict[str, Finding]:
    return {one.kind: one for one in report.findings if one.severity != "info"}


async def test_a_healthy_set_has_nothing_wrong_and_says_its_versions(memory: MemoryWorld) -> None:
    report = await examine(memory)
    assert not report.troubled, report.findings
    assert [one.summary for one in report.findings] == ["Kubernetes v1.36.0-memory, helm 4.3.1"]
    assert (await examine(memory, None)).namespaces == (NS,)


async def test_what_is_not_healthy_comes_first_with_its_root_cause(memory: MemoryWorld) -> None:
    await go(memory, "1.1.0", restore=False)
    report = await examine(memory)
    first = report.findings[0]
    assert (first.kind, first.severity, first.services) == ("unhealthy", "error", ("gateway",))
    assert "missing-2 does not exist" in first.summary
    assert "0/1 ready" in first.summary
    assert f"rollback {NS}/gateway" in wrong(report)["not-good"].next
    only = await examine(memory, "store")
    assert not only.troubled


async def test_drift_a_hold_and_strange_releases_are_told(memory: MemoryWorld) -> None:
    await go(memory, "1.2.0")
    await rollback(memory.world(), RollbackOptions(name=f"{NS}/gateway", why="slow"), agree)
    item = await memory.kube.get_object("apps/v1", "StatefulSet", NS, "store")
    assert item is not None
    item["spec"]["replicas"] = 3
    await memory.kube.replace_object(item, field_manager="kubectl-edit")
    chart = memory.folder / "unpacked" / "1.0.0" / "db"
    await memory.helm.upgrade("stranger", chart, namespace=NS, values={}, timeout=5)
    report = await examine(memory)
    found = wrong(report)
    assert found["drift"].services == ("store",)
    assert "kubectl-edit" in found["drift"].detail
    assert found["drift"].next == f"relman drift {NS}/store"
    assert "stranger" in found["foreign-release"].summary
    hold = next(one for one in report.findings if one.kind == "hold")
    assert "slow" in hold.summary
    assert "--release-hold" in hold.next


async def test_what_helm_and_the_history_disagree_about_is_told(memory: MemoryWorld) -> None:
    chart = memory.folder / "unpacked" / "1.0.0" / "gateway"
    await memory.helm.upgrade("gateway", chart, namespace=NS, values={"level": "debug"}, timeout=5)
    await memory.helm.uninstall("db", namespace=NS, timeout=5)
    (newest,) = (await memory.kube.list_release_metadata(NS, release="store"))[-1:]
    await memory.kube.mark_release(newest, status="pending-upgrade", description="x")
    found = wrong(await examine(memory))
    assert found["changed-outside"].services == ("gateway",)
    assert found["release-gone"].services == ("db",)
    assert found["pending-release"].services == ("store",)
    assert "relman diff" in found["changed-outside"].next


async def test_a_run_that_died_is_told(memory: MemoryWorld) -> None:
    memory.kube.memory.hooks.append(crash(9, DiedError()))
    with pytest.raises(DiedError):
        await go(memory, "1.2.0")
    memory.kube.memory.hooks.clear()
    found = wrong(await examine(memory))
    assert f"relman resume {NS}/, or relman abort {NS}/" == found["unfinished-run"].next


@pytest.mark.parametrize(("renewed", "kind"), [(False, "lock-abandoned"), (True, "lock")])
async def test_a_lock_is_watched_for_a_sign_of_life(memory: MemoryWorld, renewed: bool, kind: str) -> None:
    spec = {"holderIdentity": "bob@host (upgrade)", "acquireTime": "2026-01-01T00:00:00Z", "leaseDurationSeconds": 30}
    found = await memory.kube.get_object("coordination.k8s.io/v1", "Lease", NS, "relman.shop")
    assert found is not None
    lease = await memory.kube.replace_object({**found, "spec": spec})
    slept = memory.clock.sleep

    async def meanwhile(seconds: float) -> None:
        if renewed:
            await memory.kube.replace_object({**lease, "spec": {**spec, "renewTime": "2026-01-01T00:00:05Z"}})
        await slept(seconds)

    memory.clock.sleep = meanwhile  # type: ignore[method-assign]  # its holder lives on while we wait
    report = await examine(memory)
    told = next(one for one in report.findings if one.kind.startswith("lock"))
    assert (told.kind, "bob@host" in told.summary) == (kind, True)
    assert report.troubled is not renewed


def stale_slice() -> dict[str, Any]:
    """Return endpoints that Kubernetes made for a selector."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": "db-x7",
            "namespace": NS,
            "labels": {
                "kubernetes.io/service-name": "db",
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            },
        },
        "endpoints": [],
    }


async def test_claims_and_endpoints_that_are_left_over_are_told(memory: MemoryWorld) -> None:
    await go(memory, "1.2.0")
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data-0", "namespace": NS}}
    await memory.kube.create_object({**claim, "spec": {"storageClassName": "slow"}, "status": {"phase": "Pending"}})
    await memory.kube.create_object(stale_slice())
    found = wrong(await examine(memory))
    assert "claim data-0 is Pending (class slow)" in found["claim-not-bound"].summary
    assert found["stale-endpoints"].next == f"kubectl -n {NS} delete EndpointSlice/db-x7"
    fixed = await examine(memory, fix=True)
    assert "EndpointSlice/db-x7 was removed" in {one.summary for one in fixed.findings}
    assert set(wrong(await examine(memory))) == {"claim-not-bound"}
    assert await memory.kube.get_object("discovery.k8s.io/v1", "EndpointSlice", NS, "db-1"), "the chart's own stays"


async def test_endpoints_of_a_service_that_still_selects_its_pods_are_not_stale(memory: MemoryWorld) -> None:
    """What Helm recorded last need not be what is there: its helm may have died before it changed the Service."""
    live = await memory.kube.get_object("v1", "Service", NS, "db")
    assert live is not None
    await go(memory, "1.2.0")
    left = await memory.kube.get_object("v1", "Service", NS, "db")
    assert left is not None
    await memory.kube.replace_object({**left, "spec": live["spec"]})
    await memory.kube.create_object(stale_slice())
    assert "stale-endpoints" not in wrong(await examine(memory))
    await examine(memory, fix=True)
    assert await memory.kube.get_object("discovery.k8s.io/v1", "EndpointSlice", NS, "db-x7")


async def test_a_broken_ordered_pod_that_blocks_its_set_is_told(memory: MemoryWorld) -> None:
    live = await memory.kube.get_object("apps/v1", "StatefulSet", NS, "store")
    assert live is not None
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "store", "controller": True}
    waiting = {"waiting": {"reason": "ImagePullBackOff"}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "store-0",
            "namespace": NS,
            "labels": {"app": "store", "controller-revision-hash": "store-old"},
            "ownerReferences": [{**owner, "uid": live["metadata"]["uid"]}],
        },
        "spec": {"containers": [{"name": "main", "image": "registry.example/app:missing"}]},
        "status": {
            "phase": "Pending",
            "conditions": [{"type": "Ready", "status": "False"}],
            "containerStatuses": [{"name": "main", "ready": False, "restartCount": 0, "state": waiting}],
        },
    }
    await memory.kube.create_object(pod)
    found = wrong(await examine(memory))
    assert found["stuck-pod"].next == f"kubectl -n {NS} delete pod store-0"
    await examine(memory, fix=True)
    assert await memory.kube.get_object("v1", "Pod", NS, "store-0") is None


async def test_a_missing_right_hides_nothing_else(memory: MemoryWorld) -> None:
    await go(memory, "1.1.0", restore=False)
    memory.kube.memory.hooks += [forbid("list", "secrets"), forbid("list", "persistentvolumeclaims")]
    report = await examine(memory)
    unseen = [one.summary for one in report.findings if one.kind == "missing-right"]
    assert unseen == ["not seen: Helm's releases and drift", "not seen: claims"]
    assert wrong(report)["unhealthy"].services == ("gateway",)


async def test_a_namespace_with_releases_and_no_history_is_pointed_to_adopt(memory: MemoryWorld) -> None:
    await memory.kube.ensure_namespace("other")
    chart = memory.folder / "unpacked" / "1.0.0" / "db"
    await memory.helm.upgrade("theirs", chart, namespace="other", values={}, timeout=5)
    report = await examine(memory, "other")
    assert "relman adopt other/" in wrong(report)["foreign-release"].next
    with pytest.raises(UsageError):
        await examine(memory, "nowhere")


async def test_a_helm_that_cannot_be_used_is_told(memory: MemoryWorld) -> None:
    async def broken() -> Any:
        raise HelmFailedError("helm 2.1 is too old")

    memory.helm.version = broken  # type: ignore[method-assign]  # the one thing that is broken here
    found = wrong(await examine(memory))
    assert found["helm"].summary == "helm 2.1 is too old"


def test_one_reason_for_many_services_is_one_finding() -> None:
    cause = Cause("missing-secret", "Secret db is missing", hint="create it")
    (found,) = of_causes(NS, {"a": [cause], "b": [cause]}, {"a": "0/1 ready", "b": "0/2 ready"})
    assert found.services == ("a", "b")
    assert found.summary == "Secret db is missing (a 0/1 ready, b 0/2 ready)"
    assert found.next == "create it"


def test_an_old_cluster_is_an_error_and_errors_come_first() -> None:
    (old,) = of_versions((1, 19), "v1.19.2", "4.3.1", "")
    assert (old.kind, old.severity) == ("kubernetes", "error")
    note = Finding(kind="hold", severity="info", summary="x")
    assert in_order([note, old]) == (old, note)


def test_a_new_pod_that_never_gets_ready_is_not_hidden_by_the_old_one() -> None:
    status = {"observedGeneration": 2, "availableReplicas": 1, "replicas": 2, "updatedReplicas": 1}
    item = {"kind": "Deployment", "metadata": {"generation": 2}, "spec": {"replicas": 1}, "status": status}
    assert workload_health(item).state == "progressing"
    assert workload_health({**item, "status": {**status, "replicas": 1}}).state == "healthy"


async def test_nothing_is_fixed_where_somebody_holds_the_lock(memory: MemoryWorld) -> None:
    await go(memory, "1.2.0")
    await memory.kube.create_object(stale_slice())
    lease = await memory.kube.get_object("coordination.k8s.io/v1", "Lease", NS, "relman.shop")
    assert lease is not None
    await memory.kube.replace_object({**lease, "spec": {"holderIdentity": "bob", "leaseDurationSeconds": 30}})
    found = wrong(await examine(memory, fix=True))
    assert "stale-endpoints" in found
    assert await memory.kube.get_object("discovery.k8s.io/v1", "EndpointSlice", NS, "db-x7")


async def test_what_is_fixed_is_fixed_under_the_lock(memory: MemoryWorld) -> None:
    await go(memory, "1.2.0")
    await memory.kube.create_object(stale_slice())
    holders: list[str] = []

    async def watch(request: Request) -> Answer | None:
        if request.method == "DELETE":
            holders.extend(lock.holder for lock in await held_locks(memory.kube, NS))
        return None

    memory.kube.memory.hooks.append(watch)
    await examine(memory, fix=True)
    assert [("anna@laptop" in one, "doctor" in one) for one in holders] == [(True, True)]
    assert await held_locks(memory.kube, NS) == []


async def test_a_run_that_begins_while_the_doctor_looks_keeps_it_from_fixing(memory: MemoryWorld) -> None:
    await go(memory, "1.2.0")
    await memory.kube.create_object(stale_slice())
    slept, turns = memory.clock.sleep, 0

    async def renew(seconds: float) -> None:
        nonlocal turns
        turns += 1
        lease = await memory.kube.get_object("coordination.k8s.io/v1", "Lease", NS, "relman.shop")
        assert lease is not None
        spec = {"holderIdentity": "bob", "leaseDurationSeconds": 15, "renewTime": f"2026-01-01T00:00:{turns:02d}Z"}
        await memory.kube.replace_object({**lease, "spec": spec})
        await slept(seconds)

    async def begin(request: Request) -> Answer | None:
        if request.path.endswith("/deployments") and request.accept == JSON:
            memory.kube.memory.hooks.remove(begin)
            memory.clock.sleep = renew  # type: ignore[method-assign]  # bob renews while others wait
            await renew(0)
        return None

    memory.kube.memory.hooks.append(begin)
    found = wrong(await examine(memory, fix=True))
    assert "stale-endpoints" in found
    assert "lock" not in found, "it had not begun when the lock was looked at"
    assert await memory.kube.get_object("discovery.k8s.io/v1", "EndpointSlice", NS, "db-x7")


def test_rights_that_are_missing_are_named_together() -> None:
    lacking = [one for one in needed_to_change(NS) if one.resource == "leases"]
    (found,) = of_lacking(NS, lacking)
    assert found.summary.count("leases") == len(lacking) == 3
    assert not list(of_lacking(NS, []))
