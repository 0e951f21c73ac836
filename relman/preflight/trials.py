"""Try every object on the API server without keeping it: a dry run of the server-side apply that helm will do.

A pod is tried for each workload as well: Pod Security, quotas and policies judge pods, not the Deployments that make
them. In a namespace that does not exist yet the server checks only whether the objects are well-formed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from helmkit.errors import ForbiddenError, HelmkitError, UnreachableError
from helmkit.kube import NotFoundError
from relman.core.plan import UNINSTALL
from relman.core.preflight.facts import Moved, Object, Trial
from relman.core.preflight.pods import PodMaker, name_of, namespace_of, pod_makers
from relman.preflight.ports import PreflightKube

_AT_A_TIME = 16
_MANAGER = "helm"
_SUFFIX = "-preflight"
_SCHEMA = "failed to create typed patch object"
_NO_NAMESPACE = re.compile(r"namespaces \"[^\"]+\" not found")
_OWNER = ("meta.helm.sh/release-namespace", "meta.helm.sh/release-name")
_FIXED = ("serviceName", "podManagementPolicy", "selector")

Outcome = Literal["accepted", "rejected", "unknown-kind", "forbidden", "untried"]
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Trials:
    """What the API server said."""

    trials: tuple[Trial, ...]
    admitted: Mapping[Key, Object]
    """Objects as it would keep them, by kind, namespace and name."""
    pods: Mapping[Key, Object]
    """Pods as it would keep them, by the workload that makes them."""
    pods_untried: frozenset[str]
    """Namespaces where we have no right to try pods."""


async def try_objects(kube: PreflightKube, moved: tuple[Moved, ...], missing: frozenset[str]) -> Trials:
    """Try all objects, and a pod of each workload.

    Args:
        kube: The cluster.
        moved: What the run brings.
        missing: Namespaces that do not exist yet.
    """
    gate = asyncio.Semaphore(_AT_A_TIME)
    items = [(one, item, "") for one in moved for item in one.objects]
    # A service that moves has a second step that removes it and renders nothing.
    services = {one.service: one for one in sorted(moved, key=lambda one: one.action != UNINSTALL)}
    accounts = {name_of(item) for one in moved for item in one.objects if item.get("kind") == "ServiceAccount"}
    makers = [maker for maker in pod_makers(moved) if maker.kind != "Pod" and maker.namespace not in missing]
    items += [(services[m.service], _pod(m, accounts), f"{m.kind}/{m.name}") for m in makers]

    async def one(moved: Moved, item: Object, pod_of: str) -> tuple[Trial, Object | None]:
        async with gate:
            return await _try(kube, moved, item, pod_of)

    results = await asyncio.gather(*(one(*entry) for entry in items))
    keys = [_key(item, entry) for entry, item, _ in items]
    split = len(items) - len(makers)
    pods = results[split:]
    return Trials(
        trials=tuple(trial for trial, _ in results),
        admitted={key: got for key, (_, got) in zip(keys, results[:split], strict=False) if got},
        pods={maker.key: got for maker, (_, got) in zip(makers, pods, strict=True) if got},
        pods_untried=frozenset(trial.namespace for trial, _ in pods if trial.outcome == "forbidden"),
    )


async def _try(kube: PreflightKube, moved: Moved, item: Object, pod_of: str) -> tuple[Trial, Object | None]:
    outcome: Outcome = "accepted"
    text, owner, got = "", None, None
    try:
        got = await kube.apply_object(item, field_manager=_MANAGER, dry_run=True, force=True)
        owner = None if pod_of else _owner(got)
    except HelmkitError as error:
        outcome, text = _outcome(error)
    changed = await _changed(kube, item) if outcome == "rejected" else ()
    kind, namespace, name = _key(item, moved)
    return Trial(moved.service, namespace, kind, name, outcome, text, owner, changed, pod_of), got


def _outcome(error: HelmkitError) -> tuple[Outcome, str]:
    # The sentence before the first colon says what we did; what the server said stands behind.
    said = error.message.partition(" failed: ")[2] or error.message
    if isinstance(error, ForbiddenError):
        return "forbidden", said
    if isinstance(error, NotFoundError):
        return ("accepted", "") if _NO_NAMESPACE.search(said) else ("unknown-kind", said)
    # API servers answer 500 to what does not fit the schema.
    if isinstance(error, UnreachableError) and _SCHEMA not in said:
        return "untried", said
    return "rejected", said


def _owner(got: Object) -> str | None:
    """Return who Helm noted as the owner; None for an object that would be made only now."""
    metadata = got.get("metadata") or {}
    if not metadata.get("resourceVersion"):
        return None
    noted = [str((metadata.get("annotations") or {}).get(name, "")) for name in _OWNER]
    return "/".join(noted) if all(noted) else ""


async def _changed(kube: PreflightKube, item: Object) -> tuple[str, ...]:
    """Return which fields of a StatefulSet differ that cannot be changed; the server does not say which."""
    if item.get("kind") != "StatefulSet":
        return ()
    try:
        live = await kube.get_object("apps/v1", "StatefulSet", namespace_of(item), name_of(item))
    except HelmkitError:
        return ()
    old, new = (live or {}).get("spec") or {}, item.get("spec") or {}
    fields = [f"spec.{field}" for field in _FIXED if field in new and field in old and new[field] != old[field]]
    claims = ({name_of(one): _claim(one) for one in spec.get("volumeClaimTemplates") or ()} for spec in (old, new))
    before, after = claims
    differing = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    return (*fields, *(f"claim {name}" for name in differing))


def _claim(claim: Object) -> tuple[Any, ...]:
    spec = claim.get("spec") or {}
    size = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    return (size, spec.get("storageClassName"), tuple(spec.get("accessModes") or ()))


def _pod(maker: PodMaker, accounts: set[str]) -> Object:
    metadata = maker.template.get("metadata") or {}
    spec = dict(maker.spec)
    if maker.account in accounts:
        # It is brought by the same run, so it may not be there yet; that alone would refuse the pod.
        spec = {**spec, "serviceAccountName": "default", "automountServiceAccountToken": False}
    claims = (maker.item.get("spec") or {}).get("volumeClaimTemplates") or ()
    if maker.kind == "StatefulSet" and claims:
        # The controller makes volumes of its claim templates.
        made = [{"name": name_of(one), "persistentVolumeClaim": {"claimName": name_of(one)}} for one in claims]
        spec["volumes"] = [*(spec.get("volumes") or ()), *made]
    if maker.kind in ("Job", "CronJob"):
        spec.setdefault("restartPolicy", "Never")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": maker.name[:200] + _SUFFIX,
            "namespace": maker.namespace,
            "labels": metadata.get("labels") or {},
            "annotations": metadata.get("annotations") or {},
        },
        "spec": spec,
    }


def _key(item: Object, moved: Moved) -> Key:
    return (str(item.get("kind")), namespace_of(item) or moved.namespace, name_of(item))
