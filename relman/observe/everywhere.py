"""The objects of several sets at once: one list over all namespaces for each kind, where that is allowed.

Workloads are listed whole, for their status; their marks are taken from the same answer. Of all other kinds only the
metadata is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from helmkit.errors import ForbiddenError
from helmkit.kube import NotFoundError, ObjectMetadata
from helmkit.kube.metadata import parse_metadata
from relman.core.health import WORKLOADS
from relman.core.record import ObjectMark
from relman.observe.marks import CLUSTER_WIDE, MANAGED, live_marks, mark_of, reference
from relman.ports import ObjectStore

Kinds = Mapping[str, Sequence[tuple[str, str]]]
"""The kinds each namespace's set has, as (apiVersion, kind)."""
Workloads = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Whole objects by namespace and reference."""

_LABEL, _, _VALUE = MANAGED.partition("=")


async def list_marks(kube: ObjectStore, kinds: Kinds, *, everywhere: bool) -> dict[str, dict[str, ObjectMark]]:
    """Return the marks of everything but workloads, by namespace and reference.

    Args:
        kube: The cluster.
        kinds: What to look at.
        everywhere: Ask for all namespaces at once; where that is forbidden, for one after the other all the same.

    Raises:
        ForbiddenError: A kind may not be listed.
    """
    wanted = {name: [kind for kind in some if kind not in WORKLOADS] for name, some in kinds.items()}
    if everywhere:
        try:
            return await _marks_at_once(kube, wanted)
        except ForbiddenError:
            pass
    lists = await asyncio.gather(*(live_marks(kube, name, some) for name, some in wanted.items()))
    return dict(zip(wanted, lists, strict=True))


async def list_workloads(kube: ObjectStore, kinds: Kinds, *, everywhere: bool) -> Workloads:
    """Return the workloads, by namespace and reference; arguments and errors are those of `list_marks`."""
    used = [kind for kind in WORKLOADS if any(kind in some for some in kinds.values())]
    if everywhere:
        try:
            lists = await asyncio.gather(*(kube.list_objects(*kind) for kind in used))
            return _by_namespace(item for found in lists for item in found)
        except ForbiddenError:
            pass
    pairs = [(name, kind) for name, some in kinds.items() for kind in used if kind in some]
    found = await asyncio.gather(*(kube.list_objects(*kind, name) for name, kind in pairs))
    return _by_namespace(item for items in found for item in items)


def marks_of_workloads(workloads: Mapping[str, Mapping[str, Any]]) -> dict[str, ObjectMark]:
    """Return the marks of those workloads of one namespace that Helm manages, by reference."""
    parsed = {ref: parse_metadata(item) for ref, item in workloads.items()}
    return {ref: mark_of(one) for ref, one in parsed.items() if one.labels.get(_LABEL) == _VALUE}


async def _marks_at_once(kube: ObjectStore, wanted: Kinds) -> dict[str, dict[str, ObjectMark]]:
    kinds = sorted({kind for some in wanted.values() for kind in some})
    lists = await asyncio.gather(*(_list(kube, kind) for kind in kinds))
    marks: dict[str, dict[str, ObjectMark]] = {name: {} for name in wanted}
    for one in (one for found in lists for one in found):
        # What belongs to no namespace may belong to any set.
        places = (
            marks.values() if one.kind in CLUSTER_WIDE else [marks[one.namespace]] if one.namespace in marks else []
        )
        for place in places:
            place[f"{one.api_version}/{one.kind}/{one.name}"] = mark_of(one)
    return marks


async def _list(kube: ObjectStore, kind: tuple[str, str]) -> list[ObjectMetadata]:
    try:
        return await kube.list_metadata(*kind, None, MANAGED)
    except NotFoundError:
        # The kind itself is gone, so its objects are.
        return []


def _by_namespace(items: Iterable[dict[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    grouped: dict[str, dict[str, dict[str, Any]]] = {}
    for item in items:
        grouped.setdefault(item["metadata"]["namespace"], {})[reference(item)] = item
    return grouped
