"""Look for what rendered objects name. Of Secrets only the names of keys are kept, except for pull secrets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from helmkit.errors import HelmkitError
from relman.core.preflight.facts import Known, Moved
from relman.core.preflight.named import (
    CONFIG_MAP,
    INGRESS_CLASS,
    SECRET,
    SERVICE_ACCOUNT,
    STORAGE_CLASS,
    Reference,
    references_of,
)
from relman.core.preflight.pods import pod_makers
from relman.preflight.cluster import why_not
from relman.preflight.ports import PreflightKube

_API = {
    SECRET: "v1",
    CONFIG_MAP: "v1",
    SERVICE_ACCOUNT: "v1",
    STORAGE_CLASS: "storage.k8s.io/v1",
    INGRESS_CLASS: "networking.k8s.io/v1",
}
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_PULL_TYPES = ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg")
_PULL = "pull secret"
_DEFAULT = "default"

Target = tuple[str, str, str]


@dataclass
class Lookups:
    """What was found. Filled by `look_up`."""

    known: dict[Target, Known] = field(default_factory=dict)
    pull_secrets: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict, repr=False)
    """Pull secrets with their content, by namespace and name. Never shown."""
    accounts: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """Pull secrets of service accounts, by namespace and name."""
    default_class: bool | None = None
    unseen: list[str] = field(default_factory=list)


async def look_up(kube: PreflightKube, moved: tuple[Moved, ...], missing: frozenset[str]) -> Lookups:
    """Look for everything the run's objects name.

    Args:
        kube: The cluster.
        moved: What the run brings.
        missing: Namespaces that do not exist yet: nothing is in them.
    """
    found = Lookups()
    references = list(references_of(moved))
    makers = list(pod_makers(moved))
    accounts = {(m.namespace, m.account) for m in makers if m.containers}
    pulls = {(r.namespace, r.name) for r in references if r.what == _PULL}
    targets = {r.target for r in references if r.kind in (SECRET, CONFIG_MAP)} | {(SECRET, *one) for one in pulls}
    for kind, namespace, name in list(targets):
        if namespace in missing:
            found.known[kind, namespace, name] = Known("missing")
            targets.discard((kind, namespace, name))
    await asyncio.gather(
        *(_one(kube, found, target) for target in sorted(targets)),
        *(_account(kube, found, *one) for one in sorted(accounts) if one[0] not in missing),
        _classes(kube, found, references),
    )
    for namespace, name in accounts:
        if namespace in missing:
            # Kubernetes makes the default account of a namespace itself.
            found.known[SERVICE_ACCOUNT, namespace, name] = Known("there" if name == _DEFAULT else "missing")
    await _by_name(kube, found, targets)
    return found


async def _one(kube: PreflightKube, found: Lookups, target: Target) -> None:
    kind, namespace, name = target
    try:
        item = await kube.get_object(_API[kind], kind, namespace, name)
    except HelmkitError:
        found.known[target] = Known("unseen")
        return
    if item is None:
        found.known[target] = Known("missing")
        return
    parts = (item.get(part) or {} for part in ("data", "binaryData"))
    found.known[target] = Known("there", frozenset(key for part in parts for key in part))
    if kind == SECRET and item.get("type") in _PULL_TYPES:
        found.pull_secrets[namespace, name] = item


async def _by_name(kube: PreflightKube, found: Lookups, targets: Iterable[Target]) -> None:
    """Where single objects may not be read, a list of names tells at least which exist."""
    hidden = sorted({t[:2] for t in targets if found.known.get(t) == Known("unseen")})

    async def one(kind: str, namespace: str) -> None:
        mine = [t for t in targets if t[:2] == (kind, namespace) and found.known.get(t) == Known("unseen")]
        try:
            names = {item.name for item in await kube.list_metadata(_API[kind], kind, namespace)}
        except HelmkitError as error:
            wanted = ", ".join(sorted(name for _, _, name in mine))
            why = why_not(error, "read it")
            found.unseen.append(f"whether {kind} {wanted} exists in namespace {namespace}: {why}")
            return
        for target in mine:
            found.known[target] = Known("there" if target[2] in names else "missing")
        found.unseen.append(f"keys of {kind}s in namespace {namespace}: no right to read them, only their names")

    await asyncio.gather(*(one(*pair) for pair in hidden))


async def _account(kube: PreflightKube, found: Lookups, namespace: str, name: str) -> None:
    target = (SERVICE_ACCOUNT, namespace, name)
    try:
        item = await kube.get_object("v1", SERVICE_ACCOUNT, namespace, name)
    except HelmkitError:
        found.known[target] = Known("unseen")
        return
    found.known[target] = Known("there" if item is not None or name == _DEFAULT else "missing")
    pulls = tuple(str(one["name"]) for one in (item or {}).get("imagePullSecrets") or () if one.get("name"))
    found.accounts[namespace, name] = pulls
    await asyncio.gather(*(_one(kube, found, (SECRET, namespace, pull)) for pull in pulls))


async def _classes(kube: PreflightKube, found: Lookups, references: list[Reference]) -> None:
    for kind in (STORAGE_CLASS, INGRESS_CLASS):
        wanted = {r.name for r in references if r.kind == kind}
        if not wanted:
            continue
        try:
            items = await kube.list_metadata(_API[kind], kind)
        except HelmkitError as error:
            found.unseen.append(f"{kind}s: {why_not(error, 'list them')}")
            continue
        names = {item.name for item in items}
        for name in wanted - {""}:
            found.known[kind, "", name] = Known("there" if name in names else "missing")
        if kind == STORAGE_CLASS:
            found.default_class = any(item.annotations.get(_DEFAULT_CLASS) == "true" for item in items)
            await _classless_volumes(kube, found, wanted - names)


async def _classless_volumes(kube: PreflightKube, found: Lookups, names: set[str]) -> None:
    """A volume made by hand may name a class that has no object; claims bind to it all the same."""
    if not names - {""}:
        return
    try:
        volumes = await kube.list_objects("v1", "PersistentVolume")
    except HelmkitError:
        volumes = []
    for volume in volumes:
        name = str((volume.get("spec") or {}).get("storageClassName") or "")
        if name in names:
            found.known[STORAGE_CLASS, "", name] = Known("there")
