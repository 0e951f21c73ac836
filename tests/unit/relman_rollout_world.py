"""A cluster in memory whose objects the test moves, and an event loop whose time passes without waiting."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from helmkit.errors import HelmkitError
from helmkit.kube.kinds import KNOWN
from helmkit.kube.memory import MemoryKube
from relman.core.rollout import RolloutStatus
from relman.rollout import RolloutOutcome, RolloutWatcher
from tests.unit.relman_rollout_objects import NAMESPACE, NOW, Json, applied

Result = TypeVar("Result")


class _VirtualSelector(selectors.DefaultSelector):
    """Never waits: the time it would have waited has passed when it returns."""

    time = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            message = "everything waits for something that will never happen"
            raise RuntimeError(message)
        self.time += timeout
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop with virtual time; `asyncio.sleep` costs nothing."""

    def __init__(self) -> None:
        self.virtual = _VirtualSelector()
        super().__init__(self.virtual)

    def time(self) -> float:
        return self.virtual.time


class LoopClock:
    """The loop's time as a clock; the wall clock starts at NOW."""

    def now(self) -> str:
        return (NOW + timedelta(seconds=self.monotonic())).isoformat()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def run(main: Callable[[World], Coroutine[Any, Any, Result]]) -> Result:
    """Run a test's coroutine on virtual time, with a cluster of its own; afterwards no task may be left."""

    async def whole() -> Result:
        world = World()
        async with RolloutWatcher(world.kube, NAMESPACE, clock=LoopClock()) as world.watcher:
            result = await main(world)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(whole())


class KubeWithLogs(MemoryKube):
    """A cluster in memory that has container logs."""

    def __init__(self) -> None:
        super().__init__(workloads=False)
        self.log: str | HelmkitError = ""
        self.logs_read: list[tuple[str, str, bool]] = []

    async def read_log(self, namespace: str, pod: str, container: str, *, previous: bool = False, lines: int) -> str:
        self.logs_read.append((pod, container, previous))
        if isinstance(self.log, HelmkitError):
            raise self.log
        return "\n".join(self.log.splitlines()[-lines:])


class World:
    """The cluster, what a wait was told, and the future as the test plans it."""

    watcher: RolloutWatcher

    def __init__(self) -> None:
        self.kube = KubeWithLogs()
        self.told: list[RolloutStatus] = []

    @property
    def requests(self) -> list[str]:
        """The requests so far: `list pods`, `watch pods`, `get web`."""
        words = []
        for request in self.kube.memory.requests:
            verb = "watch" if "watch" in request.params else "list" if request.path.endswith("s") else "get"
            words.append(f"{verb} {request.path.rpartition('/')[2]}")
        return words

    def put(self, *objects: Json) -> None:
        """Create or change objects, status included, as controllers do."""
        for item in objects:
            kind = KNOWN[item["apiVersion"], item["kind"]]
            key = (kind.api_version, kind.plural, NAMESPACE, item["metadata"]["name"])
            stored = self.kube.memory.store.write(kind, key, item)
            # The in-memory cluster has a clock of its own.
            stored["metadata"]["creationTimestamp"] = item["metadata"]["creationTimestamp"]
            stored["metadata"]["generation"] = item["metadata"].get("generation", 1)

    def delete(self, item: Json) -> None:
        kind = KNOWN[item["apiVersion"], item["kind"]]
        self.kube.memory.store.remove(kind, (kind.api_version, kind.plural, NAMESPACE, item["metadata"]["name"]))

    def later(self, seconds: float, *objects: Json) -> None:
        """Put objects in so many seconds."""
        asyncio.get_running_loop().call_later(seconds, lambda: self.put(*objects))

    def break_watches(self) -> None:
        """End every watch as a server does that no longer knows the history the watch asks for (410 Gone)."""
        store = self.kube.memory.store
        store.version += 1
        store.forget_history()

    async def wait(self, *live: Json, limit: float = 300) -> RolloutOutcome:
        """Wait for objects, given as they are in the cluster."""
        return await self.watcher.wait_ready(
            [applied(item) for item in live], time_limit=limit, report=self.told.append
        )


async def timed(wait: Awaitable[Result]) -> tuple[float, Result]:
    """Return how many (virtual) seconds something took, and its result."""
    start = asyncio.get_running_loop().time()
    result = await wait
    return asyncio.get_running_loop().time() - start, result


def named_like(item: Json, name: str) -> Json:
    return {**item, "metadata": {**item["metadata"], "name": name, "uid": f"uid-{name}"}}
