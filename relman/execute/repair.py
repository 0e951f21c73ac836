"""What others left on live workloads is taken away right after Helm has applied the manifest, before the rollout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from helmkit.errors import HelmkitError
from helmkit.kube import ConflictError
from relman.core.health import WORKLOADS
from relman.core.leftover_fields import strip_leftovers
from relman.execute.context import RunContext
from relman.observe.marks import reference
from relman.ports import ObjectStore

_MANAGER = "relman"
_TRIES = 5


async def repair_workloads(
    context: RunContext, namespace: str, objects: Sequence[Mapping[str, Any]]
) -> tuple[str, ...]:
    """Take away what kubectl left in the pod templates of a release; idempotent.

    Only workloads that somebody else had written to when the run began are read. What cannot be taken away is no
    failure: it is reported with the name of who set it, like everything else of others.

    Returns:
        What was removed, in words.
    """
    touched = context.touched.get(namespace, frozenset())
    told: list[str] = []
    for item in objects:
        if (item.get("apiVersion"), item.get("kind")) not in WORKLOADS or reference(item) not in touched:
            continue
        title = f"{item['kind']}/{item['metadata']['name']}"
        try:
            told += [f"{title}: {text}" for text in await _repair(context.kube, namespace, item)]
        except HelmkitError as error:
            context.reporter.note(f"{title}: what others left was not removed: {error.message}")
    return tuple(told)


async def _repair(kube: ObjectStore, namespace: str, item: Mapping[str, Any]) -> tuple[str, ...]:
    """Take away what is left on one workload; its controller writes to it at the same time."""
    for left in reversed(range(_TRIES)):
        live = await kube.get_object(item["apiVersion"], item["kind"], namespace, item["metadata"]["name"])
        stripped, removed = strip_leftovers(item, live or {})
        if not removed:
            return ()
        # Without them it can be told whether a request whose answer got lost has arrived.
        stripped["metadata"].pop("managedFields")
        try:
            await kube.replace_object(stripped, field_manager=_MANAGER)
        except ConflictError:
            if not left:
                raise
        else:
            return removed
    raise AssertionError("the last try returns or raises")
