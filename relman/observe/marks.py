"""Marks of live objects: UID, generation and foreign field managers, from metadata-only lists."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from helmkit.kube import FieldManager, NotFoundError, ObjectMetadata
from relman.core.record import ObjectMark
from relman.ports import ObjectStore

OURS = frozenset({"helm", "relman"})
_KUBERNETES = frozenset(
    {
        "kube-controller-manager",
        "kube-scheduler",
        "kube-apiserver",
        "kubelet",
        "cloud-controller-manager",
        "before-first-apply",
        "k3s",
        "kwok",
        "kwok-controller",
    }
)
_STATUS = "status"
MANAGED = "app.kubernetes.io/managed-by=Helm"
CLUSTER_WIDE = frozenset(
    {"PersistentVolume", "StorageClass", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Namespace"}
)


def reference(item: Mapping[str, Any]) -> str:
    """Return `apiVersion/Kind/name` of an object."""
    return f"{item.get('apiVersion', '')}/{item.get('kind', '')}/{(item.get('metadata') or {}).get('name', '')}"


def kinds_of(references: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return the (apiVersion, kind) pairs of references, each once, sorted."""
    return tuple(sorted({(ref.rsplit("/", 2)[0], ref.rsplit("/", 2)[1]) for ref in references}))


async def live_marks(
    kube: ObjectStore, namespace: str, kinds: Sequence[tuple[str, str]], *, selector: str = MANAGED
) -> dict[str, ObjectMark]:
    """Return the marks of all live objects of some kinds that Helm manages, by reference.

    Raises:
        HelmkitError: A kind may not be listed; drift cannot be judged without.
    """
    lists = await asyncio.gather(*(_list(kube, namespace, kind, selector) for kind in kinds))
    return {_reference(one): mark_of(one) for found in lists for one in found}


async def marks_of(kube: ObjectStore, namespace: str, objects: Sequence[Mapping[str, Any]]) -> dict[str, ObjectMark]:
    """Return the marks of the live counterparts of rendered objects; what is not there is left out."""
    references = {reference(item) for item in objects}
    live = await live_marks(kube, namespace, kinds_of(references))
    return {ref: live[ref] for ref in sorted(references) if ref in live}


def mark_of(one: ObjectMetadata) -> ObjectMark:
    """Return the mark of one object."""
    foreign = {_entry(manager) for manager in one.managers if is_foreign(manager)}
    return ObjectMark(uid=one.uid, generation=one.generation, foreign=tuple(sorted(foreign)))


def is_foreign(manager: FieldManager) -> bool:
    """Tell whether a field manager is neither Helm nor Kubernetes itself; who writes a status only never is."""
    return is_foreign_name(manager.manager, manager.subresource)


def is_foreign_name(manager: str, subresource: str) -> bool:
    """Tell the same of a manager's name and subresource."""
    return subresource != _STATUS and manager not in OURS and manager not in _KUBERNETES


def _entry(manager: FieldManager) -> str:
    return f"{manager.manager}@{manager.time.isoformat() if manager.time else ''}"


async def _list(kube: ObjectStore, namespace: str, kind: tuple[str, str], selector: str) -> list[ObjectMetadata]:
    try:
        return await kube.list_metadata(kind[0], kind[1], None if kind[1] in CLUSTER_WIDE else namespace, selector)
    except NotFoundError:
        # The kind itself is gone (its CRD was deleted), so its objects are.
        return []


def _reference(one: ObjectMetadata) -> str:
    return f"{one.api_version}/{one.kind}/{one.name}"
