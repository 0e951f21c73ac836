"""The chart values of namespace-objects: its objects as data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from chartgen.archetypes.archetype import Archetype, Surroundings, Values
from chartgen.archetypes.namespace_objects.model import ARCHETYPE, RELEASE, NamespaceObjects
from chartgen.archetypes.objects.fields import OBJECTS
from chartgen.archetypes.workload import fields
from chartgen.archetypes.workload.ordering import in_field_order
from chartgen.vocabulary.namespace import Amounts, ContainerLimits

if TYPE_CHECKING:
    from chartgen.manifest.resolved import ResolvedService

_DNS: dict[str, Any] = {
    "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
    "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
}
"""Without it no name is found, and what is allowed elsewhere does not work either."""
_ANYBODY_HERE: dict[str, Any] = {"podSelector": {}}


def build_values(service: ResolvedService, around: Surroundings) -> Values:
    """Return the complete chart values of a namespace's objects."""
    model = cast("NamespaceObjects", service.model)
    objects = {f"{found['kind'].lower()}-{RELEASE}": found for found in _objects(model)}
    values: Values = {
        "name": model.name,
        "component": ARCHETYPE,
        "partOf": around.platform,
        "objects": dict(sorted(objects.items())),
    }
    return in_field_order(values, NAMESPACE_OBJECTS.fields)


def _objects(model: NamespaceObjects) -> Iterator[Values]:
    section = model.content
    if section.quota:
        hard = {key: str(amount) for key, amount in sorted(section.quota.items())}
        yield _object("v1", "ResourceQuota", {"hard": hard})
    if section.limits:
        yield _object("v1", "LimitRange", {"limits": [_limits(section.limits)]})
    if section.network != "open":
        yield _object("networking.k8s.io/v1", "NetworkPolicy", _policy(section.network))


def _object(api_version: str, kind: str, spec: Values) -> Values:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": RELEASE}, "spec": spec}


def _limits(limits: ContainerLimits) -> Values:
    parts = {
        "default": limits.default,
        "defaultRequest": limits.default_request,
        "min": limits.min,
        "max": limits.max,
    }
    return {"type": "Container", **{key: found for key, part in parts.items() if (found := _amounts(part))}}


def _amounts(amounts: Amounts) -> dict[str, str]:
    return {key: value for key, value in (("cpu", amounts.cpu), ("memory", amounts.memory)) if value}


def _policy(network: str) -> Values:
    if network == "deny-in":
        return {"podSelector": {}, "policyTypes": ["Ingress"]}
    both: Values = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "egress": [_DNS]}
    if network == "namespace":
        return {**both, "ingress": [{"from": [_ANYBODY_HERE]}], "egress": [_DNS, {"to": [_ANYBODY_HERE]}]}
    return both


def _immutable_fields(values: Values) -> dict[str, str]:  # noqa: ARG001 - an archetype's signature
    return {}


NAMESPACE_OBJECTS = Archetype(
    name=ARCHETYPE,
    suffix="objects",
    summary="What a namespace says for all pods in it: quota, limits, and who may talk to whom.",
    package="chartgen.archetypes.namespace_objects",
    shared_templates=("_names.tpl",),
    fields=(*fields.NAMING, *OBJECTS),
    build_values=build_values,
    immutable_fields=_immutable_fields,
)
