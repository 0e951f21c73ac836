"""What people left on live workloads by hand: taken away by the next upgrade or rollback, or reported by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helmkit.kube.transport import Answer, ConnectionFailedError, Request
from relman.actions.rollback import RollbackOptions, rollback
from relman.actions.run import RunResult
from relman.actions.upgrade import UpgradeOptions, upgrade
from relman.core.leftover_fields import strip_leftovers
from relman.observe.namespace import read_history
from relman.source import Source
from tests.builders.platforms import Service, write_package
from tests.builders.worlds import MemoryWorld, agree

NS = "shop-gw"


@pytest.fixture
async def memory(tmp_path: Path) -> MemoryWorld:
    for version, tag in (("1.0.0", "1"), ("1.1.0", "2"), ("1.2.0", "missing-3")):
        write_package(tmp_path / "dist", version, [Service("gateway", NS, tag=tag)])
    memory = MemoryWorld(tmp_path)
    await go(memory, "1.0.0")
    return memory


async def go(memory: MemoryWorld, version: str) -> RunResult:
    source = Source(str(memory.folder / "dist"))
    return await upgrade(memory.world(), UpgradeOptions(version=version, name=f"{NS}/", source=source), agree)


async def live(memory: MemoryWorld) -> dict[str, Any]:
    found = await memory.kube.get_object("apps/v1", "Deployment", NS, "gateway")
    assert found is not None
    return found


async def set_env(memory: MemoryWorld, manager: str = "kubectl-set") -> None:
    """Do what `kubectl set env` does, with an image besides."""
    found = await live(memory)
    container = found["spec"]["template"]["spec"]["containers"][0]
    container["env"].append({"name": "DEBUG", "value": "1"})
    container["image"] = "registry.example/app:99"
    await memory.kube.replace_object(found, field_manager=manager)


async def env(memory: MemoryWorld) -> list[str]:
    container = (await live(memory))["spec"]["template"]["spec"]["containers"][0]
    return [one["name"] for one in container["env"]]


async def leftovers(memory: MemoryWorld) -> tuple[str, ...]:
    return (await read_history(memory.kube, NS, "shop"))[0].services["gateway"].leftovers


async def test_a_variable_set_by_hand_goes_with_the_next_upgrade(memory: MemoryWorld) -> None:
    await set_env(memory)
    await go(memory, "1.1.0")
    assert await env(memory) == ["LEVEL", "DB_PASSWORD"]
    place = "spec.template.spec.containers[main].env[DEBUG]"
    assert await leftovers(memory) == (f"Deployment/gateway: {place}, set by kubectl-set, was removed",)
    assert (await go(memory, "1.1.0")).outcome == "nothing"


async def test_a_rollback_takes_it_away_as_well(memory: MemoryWorld) -> None:
    await go(memory, "1.1.0")
    await set_env(memory)
    result = await rollback(memory.world(), RollbackOptions(name="gateway"), agree)
    assert result.outcome == "done"
    assert await env(memory) == ["LEVEL", "DB_PASSWORD"]


async def test_a_restore_comes_back_to_the_manifest_not_to_what_was_made_of_it(memory: MemoryWorld) -> None:
    await set_env(memory)
    assert (await go(memory, "1.2.0")).outcome == "restored"
    assert await env(memory) == ["LEVEL", "DB_PASSWORD"]
    assert (await go(memory, "1.0.0")).outcome == "nothing"


async def test_what_a_controller_added_is_its_own_and_told_by_name(memory: MemoryWorld) -> None:
    await set_env(memory, "sidecar-injector")
    await go(memory, "1.1.0")
    assert "DEBUG" in await env(memory)
    assert "env[DEBUG] was set by sidecar-injector and stays" in " ".join(await leftovers(memory))


def workload(**pod: Any) -> dict[str, Any]:
    metadata = {"name": "web", "namespace": NS}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": {"spec": pod}}}


def owned(item: dict[str, Any], fields: dict[str, Any], manager: str = "kubectl-edit", **more: Any) -> dict[str, Any]:
    entry = {"manager": manager, "fieldsV1": {"f:spec": {"f:template": {"f:spec": fields}}}, **more}
    return {**item, "metadata": {**item["metadata"], "managedFields": [entry]}}


MAIN = {"name": "main", "image": "a:1"}
PORT = {"containerPort": 80, "protocol": "TCP"}


@pytest.mark.parametrize(
    ("stated", "found", "fields", "removed"),
    [
        pytest.param(
            workload(containers=[MAIN]), workload(containers=[MAIN], tolerations=[{"key": "x"}]),
            {"f:tolerations": {}}, ["spec.template.spec.tolerations"], id="a list that is one field",
        ),
        pytest.param(
            workload(containers=[MAIN]), workload(containers=[MAIN, {"name": "debug", "image": "b"}]),
            {"f:containers": {'k:{"name":"debug"}': {".": {}, "f:image": {}, "f:name": {}}}},
            ["spec.template.spec.containers[debug]"], id="a container of its own",
        ),
        pytest.param(
            workload(containers=[{**MAIN, "ports": [{"containerPort": 80}]}]),
            workload(containers=[{**MAIN, "ports": [PORT], "resources": {"limits": {"cpu": "1"}}}]),
            {"f:containers": {'k:{"name":"main"}': {
                "f:resources": {"f:limits": {"f:cpu": {}}},
                "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}},
            }}},
            ["spec.template.spec.containers[main].resources.limits.cpu"], id="a limit; the stated port stays",
        ),
        pytest.param(
            workload(containers=[MAIN]), workload(containers=[MAIN]),
            {"f:containers": {'k:{"name":"gone"}': {".": {}}}}, [], id="it is gone already",
        ),
    ],
)  # fmt: skip
def test_only_what_is_not_stated_goes_and_nothing_else(
    stated: dict[str, Any], found: dict[str, Any], fields: dict[str, Any], removed: list[str]
) -> None:
    item = owned(found, fields)
    stripped, told = strip_leftovers(stated, item)
    assert list(told) == [f"{path}, set by kubectl-edit, was removed" for path in removed]
    kept = stripped["spec"]["template"]["spec"]["containers"][0]
    assert kept["image"] == "a:1"
    assert kept.get("ports", [PORT]) == [PORT]
    assert "resources" not in kept, "what is left empty goes as well"
    assert item == owned(found, fields), "what was seen is not changed in place"


@pytest.mark.parametrize("more", [{"manager": "vpa-updater"}, {"subresource": "scale"}])
def test_what_is_not_a_persons_kubectl_is_left_alone(more: dict[str, Any]) -> None:
    item = owned(workload(containers=[MAIN], tolerations=[]), {"f:tolerations": {}}, **more)
    assert strip_leftovers(workload(containers=[MAIN]), item) == (item, ())


async def test_a_controller_that_writes_at_the_same_moment_keeps_nothing_from_going(
    memory: MemoryWorld,
) -> None:
    await set_env(memory)
    written: list[str] = []

    async def controller(request: Request) -> Answer | None:
        """Write a status between relman's read and its write, as the Deployment's controller does after an upgrade."""
        if request.method == "PUT" and request.path.endswith("/deployments/gateway") and len(written) < 2:
            written.append(request.path)
            found = await live(memory)
            found["metadata"]["annotations"] = {**found["metadata"].get("annotations", {}), "turn": str(len(written))}
            memory.kube.memory.hooks.remove(controller)
            await memory.kube.replace_object(found, field_manager="kube-controller-manager")
            memory.kube.memory.hooks.append(controller)
        return None

    memory.kube.memory.hooks.append(controller)
    await go(memory, "1.1.0")
    assert len(written) == 2
    assert await env(memory) == ["LEVEL", "DB_PASSWORD"]
    assert "env[DEBUG], set by kubectl-set, was removed" in " ".join(await leftovers(memory))


async def test_what_was_removed_though_the_answer_got_lost_is_told(memory: MemoryWorld) -> None:
    await set_env(memory)
    lost: list[str] = []

    async def lose(request: Request) -> Answer | None:
        if request.method == "PUT" and request.path.endswith("/deployments/gateway") and not lost:
            lost.append(request.path)
            await memory.kube.memory.send(request)
            raise ConnectionFailedError("cut", sent=True)
        return None

    memory.kube.memory.hooks.append(lose)
    await go(memory, "1.1.0")
    assert lost
    assert await env(memory) == ["LEVEL", "DB_PASSWORD"]
    assert "env[DEBUG], set by kubectl-set, was removed" in " ".join(await leftovers(memory))
