"""Carrying out migrations: what Kubernetes does not let an upgrade change is deleted, so that Helm creates it anew.

Decided from what is there each time, so that a run that died is carried on, or taken back, by the same rule: what is
already gone is created, what is already new is left alone. Every deletion stands in the journal before it happens.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

from helmkit.errors import HelmkitError
from helmkit.immutable import quantity_bytes
from helmkit.migrations import NotAllowed, Way
from relman.core.migrating import (
    decide_ways,
    describe_loss,
    describe_refusal,
    describe_way,
    known_migrations,
    migration_record,
)
from relman.core.record import Content
from relman.execute.context import RunContext
from relman.execute.effects import newest_revision, stored_objects
from relman.observe.migrating import look_at_migrated

_MANAGER = "relman"
_PAUSE = 0.5
_GONE_WITHIN = 300
"""Seconds an object and its pods get to go: more than the longest grace period that is usual."""
_CLAIM = ("v1", "PersistentVolumeClaim")

Object = Mapping[str, Any]


async def migrate(
    context: RunContext, namespace: str, service: str, release: str, contents: Sequence[Content | None],
    objects: Sequence[Object],
) -> None:  # fmt: skip
    """Do what must be done before Helm can apply `objects`; nothing without an acknowledged migration.

    Args:
        context: The run.
        namespace: Where.
        service: Its key.
        release: Its Helm release.
        contents: What it ran and what it shall run: both know migrations.
        objects: What Helm is about to apply.

    Raises:
        HelmkitError: A change nobody acknowledged, or one that must not be undone without saying so.
    """
    known = known_migrations(*contents)
    if not known:
        return
    stored = await _stored(context, namespace, release)
    there = await look_at_migrated(context.kube, namespace, known, objects, stored)
    wanted = {_name(item): item for item in objects}
    ways = decide_ways(known, objects, there)
    for way in ways:
        _object_to(context, way)
    for way in ways:
        if isinstance(way, Way):
            live = there[way.object]
            record = migration_record(way, str(live["metadata"].get("uid", "")))
            done = context.service(namespace, service).migrations
            await context.record(namespace, service, migrations=(*done, record))
            context.reporter.report(service, "migrating", describe_way(way))
            await _carry_out(context, namespace, way.kind, live, wanted[way.object])


async def replace_stale_pods(context: RunContext, namespace: str, service: str, objects: Sequence[Object]) -> list[Any]:
    """Let StatefulSets replace pods that still answer to the name of an old Service; idempotent.

    `serviceName` is no part of a StatefulSet's revision, so adopted pods keep their subdomain, and the DNS names under
    the new Service would never exist.

    Returns:
        The StatefulSets whose pods are being replaced: to be waited for.
    """
    sets = [item for item in objects if item.get("kind") == "StatefulSet" and item["spec"].get("serviceName")]
    if not sets or not context.service(namespace, service).migrations:
        return []
    pods = await context.kube.list_objects("v1", "Pod", namespace)
    stale = [item for item in sets if any(_is_stale(pod, item) for pod in pods)]
    stamp = {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": context.clock.now()}}}
    for item in stale:
        name = {"name": item["metadata"]["name"], "namespace": namespace}
        patch = {"apiVersion": item["apiVersion"], "kind": item["kind"], "metadata": name, "spec": {"template": stamp}}
        await context.kube.apply_object(patch, field_manager=_MANAGER, force=True)
    return stale


def _object_to(context: RunContext, way: Way | NotAllowed) -> None:
    if isinstance(way, NotAllowed):
        raise HelmkitError(describe_refusal(way), hint="Acknowledge the change in the release manifest.")
    if way.loses and not context.settings.accept_irreversible:
        raise HelmkitError(describe_loss(way), hint="If you accept that: --accept-irreversible.")


async def _stored(context: RunContext, namespace: str, release: str) -> list[dict[str, Any]]:
    newest = await newest_revision(context, namespace, release)
    return await stored_objects(context, namespace, release, newest.revision) if newest else []


async def _carry_out(context: RunContext, namespace: str, kind: str, live: Object, wanted: Object) -> None:
    if kind == "claim-growth":
        await _grow_claims(context, namespace, live, wanted)
    if live["kind"] != "StatefulSet":
        how = "Foreground" if live["kind"] in ("Deployment", "DaemonSet", "ReplicaSet") else "Background"
        await _delete(context, namespace, live, how)
        return
    pods = await _pods_of(context, namespace, live) if kind == "recreate" else []
    # Orphaned also when its pods go: a retention policy of the claims acts when a StatefulSet takes its pods along.
    await _delete(context, namespace, live, "Orphan")
    await asyncio.gather(*(_delete(context, namespace, pod, "Background") for pod in pods))


async def _grow_claims(context: RunContext, namespace: str, live: Object, wanted: Object) -> None:
    for claim, size in await growing_claims(context.kube, namespace, live, wanted):
        patch = {
            "apiVersion": _CLAIM[0], "kind": _CLAIM[1],
            "metadata": {"name": claim["metadata"]["name"], "namespace": namespace},
            "spec": {"resources": {"requests": {"storage": size}}},
        }  # fmt: skip
        await context.kube.apply_object(patch, field_manager=_MANAGER, force=True)


async def growing_claims(kube: Any, namespace: str, live: Object, wanted: Object) -> list[tuple[Object, str]]:
    """Return the existing claims of a StatefulSet that are smaller than wanted, each with the size it gets.

    All of them, also those of pods beyond the replicas of today: a later scaling out finds them again.
    """
    sizes = {
        template["metadata"]["name"]: str(template["spec"]["resources"]["requests"]["storage"])
        for template in wanted["spec"].get("volumeClaimTemplates") or ()
    }
    names = {re.compile(rf"{re.escape(t)}-{re.escape(live['metadata']['name'])}-\d+"): s for t, s in sizes.items()}
    found = []
    for claim in await kube.list_objects(*_CLAIM, namespace):
        for pattern, size in names.items():
            if pattern.fullmatch(claim["metadata"]["name"]) and _amount(size) > _amount(_storage(claim)):
                found.append((claim, size))
    return found


def _storage(claim: Object) -> str:
    return str(((claim.get("spec") or {}).get("resources") or {}).get("requests", {}).get("storage", "0"))


def _amount(size: str) -> Any:
    return quantity_bytes(size) or 0


async def _pods_of(context: RunContext, namespace: str, live: Object) -> list[dict[str, Any]]:
    uid = live["metadata"].get("uid")
    pods = await context.kube.list_objects("v1", "Pod", namespace)
    return [
        {**pod, "apiVersion": "v1", "kind": "Pod"}
        for pod in pods
        if any(owner.get("uid") == uid for owner in pod["metadata"].get("ownerReferences") or ())
    ]


async def _delete(context: RunContext, namespace: str, live: Object, propagation: Any) -> None:
    """Delete one object and wait until it is gone: Helm would else change the one that is going."""
    place = (live["apiVersion"], live["kind"], namespace, live["metadata"]["name"])
    uid = live["metadata"].get("uid")
    await context.kube.delete_object(*place, uid=uid, propagation=propagation)
    waited = 0.0
    while True:
        now = await context.kube.get_object(*place)
        if now is None or now["metadata"].get("uid") != uid:
            return
        if waited >= _GONE_WITHIN:
            msg = f"{live['kind']}/{live['metadata']['name']} is still there {_GONE_WITHIN} s after it was deleted"
            raise HelmkitError(msg, hint="Look for a finalizer or a pod that does not end, then `relman resume`.")
        await context.clock.sleep(_PAUSE)
        waited += _PAUSE


def _is_stale(pod: Object, item: Object) -> bool:
    named = any(
        owner.get("controller") and owner.get("kind") == "StatefulSet" and owner.get("name") == item["metadata"]["name"]
        for owner in pod["metadata"].get("ownerReferences") or ()
    )
    going = "deletionTimestamp" in pod["metadata"]
    return named and not going and (pod.get("spec") or {}).get("subdomain") != item["spec"]["serviceName"]


def _name(item: Object) -> str:
    return f"{item['kind']}/{item['metadata']['name']}"
