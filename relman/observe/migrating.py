"""The objects that migrations are about, as they are now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from helmkit.bom import Migration
from helmkit.immutable import object_id
from helmkit.kube import NotFoundError
from relman.core.migrating import migrated_names

_STORED = "Job"
"""The API server completes a Job's template, so it is compared with what Helm applied."""


class Reader(Protocol):
    """Reads single objects."""

    async def get_object(self, api_version: str, kind: str, namespace: str | None, name: str) -> dict[str, Any] | None:
        """Return one, or None."""


async def look_at_migrated(
    kube: Reader, namespace: str, known: Iterable[Migration], objects: Sequence[Mapping[str, Any]],
    stored: Sequence[Mapping[str, Any]],
) -> dict[str, dict[str, Any]]:  # fmt: skip
    """Return the live objects that migrations are about, by `Kind/name`; what does not exist is left out.

    Args:
        kube: The cluster.
        namespace: Of the release.
        known: The migrations.
        objects: As they are to be.
        stored: As the installed revision has them.
    """
    names = migrated_names(known)
    asked = [item for item in objects if object_id(item) in names]
    live = await asyncio.gather(*(_get(kube, namespace, item) for item in asked))
    before = {object_id(item): dict(item) for item in stored}
    found = {}
    for item, now in zip(asked, live, strict=True):
        name = object_id(item)
        if now is None:
            continue
        if item.get("kind") != _STORED:
            found[name] = now
        elif name in before:
            found[name] = {**before[name], "metadata": now["metadata"]}
    return found


async def _get(kube: Reader, namespace: str, item: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        return await kube.get_object(item["apiVersion"], item["kind"], namespace, item["metadata"]["name"])
    except NotFoundError:
        return None
