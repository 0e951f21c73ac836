"""Volumes of the cluster that are directories of a node (T073, T074)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from chartgen.checks.finding import Hit, RenderedRule
from chartgen.checks.reading.size import ReleaseSize
from chartgen.render import RenderedService
from helmkit.immutable import object_id


def check(service: RenderedService, _: ReleaseSize) -> Iterator[Hit]:
    """Find PersistentVolumes on hostPath without node affinity, and several in one directory."""
    users: dict[str, list[str]] = defaultdict(list)
    for found in service.objects():
        spec = found.get("spec") or {}
        source = spec.get("hostPath") or spec.get("local")
        if found.get("kind") != "PersistentVolume" or not source:
            continue
        nodes = str(spec.get("nodeAffinity", ""))
        users[f"{source.get('path', '')} {nodes}"].append(object_id(found))
        if not nodes:
            yield Hit(
                f"{object_id(found)} is {source.get('path')} on whatever node the pod runs: it starts empty elsewhere"
            )
    for place, names in users.items():
        if len(names) > 1:
            yield Hit(
                f"{', '.join(names)} are one directory, {place.partition(' ')[0]}: two pods on a node share their data"
            )


RULE = RenderedRule(
    "host-path-volume",
    "warning",
    "A pod that moves to another node starts with an empty directory, and two pods with volumes in one directory "
    "write into each other's data (T073, T074).",
    "Use local volumes with nodeAffinity and a directory each, or a StorageClass.",
    check,
)
