"""Live objects as they are, as the manifest of a Helm revision (pure).

What goes into the manifest is what somebody, other than Kubernetes' own controllers, set: the same fields that become
ours. So a rollback to that revision sets exactly them again, and a later version that leaves one out removes it. What
the API server and controllers added (cluster IPs, replicas of an autoscaler, status) is nobody's to set.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from helmkit.bom import ServiceEntry
from helmkit.kube.fields import extract_fields, owned_fields
from relman.core.record import Content

MANAGER = "helm"
"""Helm's name as a field manager, pinned for every helm that relman runs."""
RELEASE_NAME = "meta.helm.sh/release-name"
RELEASE_NAMESPACE = "meta.helm.sh/release-namespace"
MANAGED_BY = "app.kubernetes.io/managed-by"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
FROM = "relman.internal/adopted-from"
"""Which Helm release an object came from, `namespace/name`, until that release's record is retired."""

_DIGEST = "adopted:"
_CHART_VERSION = "0.0.0-adopted"
_NOT_OURS = frozenset(
    {"kube-controller-manager", "kube-scheduler", "kube-apiserver", "kubelet", "cloud-controller-manager", "k3s",
     "kwok", "kwok-controller"}
)  # fmt: skip
_SERVER_SET = frozenset(
    {"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink", "ownerReferences"}
)
_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet"})


def taken_over(manager: str, subresource: str) -> bool:
    """Tell whether an adoption takes over the fields of a manager: everybody's but Kubernetes' own, and no status."""
    return subresource != "status" and manager not in _NOT_OURS


def as_they_are(live: Mapping[str, Any], *, with_namespace: bool) -> dict[str, Any]:
    """Return a live object as a chart would have it.

    Args:
        live: The object, with its managed fields.
        with_namespace: State the namespace, as the chart of this service does.
    """
    fields = owned_fields(live, taken_over)
    # An object from before Kubernetes kept such lists: then everything is somebody's.
    found = extract_fields(live, fields) if fields else _whole(live)
    metadata = {key: value for key, value in (found.get("metadata") or {}).items() if key not in _SERVER_SET}
    metadata["name"] = live["metadata"]["name"]
    metadata.pop("namespace", None)
    if with_namespace and live["metadata"].get("namespace"):
        metadata["namespace"] = live["metadata"]["namespace"]
    _drop(metadata, "annotations", {RELEASE_NAME, RELEASE_NAMESPACE, LAST_APPLIED, FROM})
    if (metadata.get("labels") or {}).get(MANAGED_BY) == "Helm":
        _drop(metadata, "labels", {MANAGED_BY})
    rest = {key: value for key, value in found.items() if key not in ("apiVersion", "kind", "metadata", "status")}
    return {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": metadata, **rest}


def manifest_objects(live: Mapping[str, Mapping[str, Any]], *, with_namespace: bool) -> list[dict[str, Any]]:
    """Return live objects as a manifest, in the order of their references."""
    return [as_they_are(live[ref], with_namespace=with_namespace) for ref in sorted(live)]


def manifest_digest(objects: Sequence[Mapping[str, Any]]) -> str:
    """Return what tells a manifest apart from others, and from every chart's content."""
    return _DIGEST + hashlib.sha256(msgspec.json.encode(list(objects), order="sorted")).hexdigest()


def adopted_content(entry: ServiceEntry, objects: Sequence[Mapping[str, Any]]) -> Content:
    """Return what a service runs as it is, named by its image.

    Args:
        entry: The service, for the name of its chart.
        objects: As `manifest_objects` returns them.
    """
    images = tuple(dict.fromkeys(_images(objects)))
    first = images[0].partition("@")[0] if images else ""
    return Content(
        chart=entry.chart,
        chart_version=_CHART_VERSION,
        content_digest=manifest_digest(objects),
        values_digest="",
        platform_version="",
        archetype=entry.archetype,
        app_version=first.rpartition(":")[2] if ":" in first.rpartition("/")[2] else "",
        images=images,
    )


def is_adopted(content: Content | None) -> bool:
    """Tell whether a content is one that was adopted, and not yet replaced by a chart's."""
    return content is not None and content.content_digest.startswith(_DIGEST)


def _images(objects: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for item in objects:
        if item.get("kind") in _WORKLOADS:
            pod = ((item.get("spec") or {}).get("template") or {}).get("spec") or {}
            for container in [*(pod.get("containers") or ()), *(pod.get("initContainers") or ())]:
                if container.get("image"):
                    yield str(container["image"])


def _whole(live: Mapping[str, Any]) -> dict[str, Any]:
    metadata = dict(live["metadata"])
    _drop(metadata, "annotations", {"deployment.kubernetes.io/revision"})
    return {**live, "metadata": metadata}


def _drop(metadata: dict[str, Any], field: str, names: set[str]) -> None:
    left = {key: value for key, value in (metadata.get(field) or {}).items() if key not in names}
    metadata.pop(field, None)
    if left:
        metadata[field] = left
