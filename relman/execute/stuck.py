"""Pods of a StatefulSet that its controller never replaces by itself (traps T075-T077).

With ordered pods, a pod that never gets ready blocks the rollout also after the template has been put back: the
controller waits for exactly the pod that must go. It is deleted once the controller has seen the old template.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relman.execute.context import RunContext

_ATTEMPTS = 20
_PAUSE = 0.25


async def delete_stuck_pods(
    context: RunContext, namespace: str, objects: Sequence[Mapping[str, Any]]
) -> tuple[str, ...]:
    """Delete the pods of StatefulSets among `objects` that keep the rollback from happening; idempotent.

    Returns:
        The names of the deleted pods.
    """
    names = {item["metadata"]["name"] for item in objects if item.get("kind") == "StatefulSet"}
    if not names:
        return ()
    from relman.core.rollout import stuck_pods

    snapshot = await _settled(context, namespace, names)
    stuck = tuple(stuck_pods(objects, snapshot))
    for pod in stuck:
        found = snapshot.get("Pod", pod)
        uid = str((found or {}).get("metadata", {}).get("uid", "")) or None
        await context.kube.delete_object("v1", "Pod", namespace, pod, uid=uid)
    return stuck


async def _settled(context: RunContext, namespace: str, names: set[str]) -> Any:
    """Return a snapshot in which the controller has seen the newest template of every StatefulSet."""
    from relman.core.diagnosis import Snapshot

    for _ in range(_ATTEMPTS):
        sets = await context.kube.list_objects("apps/v1", "StatefulSet", namespace)
        ours = [one for one in sets if one["metadata"]["name"] in names]
        if all(_observed(one) for one in ours):
            break
        await context.clock.sleep(_PAUSE)
    else:
        ours = []
    pods = await context.kube.list_objects("v1", "Pod", namespace)
    revisions = await context.kube.list_objects("apps/v1", "ControllerRevision", namespace)
    return Snapshot.of([*ours, *pods, *revisions], namespace=namespace)


def _observed(item: Mapping[str, Any]) -> bool:
    generation = (item.get("metadata") or {}).get("generation", 0)
    return int((item.get("status") or {}).get("observedGeneration", 0)) >= int(generation)
