"""What is known of kinds: which belong to no namespace, which must outlive their release, where a pod is in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Object = Mapping[str, Any]

CLUSTER_WIDE = frozenset(
    {
        *("Namespace", "Node", "PersistentVolume"),
        *("ClusterRole", "ClusterRoleBinding"),
        *("StorageClass", "VolumeAttachment", "CSIDriver", "CSINode"),
        *("CustomResourceDefinition", "APIService"),
        *("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"),
        *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
        *("IngressClass", "GatewayClass", "PriorityClass", "RuntimeClass", "PriorityLevelConfiguration", "FlowSchema"),
        *("ClusterIssuer", "CertificateSigningRequest"),
    }
)
"""Kinds of Kubernetes itself, and a few that everybody installs, that belong to no namespace (T146)."""
DEFINITION = "CustomResourceDefinition"
KEPT = frozenset({DEFINITION, "PersistentVolume", "PersistentVolumeClaim", "Namespace"})
"""Deleting one of these deletes what others put there: they stay when their release goes."""
_BUILT_IN = ("v1", "apps", "batch", "autoscaling", "policy")


def group_of(found: Object) -> str:
    """Return the API's group of an object, without its version; empty for the core."""
    return str(found.get("apiVersion", "")).rpartition("/")[0]


def name_of(found: Object) -> str:
    """Return an object's name."""
    return str((found.get("metadata") or {}).get("name", ""))


def label_of(found: Object) -> str:
    """Return `Kind/name`."""
    return f"{found.get('kind', '')}/{name_of(found)}"


def is_built_in(found: Object) -> bool:
    """Tell whether an object is of one of Kubernetes' own groups."""
    group = group_of(found)
    return str(found.get("apiVersion")) == "v1" or group in _BUILT_IN or group.endswith(".k8s.io")


def is_namespaced(found: Object, scopes: Mapping[tuple[str, str], bool]) -> bool | None:
    """Tell whether an object lives in a namespace; None when nothing here can tell.

    Args:
        found: The object.
        scopes: Whether a kind lives in namespaces, by group and kind, from definitions at hand.
    """
    known = scopes.get((group_of(found), str(found.get("kind"))))
    if known is not None:
        return known
    if found.get("kind") in CLUSTER_WIDE:
        return False
    if is_built_in(found) or (found.get("metadata") or {}).get("namespace"):
        return True
    return None


def defined_scopes(definition: Object) -> tuple[tuple[str, str], bool]:
    """Return the group and kind that a CustomResourceDefinition brings, and whether they live in namespaces."""
    spec = definition.get("spec") or {}
    kind = str((spec.get("names") or {}).get("kind", ""))
    return (str(spec.get("group", "")), kind), spec.get("scope") == "Namespaced"


def pod_spec_of(found: Object) -> dict[str, Any] | None:
    """Return the pod spec in an object of one of Kubernetes' own kinds, to read or to change in place; else None."""
    if not is_built_in(found):
        return None
    path = {"Pod": ("spec",), "CronJob": ("spec", "jobTemplate", "spec", "template", "spec")}.get(
        str(found.get("kind")), ("spec", "template", "spec")
    )
    here: Any = found
    for part in path:
        here = here.get(part) if isinstance(here, dict) else None
    return here if isinstance(here, dict) and isinstance(here.get("containers"), list) else None


def containers_of(pod: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return all containers of a pod spec, those that run first included."""
    found = [*(pod.get("initContainers") or []), *(pod.get("containers") or [])]
    return [container for container in found if isinstance(container, dict)]
