"""What stays behind when a service changes between a workload and an outside endpoint (trap T158).

Once a Service has no selector, Kubernetes stops caring for the Endpoints object and the slices it made while there
was one: they stay for ever and get traffic. Decided from what is there, not from what was meant, in upgrade, rollback
and restore alike: only what Kubernetes' own controllers made for a selector that is gone is removed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from helmkit.kube import ObjectMetadata
from relman.ports import ObjectStore

_SLICE = ("discovery.k8s.io/v1", "EndpointSlice")
_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
_SERVICE = "kubernetes.io/service-name"
_BY_SELECTOR = "endpointslice-controller.k8s.io"
_MIRRORED = "endpointslicemirroring-controller.k8s.io"
_ENDPOINTS_BY = "endpoints.kubernetes.io/managed-by"
_CONTROLLER = "kube-controller-manager"


def services_without_selector(objects: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the names of rendered Services whose endpoints Kubernetes does not look after."""
    return tuple(
        item["metadata"]["name"]
        for item in objects
        if item.get("kind") == "Service" and not (item.get("spec") or {}).get("selector")
    )


def stale_slices(
    slices: Sequence[ObjectMetadata], names: Sequence[str], objects: Sequence[Mapping[str, Any]]
) -> tuple[ObjectMetadata, ...]:
    """Return slices of selector-less Services that were made for a selector, and are not the chart's own."""
    own = {item["metadata"]["name"] for item in objects if item.get("kind") == "EndpointSlice"}
    makers = {_BY_SELECTOR} if _has_endpoints(objects) else {_BY_SELECTOR, _MIRRORED}
    return tuple(
        one
        for one in slices
        if one.labels.get(_SERVICE) in names and one.name not in own and one.labels.get(_MANAGED_BY) in makers
    )


def stale_endpoints(
    endpoints: Sequence[ObjectMetadata], names: Sequence[str], objects: Sequence[Mapping[str, Any]]
) -> tuple[ObjectMetadata, ...]:
    """Return Endpoints of selector-less Services that Kubernetes made, and are not the chart's own."""
    own = {item["metadata"]["name"] for item in objects if item.get("kind") == "Endpoints"}
    return tuple(one for one in endpoints if one.name in names and one.name not in own and _by_kubernetes(one))


async def find_leftovers(
    store: ObjectStore, namespace: str, objects: Sequence[Mapping[str, Any]]
) -> tuple[ObjectMetadata, ...]:
    """Return stale endpoints of the Services among `objects`; nothing is asked when every Service has a selector."""
    names = services_without_selector(objects)
    if not names:
        return ()
    endpoints = stale_endpoints(await store.list_metadata("v1", "Endpoints", namespace), names, objects)
    slices = stale_slices(await store.list_metadata(*_SLICE, namespace), names, objects)
    return (*endpoints, *slices)


async def remove_leftovers(store: ObjectStore, namespace: str, objects: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Remove stale endpoints of the Services among `objects`; idempotent.

    Returns:
        What was removed, `Kind/name`. Nothing is asked of the cluster when every Service has a selector.
    """
    names = services_without_selector(objects)
    if not names:
        return ()
    endpoints = stale_endpoints(await store.list_metadata("v1", "Endpoints", namespace), names, objects)
    for one in endpoints:
        # First: the mirroring controller would make its slices anew from it.
        await store.delete_object("v1", "Endpoints", namespace, one.name, uid=one.uid)
    slices = stale_slices(await store.list_metadata(*_SLICE, namespace), names, objects)
    for one in slices:
        await store.delete_object(*_SLICE, namespace, one.name, uid=one.uid)
    return tuple(f"{one.kind}/{one.name}" for one in (*endpoints, *slices))


def _has_endpoints(objects: Sequence[Mapping[str, Any]]) -> bool:
    return any(item.get("kind") == "Endpoints" for item in objects)


def _by_kubernetes(one: ObjectMetadata) -> bool:
    return _ENDPOINTS_BY in one.labels or any(manager.manager == _CONTROLLER for manager in one.managers)
