"""The chart values of spring-service."""

from __future__ import annotations

from typing import Any, cast

from chartgen.archetypes.archetype import Archetype, Surroundings, ValueField, Values
from chartgen.archetypes.spring_service.model import SpringService
from chartgen.archetypes.workload import around as surrounding
from chartgen.archetypes.workload import fields, schemas
from chartgen.archetypes.workload.around_fields import AROUND
from chartgen.archetypes.workload.health import GROUPS, health_paths
from chartgen.archetypes.workload.ordering import in_field_order
from chartgen.archetypes.workload.pod import (
    POD_TEMPLATES,
    add_scratch,
    build_client_service,
    build_naming,
    build_pod,
    selector_text,
)
from chartgen.archetypes.workload.security import build_security
from chartgen.manifest.resolved import ResolvedService
from chartgen.vocabulary.workload import RunAs

DEFAULT_USER = RunAs(user=10001)

_STRATEGY = ValueField(
    "strategy",
    "How new pods replace old ones. Recreate stops the old pod first, for what must never run twice.",
    schemas.KUBERNETES,
)


def build_values(service: ResolvedService, around: Surroundings) -> Values:
    """Return the complete chart values of a spring-service."""
    model = cast("SpringService", service.model)
    client = build_client_service(model, model.service)
    values = {
        **build_naming(service, around),
        **build_pod(service, model, around, dict(health_paths(model.spring_boot, GROUPS))),
        "strategy": _strategy(model),
        **build_security(model, DEFAULT_USER),
        **client,
        **surrounding.build_around(service, model, around),
    }
    add_scratch(values)
    return in_field_order(values, SPRING_SERVICE.fields)


def _strategy(model: SpringService) -> Values:
    rollout = model.rollout
    if rollout.recreate or model.max_replicas == 1:
        return {"type": "Recreate"}
    # With required spreading a surge pod may never find a node, so an old one goes first (T049).
    surge: Any = 0 if model.spread == "required" else 1
    surge = surge if rollout.max_surge is None else rollout.max_surge
    unavailable: Any = 1 if surge in (0, "0%") else 0
    unavailable = unavailable if rollout.max_unavailable is None else rollout.max_unavailable
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}


def _immutable_fields(values: Values) -> dict[str, str]:
    found = {f"Deployment/{values['name']} spec.selector": selector_text(values)}
    return {**found, **surrounding.service_identities(values)}


SPRING_SERVICE = Archetype(
    name="spring-service",
    suffix="spring",
    summary="A stateless service: Deployment, Service, Ingresses and PodDisruptionBudget.",
    package="chartgen.archetypes.spring_service",
    shared_templates=(*POD_TEMPLATES, *surrounding.TEMPLATES),
    fields=(*fields.NAMING, *fields.POD, *AROUND, _STRATEGY),
    build_values=build_values,
    immutable_fields=_immutable_fields,
    definitions=fields.DEFINITIONS,
)
