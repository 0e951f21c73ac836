"""What stands around the pods of a service, put together: chart values, their fields and templates."""

from __future__ import annotations

from chartgen.archetypes.archetype import Surroundings, Values
from chartgen.archetypes.workload.account import build_account
from chartgen.archetypes.workload.chart_test import build_chart_test
from chartgen.archetypes.workload.exposure import build_services
from chartgen.archetypes.workload.metrics import build_metrics
from chartgen.archetypes.workload.network import build_network
from chartgen.archetypes.workload.pod import AnyWorkload
from chartgen.archetypes.workload.routing import build_routing
from chartgen.manifest.resolved import ResolvedService

PUBLISHED_TEMPLATES = ("ingress.yaml", "routes.yaml", "test.yaml")
"""Templates of everything that has a Service."""

TEMPLATES = (
    *("_service.tpl", "service.yaml", "services.yaml"),
    *PUBLISHED_TEMPLATES,
    *("_account.tpl", "account.yaml", "networkpolicy.yaml", "_annotations.tpl", "_metrics.tpl", "metrics.yaml"),
)
"""Templates of everything that has pods."""


def build_published(service: ResolvedService, around: Surroundings) -> Values:
    """Return how a service is reached from outside, and its test."""
    return {**build_routing(service, around), **build_chart_test(service, around)}


def build_around(service: ResolvedService, model: AnyWorkload, around: Surroundings) -> Values:
    """Return everything that stands around the pods, but for the Service for clients and the headless one."""
    services = build_services(model.expose, model.ports)
    return {
        **({"services": services} if services else {}),
        **build_published(service, around),
        **build_account(model),
        **build_network(service, around),
        **build_metrics(model),
    }


def service_identities(values: Values) -> dict[str, str]:
    """Return what Kubernetes does not let an upgrade change of Services (T041), as `Service/name field` to text."""
    found = {}
    client = {values["service"]["name"]: values["service"]} if "service" in values else {}
    for name, service in {**client, **values.get("services", {})}.items():
        found[f"Service/{name} spec.clusterIP"] = "None" if service.get("headless") else "allocated"
        if "loadBalancerClass" in service:
            found[f"Service/{name} spec.loadBalancerClass"] = service["loadBalancerClass"]
    return found
