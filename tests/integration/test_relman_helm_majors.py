"""relman on Helm 3, and on releases that Helm 3 made and Helm 4 goes on with, and the other way round."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from relman.actions.rollback import RollbackOptions, rollback
from sandbox.cluster import Sandbox
from tests.builders.lanes import NEW, OLD, Lane, chain, open_lane
from tests.builders.worlds import agree

BROKEN = "3.0.0"


@pytest.fixture
async def lanes(sandbox: Sandbox, unique_name: str, tmp_path: Path) -> AsyncIterator[tuple[Lane, Lane]]:
    """One namespace, seen by a relman with Helm 3 and by one with Helm 4."""
    folders = (tmp_path / "three", tmp_path / "four")
    async with AsyncExitStack() as stack:
        opened = []
        for folder, helm in zip(folders, (sandbox.helm3, sandbox.helm), strict=True):
            folder.mkdir()
            lane = await stack.enter_async_context(open_lane(sandbox, folder, unique_name, helm=helm))
            for version in (OLD, NEW):
                lane.publish(version, *chain(unique_name, version[0], length=2))
            broken = chain(unique_name, "missing-3", replicas=1, length=2)
            lane.publish(BROKEN, broken[0], chain(unique_name, "3", length=2)[1])
            opened.append(lane)
        yield opened[0], opened[1]
        sandbox.api.delete(f"/api/v1/namespaces/{unique_name}")


async def back(lane: Lane) -> str:
    return (await rollback(lane.world(), RollbackOptions(name=f"{lane.namespace}/"), agree)).outcome


async def methods(lane: Lane) -> list[str]:
    """Return how each revision of the first service was applied; empty is Helm 3's way."""
    found = await lane.kube.list_release_metadata(lane.namespace, release="first")
    return [(await lane.kube.get_release(lane.namespace, "first", one.revision)).apply_method for one in found]


async def set_image(lane: Lane, image: str, manager: str) -> None:
    live = await lane.kube.get_object("apps/v1", "Deployment", lane.namespace, "first")
    assert live is not None
    live["metadata"].pop("managedFields")
    live["spec"]["template"]["spec"]["containers"][0]["image"] = image
    await lane.kube.replace_object(live, field_manager=manager)


async def test_install_upgrade_failure_and_rollback_on_helm_3(lanes: tuple[Lane, Lane]) -> None:
    three, _ = lanes
    assert (await three.upgrade(OLD)).outcome == "done"
    assert (await three.upgrade(NEW)).outcome == "done"
    assert (await three.upgrade(NEW)).outcome == "nothing"
    assert (await three.upgrade(BROKEN, timeout=60)).outcome == "restored"
    assert await three.check_true() == "2"
    assert await back(three) == "done"
    assert await three.check_true() == "1"
    assert set(await methods(three)) == {""}


async def test_what_helm_3_made_goes_on_under_helm_4_also_where_others_own_fields(lanes: tuple[Lane, Lane]) -> None:
    three, four = lanes
    assert (await three.upgrade(OLD)).outcome == "done"
    assert (await four.upgrade(OLD)).outcome == "nothing", "another helm is no reason to move"
    await set_image(four, "registry.example/app:77", "kubectl-set")
    assert (await four.upgrade(NEW)).outcome == "done"
    assert await four.check_true() == "2"
    assert await methods(four) == ["", "ssa"]
    # Back past the latch: to a revision that was applied on the client's side, by a helm that applies on the server's.
    await set_image(four, "registry.example/app:78", "kubectl-set")
    assert await back(four) == "done"
    assert await four.check_true() == "1"
    assert (await methods(four))[-1] == "ssa"
    assert (await four.upgrade(BROKEN, timeout=60)).outcome == "restored"
    assert await four.check_true() == "1"
    # And back to Helm 3, for who must.
    assert (await three.upgrade(NEW, release_holds=True)).outcome == "done"
    assert await three.check_true() == "2"
