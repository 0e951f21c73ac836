"""Pictures that are older than what they are asked about, or do not fit together: no verdict comes from them."""

from __future__ import annotations

import asyncio
from typing import Any

from relman.rollout.live import LiveObjects
from relman.rollout.view import NamespaceView
from tests.unit.relman_rollout_objects import NAMESPACE, Json, deployment, named, owned_by, pod, replicaset, waiting
from tests.unit.relman_rollout_world import LoopClock, World, named_like, run

STARTING = deployment(status={"updatedReplicas": 1, "replicas": 4, "availableReplicas": 3})
READY = deployment()
NOT_FOUND = "Back-off pulling image: ErrImagePull: not found"


class TestOldPictures:
    def test_a_change_that_the_running_watch_has_not_seen_is_judged_all_the_same(self) -> None:
        """Helm has just applied generation 3; the watch still shows generation 2, complete."""

        async def main(world: World) -> None:
            world.put(READY)
            await world.wait(READY)
            await self.freeze_watches(world)
            world.put(deployment(generation=3, status={"observedGeneration": 2}, image="web:4"))
            waiting = asyncio.create_task(world.wait(READY, limit=5))
            outcome = await waiting
            assert outcome.state == "timed_out"
            assert "has not seen change 3" in outcome.status.message

        run(main)

    async def freeze_watches(self, world: World) -> None:
        """From now on no watch delivers anything."""

        async def deaf(request: Any) -> None:
            if "watch" in request.params:
                await asyncio.sleep(10_000)

        world.kube.memory.hooks.append(deaf)
        # What is open ends as a watch does whose history is gone; the list after it is the last news.
        world.break_watches()
        await asyncio.sleep(0.1)

    def test_a_doom_that_only_mixed_pictures_show_is_none(self) -> None:
        """Right after a rollback the pods' watch still shows the broken revision as if it were the newest one's."""

        async def main(world: World) -> None:
            broken = pod("web-2-a", waiting("ImagePullBackOff", NOT_FOUND))
            world.put(STARTING, replicaset(), broken)

            async def late(request: Any) -> None:
                # The first list has shown the broken pod; that it is gone now comes too late.
                if "watch" in request.params and request.path.endswith("/pods"):
                    world.delete(broken)
                    await asyncio.sleep(10_000)

            world.kube.memory.hooks.append(late)
            world.later(20, READY)
            assert (await world.wait(READY)).state == "ready"

        run(main)

    def test_the_picture_never_goes_back(self) -> None:
        known = LiveObjects()

        def at(version: int, uid: str = "one") -> Json:
            return named("Deployment", "web", resourceVersion=str(version)) | {
                "metadata": {"name": "web", "uid": uid, "resourceVersion": str(version)}
            }

        assert known.put(at(5))
        assert not known.put(at(4)), "an older event after a direct read"
        known.replace_all([at(3)])
        assert known.get("web") == at(5), "an older list after a direct read"
        assert known.put(at(9, "two")), "made anew"
        assert not known.remove(at(7, "one")), "the deletion of the one before"
        assert known.remove(at(10, "two"))
        known.replace_all([at(3)])
        known.replace_all([])
        assert list(known) == []


def test_a_change_wakes_only_those_it_concerns() -> None:
    """Fifty services wait in one namespace; one pod of one of them must not make all of them think."""

    async def main(world: World) -> None:
        world.put(STARTING, replicaset(), named_like(STARTING, "other"))
        view = NamespaceView(world.kube, NAMESPACE, LoopClock())
        await view.follow(["Deployment", "ReplicaSet", "Pod"])
        with view.woken_by([("Deployment", "web")]) as ours, view.woken_by([("Deployment", "other")]) as theirs:
            ours.clear()
            theirs.clear()
            world.put(pod("web-2-a", owner=owned_by("ReplicaSet", "web-2")))
            await asyncio.sleep(0.1)
            assert ours.is_set()
            assert not theirs.is_set()
        await view.close()

    run(main)
