"""The chart values of spring-service."""

from __future__ import annotations

from typing import Any, cast

from chartgen.archetypes.archetype import Archetype, Surroundings, ValueField, Values
from chartgen.archetypes.spring_service.model import SpringService
from chartgen.archetypes.workload import fields, schemas
from chartgen.archetypes.workload.exposure import build_ingress
from chartgen.archetypes.workload.ordering import in_field_order
from chartgen.archetypes.workload.pod import add_scratch, build_client_service, build_naming, build_pod
from chartgen.archetypes.workload.security import build_security
from chartgen.manifest.resolved import ResolvedService
from chartgen.vocabulary.workload import RunAs

HEALTH_PATHS = {
    "startup": "/actuator/health/liveness",
    "liveness": "/actuator/health/liveness",
    "readiness": "/actuator/health/readiness",
}
"""Spring Boot's own health groups (since 2.3); neither includes other systems (T058)."""

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
        **build_pod(service, model, around, HEALTH_PATHS),
        "strategy": _strategy(model),
        **build_security(model, DEFAULT_USER),
        **client,
        "ingress": build_ingress(model.ingress, client["service"]["name"]) if client else {},
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
    found = {f"Deployment/{values['name']} spec.selector": f"app={values['name']}"}
    if "service" in values:
        found[f"Service/{values['service']['name']} spec.clusterIP"] = "allocated"
    return found


SPRING_SERVICE = Archetype(
    name="spring-service",
    suffix="spring",
    summary="A stateless service: Deployment, Service, Ingresses and PodDisruptionBudget.",
    package="chartgen.archetypes.spring_service",
    shared_templates=("_names.tpl", "_env.tpl", "_pod.tpl", "service.yaml", "ingress.yaml", "poddisruptionbudget.yaml"),
    fields=(*fields.NAMING, *fields.POD, _STRATEGY),
    build_values=build_values,
    immutable_fields=_immutable_fields,
    definitions=fields.DEFINITIONS,
)
