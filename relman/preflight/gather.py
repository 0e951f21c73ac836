"""Gather the facts all at once, and judge them. Nothing is changed, nothing is raised for what could not be seen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from helmkit.bom import NamespaceEntry, ServiceEntry
from helmkit.errors import HelmkitError, UsageError
from helmkit.kube import ServerVersion
from relman.core.plan import Plan
from relman.core.preflight.decide import decide_report
from relman.core.preflight.facts import Facts, Versions
from relman.core.preflight.finding import (
    CAPACITY,
    CHECKS,
    DEPENDENCIES,
    DRY_RUN,
    IMAGE,
    NODE_PORTS,
    REFERENCES,
    RIGHTS,
    Report,
)
from relman.core.preflight.node_ports import wants_node_ports
from relman.core.preflight.rights import needed_rights
from relman.preflight.cluster import list_node_ports, list_nodes, list_quotas, live_workloads, why_not
from relman.preflight.images import look_for_images
from relman.preflight.lookups import Lookups, look_up
from relman.preflight.neighbours import look_at_neighbours
from relman.preflight.ports import ImageLookup, PreflightHelm, PreflightKube
from relman.preflight.rendering import render_steps
from relman.preflight.reviews import find_lacking
from relman.preflight.trials import Trials, try_objects
from relman.source import Platform

Value = TypeVar("Value")
_ENFORCE = "pod-security.kubernetes.io/enforce"


@dataclass(frozen=True)
class PreflightRequest:
    """What to look at."""

    plan: Plan
    platforms: Mapping[str, Platform]
    """By platform version."""
    services: Mapping[str, ServiceEntry] = field(default_factory=dict)
    """All services of the environment, by key, to find dependencies by."""
    namespaces: Mapping[str, NamespaceEntry] = field(default_factory=dict)
    """Labels the run sets on namespaces."""
    plain_http: frozenset[str] = frozenset()
    """Image registries declared to speak HTTP without TLS."""
    checks: tuple[str, ...] = CHECKS
    skip: frozenset[str] = frozenset()

    @property
    def chosen(self) -> frozenset[str]:
        """Ids of the checks to make."""
        return frozenset(self.checks) - self.skip


async def run_preflight(
    kube: PreflightKube, helm: PreflightHelm, images: ImageLookup | None, request: PreflightRequest
) -> Report:
    """Return everything that speaks against a plan.

    One without steps is not looked at, and none is when every check is skipped.

    Args:
        kube: The cluster.
        helm: Renders charts.
        images: Asks registries; None leaves images unchecked.
        request: What to look at.

    Raises:
        UnreachableError: The cluster does not answer at all.
    """
    skipped = tuple(check for check in request.checks if check in request.skip)
    if not request.plan.steps or not request.chosen:
        return Report(skipped=skipped)
    facts = await _gather(kube, helm, images, request)
    return decide_report(facts, request.chosen, skipped)


async def _gather(
    kube: PreflightKube, helm: PreflightHelm, images: ImageLookup | None, request: PreflightRequest
) -> Facts:
    unseen: list[str] = []
    plan, chosen = request.plan, request.chosen
    version = await kube.server_version()
    namespaces = tuple(sorted({step.namespace for step in plan.steps}))
    # What needs no rendered objects is asked for while helm renders.
    moved, missing_labels, versions, nodes, quotas, neighbours = await asyncio.gather(
        render_steps(helm, kube, plan, request.platforms, str(version)),
        _namespaces(kube, namespaces, request, unseen),
        _versions(helm, version),
        _if(bool({CAPACITY, IMAGE} & chosen), list_nodes(kube, unseen, pods=CAPACITY in chosen), None),
        _if(CAPACITY in chosen, list_quotas(kube, namespaces, unseen), ()),
        _if(DEPENDENCIES in chosen, look_at_neighbours(kube, plan, request.services), ()),
    )
    missing, labelled = missing_labels
    rights = needed_rights(moved, missing, labelled)
    lookups, trials, ports, live, lacking = await asyncio.gather(
        _if(bool({REFERENCES, IMAGE} & chosen), look_up(kube, moved, missing), Lookups()),
        _if(bool({DRY_RUN, CAPACITY} & chosen), try_objects(kube, moved, missing), Trials((), {}, {}, frozenset())),
        _if(NODE_PORTS in chosen and wants_node_ports(moved), list_node_ports(kube, unseen), None),
        _if(CAPACITY in chosen, live_workloads(kube, moved, missing), {}),
        _if(RIGHTS in chosen, find_lacking(kube, rights, unseen), ()),
    )
    asked = IMAGE in chosen and images is not None
    found = await look_for_images(images, moved, lookups, plan, request.plain_http) if asked and images else {}
    unseen += lookups.unseen + _untried(trials, chosen) + _unlabelled(request, missing | labelled)
    unseen += [f"{one.service}, a dependency: {one.detail}" for one in neighbours if one.state == "unseen"]
    return Facts(
        moved=moved, missing_namespaces=missing, trials=trials.trials, known=lookups.known,
        default_storage_class=lookups.default_class, images=found, nodes=nodes, live=live, admitted=trials.admitted,
        pods=trials.pods, node_ports=ports, quotas=quotas, lacking=lacking, neighbours=neighbours, versions=versions,
        unseen=tuple(unseen),
    )  # fmt: skip


async def _if(wanted: bool, work: Awaitable[Value], otherwise: Value) -> Value:  # noqa: FBT001
    if wanted:
        return await work
    if asyncio.iscoroutine(work):
        work.close()
    return otherwise


async def _namespaces(
    kube: PreflightKube, names: tuple[str, ...], request: PreflightRequest, unseen: list[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the namespaces that do not exist, and those that lack labels."""
    missing, labelled = set(), set()

    async def one(name: str) -> None:
        try:
            item: Mapping[str, Any] | None = await kube.get_object("v1", "Namespace", None, name)
        except HelmkitError as error:
            unseen.append(f"namespace {name}: {why_not(error, 'read it')}")
            return
        entry = request.namespaces.get(name, NamespaceEntry())
        present = (item or {}).get("metadata") or {}
        if item is None:
            missing.add(name)
        elif not (
            entry.labels.items() <= (present.get("labels") or {}).items()
            and entry.annotations.items() <= (present.get("annotations") or {}).items()
        ):
            labelled.add(name)

    await asyncio.gather(*(one(name) for name in names))
    return frozenset(missing), frozenset(labelled)


async def _versions(helm: PreflightHelm, server: ServerVersion) -> Versions:
    fault = ""
    ask = getattr(helm, "version", None)
    try:
        found = str(await ask()) if ask else ""
    except UsageError as error:
        found, fault = "", error.message
    return Versions((server.major, server.minor), server.text, found, fault)


def _untried(trials: Trials, chosen: frozenset[str]) -> list[str]:
    if DRY_RUN not in chosen:
        return []
    what = "whether the cluster accepts the pods (Pod Security, policies): no right to create pods"
    return [f"{what} in namespace {name}" for name in sorted(trials.pods_untried)]


def _unlabelled(request: PreflightRequest, names: frozenset[str]) -> list[str]:
    """Pod Security judges by a namespace's labels: those that come only with the run cannot be tried."""
    guarded = sorted(name for name in names if _ENFORCE in request.namespaces.get(name, NamespaceEntry()).labels)
    if not guarded or DRY_RUN not in request.chosen:
        return []
    return [f"Pod Security of {', '.join(guarded)}: the run sets its level first"]
