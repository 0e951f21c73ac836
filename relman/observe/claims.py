"""Look at what an adoption would take over: live objects, what the cluster says to their charts' form, their owners."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from helmkit.errors import HelmkitError
from helmkit.kube import ConflictError, NotFoundError, RejectedError
from relman.core.adoption import Former, ServiceClaim
from relman.core.adoption.claims import former_of, release_of
from relman.core.adoption.manifest import MANAGER
from relman.core.wanted import Wanted
from relman.execute.effects import parse_objects
from relman.observe.live import get_live
from relman.observe.marks import CLUSTER_WIDE, reference
from relman.ports import KubePort

_HOOK = "helm.sh/hook"
_WORKLOADS = (("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"))
_SHOWN = 200


async def observe_claim(kube: KubePort, wanted: Wanted, rendered: Sequence[Mapping[str, Any]]) -> ServiceClaim:
    """Look for a service's objects by their names.

    Args:
        kube: The cluster.
        wanted: The service.
        rendered: Its chart's objects; hooks are left out.
    """
    namespace = wanted.entry.namespace
    objects = {reference(item): item for item in rendered if _HOOK not in _annotations(item)}
    live = await get_live(kube, namespace, sorted(objects))
    missing = [ref for ref in objects if ref not in live and ref.split("/")[-2] in {kind for _, kind in _WORKLOADS}]
    rejected, neighbours = await asyncio.gather(
        _rejections(kube, namespace, {ref: objects[ref] for ref in live}),
        _workloads(kube, namespace) if live and missing else _nothing(),
    )
    return ServiceClaim(
        key=wanted.key, entry=wanted.entry, wanted=objects, live=live, rejected=rejected, neighbours=neighbours
    )


async def observe_formers(kube: KubePort, claims: Iterable[ServiceClaim]) -> dict[tuple[str, str], Former]:
    """Look at every Helm release that has, or had, an object which is claimed."""
    names = {
        name
        for claim in claims
        for item in claim.live.values()
        for name in (release_of(item), former_of(item))
        if name is not None
    }
    found = await asyncio.gather(*(_former(kube, namespace, name) for namespace, name in sorted(names)))
    return {(one.namespace, one.name): one for one in found}


async def _former(kube: KubePort, namespace: str, name: str) -> Former:
    revisions = await kube.list_release_metadata(namespace, release=name)
    if not revisions:
        return Former(namespace, name, revision=0, status="")
    newest = revisions[-1]
    stored = await kube.get_release(namespace, name, newest.revision)
    places: dict[str, list[str]] = {}
    for item in parse_objects(stored.manifest, f"{namespace}/{name}"):
        where = "" if item["kind"] in CLUSTER_WIDE else item["metadata"].get("namespace") or namespace
        places.setdefault(where or namespace, []).append(reference(item))
    lists = await asyncio.gather(*(get_live(kube, place, refs) for place, refs in places.items()))
    # What an adoption that died, or one of other services, took already is no longer its.
    there = {
        (place, ref)
        for place, live in zip(places, lists, strict=True)
        for ref, item in live.items()
        if release_of(item) == (namespace, name)
    }
    return Former(namespace, name, newest.revision, newest.status, frozenset(there))


async def _rejections(kube: KubePort, namespace: str, objects: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Ask the cluster whether it would take the charts' form of objects that are there; nothing is changed."""

    async def one(item: Mapping[str, Any]) -> str:
        metadata = {**item["metadata"]}
        if item["kind"] not in CLUSTER_WIDE:
            metadata.setdefault("namespace", namespace)
        try:
            await kube.apply_object({**item, "metadata": metadata}, field_manager=MANAGER, dry_run=True, force=True)
        except (ConflictError, RejectedError, NotFoundError) as error:
            return error.message.partition(" failed: ")[2][:_SHOWN] or error.message[:_SHOWN]
        except HelmkitError:
            # It may not be asked, or does not answer: preflight of the upgrade asks again.
            return ""
        return ""

    refs = sorted(objects)
    said = await asyncio.gather(*(one(objects[ref]) for ref in refs))
    return {ref: why for ref, why in zip(refs, said, strict=True) if why}


async def _workloads(kube: KubePort, namespace: str) -> list[dict[str, Any]]:
    lists = await asyncio.gather(*(kube.list_objects(*kind, namespace) for kind in _WORKLOADS))
    return [item for found in lists for item in found]


async def _nothing() -> list[dict[str, Any]]:
    return []


def _annotations(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return (item.get("metadata") or {}).get("annotations") or {}
