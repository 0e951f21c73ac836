"""Which kinds a rollout is judged by, and which explain it (core, pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from relman.core.diagnosis.snapshot import Object, spec_of

API_VERSIONS = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "ReplicaSet": "apps/v1",
    "Job": "batch/v1",
    "Pod": "v1",
    "PersistentVolumeClaim": "v1",
}
"""The kinds that are looked at, and the API version they are read in."""


def is_waited_for(item: Object) -> bool:
    """Return whether an applied object is one that gets ready by and by; all others are ready when applied.

    The API group counts: Volcano has a Job too.
    """
    kind = str(item.get("kind", ""))
    group, slash, _ = str(item.get("apiVersion", "")).partition("/")
    wanted = API_VERSIONS.get(kind)
    return wanted is not None and (group if slash else "") == wanted.rpartition("/")[0]


def judged_kinds(objects: Iterable[Object]) -> frozenset[str]:
    """Return the kinds whose own status says how far `objects` are; empty when there is nothing to wait for."""
    return frozenset(str(item["kind"]) for item in objects if is_waited_for(item))


def explaining_kinds(objects: Iterable[Object]) -> frozenset[str]:
    """Return the further kinds that tell why `objects` are not ready."""
    found: set[str] = set()
    for item in objects:
        if not is_waited_for(item) or item["kind"] == "PersistentVolumeClaim":
            continue
        found.add("Pod")
        if item["kind"] == "Deployment":
            found.add("ReplicaSet")
        if _uses_claims(item):
            found.add("PersistentVolumeClaim")
    return frozenset(found) - judged_kinds(objects)


def _uses_claims(item: Object) -> bool:
    spec = spec_of(item)
    pod: Mapping[str, Any] = spec if item["kind"] == "Pod" else (spec.get("template") or {}).get("spec") or {}
    claims = (volume.get("persistentVolumeClaim") for volume in pod.get("volumes") or ())
    return bool(spec.get("volumeClaimTemplates")) or any(claims)
