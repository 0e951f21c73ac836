"""Live objects beside the manifests they should follow."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from helmkit.kube import NotFoundError
from relman.core.live import ObjectDrift, compare_live
from relman.observe.marks import CLUSTER_WIDE, MANAGED, is_foreign_name, kinds_of, reference
from relman.ports import ObjectStore

_AT_A_TIME = 8


async def list_live(kube: ObjectStore, namespace: str, references: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return live objects by reference: one list for each kind, then one by one what no longer carries Helm's label."""
    lists = await asyncio.gather(*(_list(kube, namespace, kind) for kind in kinds_of(references)))
    found = {reference(item): item for items in lists for item in items}
    missing = await get_live(kube, namespace, [ref for ref in references if ref not in found])
    return {**found, **missing}


async def get_live(kube: ObjectStore, namespace: str, references: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return live objects by reference, asked for one by one; what is not there is left out."""
    gate = asyncio.Semaphore(_AT_A_TIME)

    async def one(ref: str) -> dict[str, Any] | None:
        api_version, kind, name = ref.rsplit("/", 2)
        async with gate:
            try:
                return await kube.get_object(api_version, kind, None if kind in CLUSTER_WIDE else namespace, name)
            except NotFoundError:
                return None

    items = await asyncio.gather(*(one(ref) for ref in references))
    return {ref: item for ref, item in zip(references, items, strict=True) if item is not None}


def compare_all(objects: Sequence[Mapping[str, Any]], live: Mapping[str, Mapping[str, Any]]) -> tuple[ObjectDrift, ...]:
    """Return what differs between rendered objects and live ones, hooks left out."""
    found = (compare_live(item, live.get(reference(item)), is_foreign_name) for item in objects)
    return tuple(one for one in found if one is not None)


async def _list(kube: ObjectStore, namespace: str, kind: tuple[str, str]) -> list[dict[str, Any]]:
    try:
        return await kube.list_objects(kind[0], kind[1], None if kind[1] in CLUSTER_WIDE else namespace, MANAGED)
    except NotFoundError:
        return []
