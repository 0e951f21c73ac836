"""Kinds and fields on their way out (T018, T024, T026, T028)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, RenderedRule
from chartgen.checks.reading.size import ReleaseSize
from chartgen.render import RenderedService
from helmkit.immutable import object_id

_KINDS = {
    ("v1", "Endpoints"): "deprecated since 1.33 in favour of EndpointSlice; both together double the backends (T032)",
    ("v1", "ReplicationController"): "superseded by Deployment and StatefulSet",
    ("v1", "ComponentStatus"): "deprecated since 1.19",
}


def check(service: RenderedService, _: ReleaseSize) -> Iterator[Hit]:
    """Find deprecated kinds, external IPs of Services and volumes that are scrubbed for the next user."""
    for found in service.objects():
        spec = found.get("spec") or {}
        reason = _KINDS.get((str(found.get("apiVersion")), str(found.get("kind"))))
        if reason:
            yield Hit(f"{object_id(found)}: {found['kind']} is {reason}")
        if found.get("kind") == "Service" and spec.get("externalIPs"):
            yield Hit(
                f"{object_id(found)}: externalIPs are deprecated since 1.36, and nobody checks who owns the address"
            )
        if found.get("kind") == "PersistentVolume" and spec.get("persistentVolumeReclaimPolicy") == "Recycle":
            yield Hit(f"{object_id(found)}: reclaim policy Recycle is deprecated, and deletes what is in the directory")


RULE = RenderedRule(
    "deprecated-api",
    "warning",
    "What is deprecated will be refused one day, in the middle of somebody else's upgrade of the cluster (T018, "
    "T024, T026).",
    "Use what replaced it: EndpointSlice (archetype external-endpoint), StatefulSet, reclaim policy Retain.",
    check,
)
