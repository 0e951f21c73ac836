"""What the cluster has: nodes and what their pods ask for, node ports, quotas, live workloads."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from helmkit.errors import ForbiddenError, HelmkitError
from relman.core.preflight.facts import Moved, Node, Object, PortHolder, Quota
from relman.core.preflight.node_ports import node_ports_of
from relman.core.preflight.pods import name_of, namespace_of, pod_makers
from relman.core.preflight.quantity import add, pod_amounts
from relman.preflight.ports import PreflightKube

_PODS_LIMIT = 3.0
"""Seconds to list all pods of the cluster; in a cluster where it takes longer, nodes are judged by their size alone."""
_OWNER = ("meta.helm.sh/release-namespace", "meta.helm.sh/release-name")
_ENDED = ("Succeeded", "Failed")

Key = tuple[str, str, str]


async def list_nodes(kube: PreflightKube, unseen: list[str], *, pods: bool) -> tuple[Node, ...] | None:
    """Return the nodes pods may be put on; None when they may not be listed.

    Args:
        kube: The cluster.
        unseen: Gets what could not be looked at.
        pods: Also sum up what their pods ask for.
    """
    used, items = await asyncio.gather(_used(kube, unseen) if pods else _nothing(), _list_nodes(kube, unseen))
    if items is None:
        return None
    return tuple(_node(item, used) for item in items if not (item.get("spec") or {}).get("unschedulable"))


async def list_node_ports(kube: PreflightKube, unseen: list[str]) -> tuple[PortHolder, ...] | None:
    """Return every Service of the cluster that has node ports; None when they may not be listed."""
    try:
        services = await kube.list_objects("v1", "Service")
    except HelmkitError as error:
        unseen.append(f"whether node ports are free: {why_not(error, 'list the Services of all namespaces')}")
        return None
    found = (PortHolder(namespace_of(one), name_of(one), _release(one), node_ports_of(one)) for one in services)
    return tuple(one for one in found if one.ports)


async def list_quotas(kube: PreflightKube, namespaces: Iterable[str], unseen: list[str]) -> tuple[Quota, ...]:
    """Return the quotas of some namespaces; those with scopes count only some pods and are left out."""

    async def one(namespace: str) -> list[Quota]:
        try:
            items = await kube.list_objects("v1", "ResourceQuota", namespace)
        except HelmkitError as error:
            unseen.append(f"quotas of namespace {namespace}: {why_not(error, 'list them')}")
            return []
        return [_quota(namespace, item) for item in items if not _scoped(item)]

    found = await asyncio.gather(*(one(namespace) for namespace in sorted(namespaces)))
    return tuple(quota for quotas in found for quota in quotas)


async def live_workloads(
    kube: PreflightKube, moved: tuple[Moved, ...], missing: frozenset[str]
) -> dict[Key, Object | None]:
    """Return the live counterparts of everything that makes pods; what could not be read is left out."""
    makers = {maker.key: maker for maker in pod_makers(moved) if maker.kind != "CronJob"}
    found: dict[Key, Object | None] = {key: None for key, maker in makers.items() if maker.namespace in missing}

    async def one(key: Key) -> None:
        kind, namespace, name = key
        try:
            found[key] = await kube.get_object(str(makers[key].item.get("apiVersion")), kind, namespace, name)
        except HelmkitError:
            return

    await asyncio.gather(*(one(key) for key in makers if key not in found))
    return found


def why_not(error: HelmkitError, what: str) -> str:
    """Return why something could not be seen: for want of a right, or as the error says."""
    return f"no right to {what}" if isinstance(error, ForbiddenError) else error.message


async def _used(kube: PreflightKube, unseen: list[str]) -> dict[str, dict[str, Any]] | None:
    try:
        async with asyncio.timeout(_PODS_LIMIT):
            pods = await kube.list_objects("v1", "Pod")
    except TimeoutError:
        unseen.append(f"what is free on the nodes: listing all pods took longer than {_PODS_LIMIT:.0f} s")
        return None
    except HelmkitError as error:
        unseen.append(f"what is free on the nodes: {why_not(error, 'list the pods of all namespaces')}")
        return None
    by_node: dict[str, list[dict[str, Any]]] = {}
    for pod in pods:
        spec, phase = pod.get("spec") or {}, (pod.get("status") or {}).get("phase")
        if spec.get("nodeName") and phase not in _ENDED:
            by_node.setdefault(str(spec["nodeName"]), []).append(pod_amounts(spec, "requests"))
    return {node: dict(add(amounts)) for node, amounts in by_node.items()}


async def _list_nodes(kube: PreflightKube, unseen: list[str]) -> list[dict[str, Any]] | None:
    try:
        return await kube.list_objects("v1", "Node")
    except HelmkitError as error:
        unseen.append(f"the nodes' platforms and room: {why_not(error, 'list nodes')}")
        return None


async def _nothing() -> None:
    return None


def _node(item: Object, used: dict[str, dict[str, Any]] | None) -> Node:
    info = (item.get("status") or {}).get("nodeInfo") or {}
    name = name_of(item)
    return Node(
        name=name,
        platform=f"{info.get('operatingSystem', 'linux')}/{info.get('architecture', 'amd64')}",
        labels=(item.get("metadata") or {}).get("labels") or {},
        allocatable=(item.get("status") or {}).get("allocatable") or {},
        used=None if used is None else used.get(name, {}),
    )


def _quota(namespace: str, item: Object) -> Quota:
    status = item.get("status") or {}
    hard = status.get("hard") or (item.get("spec") or {}).get("hard") or {}
    return Quota(namespace, name_of(item), hard, status.get("used") or {})


def _scoped(item: Object) -> bool:
    spec = item.get("spec") or {}
    return bool(spec.get("scopes") or spec.get("scopeSelector"))


def _release(item: Object) -> str:
    annotations = (item.get("metadata") or {}).get("annotations") or {}
    noted = [str(annotations.get(name, "")) for name in _OWNER]
    return "/".join(noted) if all(noted) else ""
