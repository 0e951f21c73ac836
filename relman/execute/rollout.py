"""From an applied manifest to a rollout that is through: what is in its way is cleared, then it is waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relman.execute.context import RunContext
from relman.execute.effects import wait_ready
from relman.execute.leftovers import remove_leftovers
from relman.execute.migrate import replace_stale_pods
from relman.execute.repair import repair_workloads
from relman.execute.stuck import delete_stuck_pods
from relman.ports import OutcomeLike


async def follow_rollout(
    context: RunContext, namespace: str, service: str, objects: Sequence[Mapping[str, Any]], limit: float, *,
    stoppable: bool,
) -> tuple[OutcomeLike | None, tuple[str, ...]]:  # fmt: skip
    """Clear the way of a rollout and wait for it; the same after an upgrade, a rollback and a restore.

    Returns:
        How it ended, None when the run was stopped meanwhile; and what was removed on the way, in words.
    """
    items = [dict(item) for item in objects]
    removed = [f"{one} was removed" for one in await remove_leftovers(context.kube, namespace, items)]
    removed += await repair_workloads(context, namespace, items)
    # Also after an upgrade: one that corrects a broken revision is blocked by its pods just as a rollback is (T076).
    stuck = await delete_stuck_pods(context, namespace, items)
    removed += [f"Pod/{pod} was deleted: its StatefulSet waited for it in vain" for pod in stuck]
    result = await wait_ready(context, namespace, service, items, limit, stoppable=stoppable)
    if result is not None and await replace_stale_pods(context, namespace, service, items):
        result = await wait_ready(context, namespace, service, items, limit, stoppable=stoppable)
    return result, tuple(removed)
