"""Ask the cluster what we may do: one review of all rules for each namespace, single questions only in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from helmkit.errors import HelmkitError
from relman.core.preflight.facts import Right
from relman.preflight.ports import PreflightKube

_GROUP = "authorization.k8s.io/v1"
_AT_A_TIME = 16
_ANY = "*"


async def find_lacking(kube: PreflightKube, rights: Iterable[Right], unseen: list[str]) -> tuple[Right, ...]:
    """Return the rights we do not have.

    The list of rules may be incomplete (webhook authorizers), so what it does not grant is asked for one by one.
    """
    wanted = list(rights)
    namespaces = sorted({right.namespace for right in wanted} - {""})
    found = await asyncio.gather(*(_rules(kube, namespace) for namespace in namespaces))
    # Rules of a namespace do not tell whether they hold in the cluster, so those rights are always asked for.
    rules = {**dict(zip(namespaces, found, strict=True)), "": ()}
    doubtful = [right for right in wanted if not any(_grants(rule, right) for rule in rules[right.namespace])]
    gate = asyncio.Semaphore(_AT_A_TIME)

    async def one(right: Right) -> bool:
        async with gate:
            return await _allowed(kube, right)

    try:
        answers = await asyncio.gather(*(one(right) for right in doubtful))
    except HelmkitError as error:
        unseen.append(f"our rights: {error.message}")
        return ()
    return tuple(right for right, allowed in zip(doubtful, answers, strict=True) if not allowed)


async def _rules(kube: PreflightKube, namespace: str) -> Sequence[Mapping[str, Any]]:
    try:
        status = await _review(kube, "SelfSubjectRulesReview", {"namespace": namespace})
    except HelmkitError:
        return ()
    return status.get("resourceRules") or ()


async def _allowed(kube: PreflightKube, right: Right) -> bool:
    asked = {
        "verb": right.verb, "group": right.group, "resource": right.resource, "namespace": right.namespace,
        "name": right.name,
    }  # fmt: skip
    attributes = {key: value for key, value in asked.items() if value}
    status = await _review(kube, "SelfSubjectAccessReview", {"resourceAttributes": attributes})
    return bool(status.get("allowed"))


async def _review(kube: PreflightKube, kind: str, spec: Mapping[str, Any]) -> Mapping[str, Any]:
    # A review has no name; its metadata must be empty.
    review = {"apiVersion": _GROUP, "kind": kind, "metadata": {"name": ""}, "spec": spec}
    answer = await kube.create_object(review)
    status = answer.get("status")
    return status if isinstance(status, Mapping) else {}


def _grants(rule: Mapping[str, Any], right: Right) -> bool:
    names = rule.get("resourceNames") or ()
    return (
        _holds(rule.get("verbs"), right.verb)
        and _holds(rule.get("apiGroups"), right.group)
        and _holds(rule.get("resources"), right.resource)
        and (not names or right.name in names)
    )


def _holds(allowed: Sequence[str] | None, wanted: str) -> bool:
    return wanted in (allowed or ()) or _ANY in (allowed or ())
