"""Run a graph with bounded parallelism: whatever may start starts, longest chain first. No layers, no barriers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum

from relman.core.graph import Edges, dependants_of, ready_nodes

Worker = Callable[[str], Awaitable[bool]]


class OnFailure(Enum):
    """What a failed node means for the others."""

    STOP = "stop"
    """Nothing new starts."""
    BRANCH = "branch"
    """Only what waits for it does not start."""
    IGNORE = "ignore"
    """It counts as done: used on the way back, where one failure must not keep others from going back."""


async def run_graph(
    edges: Edges, worker: Worker, *, parallel: int, on_failure: OnFailure, may_start: Callable[[], bool]
) -> set[str]:
    """Run `worker` for every node, each after all it waits for.

    Args:
        edges: What each node waits for.
        worker: Does the work of one node and tells whether it went well. It handles its own errors; what it raises
            all the same ends the run once the workers under way are through.
        parallel: How many may run at a time.
        on_failure: What a failure means for the others.
        may_start: Asked before each start.

    Returns:
        The nodes that were never started.
    """
    running: dict[asyncio.Task[bool], str] = {}
    done: set[str] = set()
    failed: set[str] = set()
    broken: list[BaseException] = []
    try:
        while True:
            taken = {*done, *failed, *running.values()}
            for node in _startable(edges, done, failed, taken, on_failure):
                if len(running) >= parallel or broken or not may_start():
                    break
                running[asyncio.create_task(_work(worker, node))] = node
            if not running:
                break
            ended, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                _sort_out(running.pop(task), task, done, failed, broken)
    except asyncio.CancelledError:
        await _cancel(running)
        raise
    if broken:
        raise broken[0]
    return set(edges) - done - failed


async def _work(worker: Worker, node: str) -> bool:
    return await worker(node)


def _startable(
    edges: Edges, done: set[str], failed: set[str], taken: set[str], on_failure: OnFailure
) -> tuple[str, ...]:
    if failed and on_failure is OnFailure.STOP:
        return ()
    through = done | failed if on_failure is OnFailure.IGNORE else done
    return ready_nodes(edges, through, taken)


def _sort_out(
    node: str, task: asyncio.Task[bool], done: set[str], failed: set[str], broken: list[BaseException]
) -> None:
    error = task.exception()
    if error is not None:
        failed.add(node)
        broken.append(error)
    elif task.result():
        done.add(node)
    else:
        failed.add(node)


async def _cancel(running: dict[asyncio.Task[bool], str]) -> None:
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running)


def blocked_by(edges: Edges, failed: set[str], node: str) -> str:
    """Return a failed node that `node` waits for, or nothing."""
    return next((one for one in sorted(failed) if node in dependants_of(edges, {one})), "")
