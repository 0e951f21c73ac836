"""Ingresses and HTTPRoutes as chart values.

What a controller wants as annotations is written here, so that the templates know no controller, but for traefik: it
takes a prefix away by a Middleware, whose full name has the namespace in it.
"""

from __future__ import annotations

import re

from chartgen.archetypes.archetype import Surroundings, Values
from chartgen.manifest.kubernetes_services import KubernetesService, service_for
from chartgen.manifest.resolved import ResolvedService
from chartgen.vocabulary.canary import Canary
from chartgen.vocabulary.connections import Published
from chartgen.vocabulary.exposure import Ingress
from chartgen.vocabulary.routes import Route

_NGINX = "nginx.ingress.kubernetes.io/"


def build_routing(service: ResolvedService, around: Surroundings) -> Values:
    """Return `ingress`, and `routes` where there are any, by name."""
    model = service.model
    if not isinstance(model, Published):
        return {}
    ingresses: Values = {}
    for name, ingress in model.ingress.items():
        own = service_for(model, ingress.service)
        if own is None:
            continue  # without a Service it would lead nowhere; the release manifest's rules refuse it
        ingresses[name] = _ingress(ingress, own.name, {})
        if ingress.canary:
            target, port = _canary_target(ingress.canary, ingress.port, around)
            ingresses[f"{name}-canary"] = {
                **_ingress(ingress, target.name, _canary_annotations(ingress.canary)),
                "port": port,
            }
    routes = {
        name: _route(route, own, around)
        for name, route in sorted(model.routes.items())
        if (own := service_for(model, route.service))
    }
    return {"ingress": dict(sorted(ingresses.items())), **({"routes": routes} if routes else {})}


def _ingress(ingress: Ingress, service: str, more: dict[str, str]) -> Values:
    strip = ingress.served_by if ingress.strip_prefix else None
    path, path_type, annotations = ingress.path, ingress.path_type, {**ingress.annotations, **more}
    if strip == "nginx":
        # With a capture for what follows: a path that only begins alike, such as /v10 for /v1, must not fit.
        path, path_type = f"{re.escape(path.rstrip('/'))}(/|$)(.*)", "ImplementationSpecific"
        annotations |= {f"{_NGINX}use-regex": "true", f"{_NGINX}rewrite-target": "/$2"}
    found = {
        "className": ingress.class_,
        "host": ingress.host,
        "path": path,
        "pathType": path_type,
        "service": service,
        "port": ingress.port,
        "tlsSecret": ingress.tls_secret,
        "stripPrefix": path.rstrip("/") if strip == "traefik" else None,
        "annotations": dict(sorted(annotations.items())),
    }
    return {key: value for key, value in found.items() if value is not None}


def _canary_annotations(canary: Canary) -> dict[str, str]:
    header = {f"{_NGINX}canary-by-header": canary.header} if canary.header else {}
    return {f"{_NGINX}canary": "true", f"{_NGINX}canary-weight": str(canary.weight), **header}


def _canary_target(canary: Canary, port: str, around: Surroundings) -> tuple[KubernetesService, str]:
    model = around.place.services[canary.service].model
    target = service_for(model, None)
    if target is None:
        msg = f"{canary.service} has no Service for clients"
        raise LookupError(msg)
    return target, canary.port or port


def _route(route: Route, own: KubernetesService, around: Surroundings) -> Values:
    gateway = {
        "name": route.gateway.name,
        "namespace": route.gateway.namespace,
        "sectionName": route.gateway.section,
        "port": route.gateway.port,
    }
    found = {
        "gateway": {key: value for key, value in gateway.items() if value is not None},
        "host": route.host,
        "path": route.path,
        "pathType": "PathPrefix" if route.path_type == "Prefix" else "Exact",
        "headers": dict(sorted(route.headers.items())),
        "service": own.name,
        "port": own.ports[route.port].number,
        "stripPrefix": route.strip_prefix or None,
        "hostHeader": route.host_header,
        "setHeaders": dict(sorted(route.set_headers.items())),
        "removeHeaders": list(route.remove_headers),
        "timeoutSeconds": route.timeout,
        "canary": _route_canary(route, around) if route.canary else None,
    }
    return {key: value for key, value in found.items() if value not in (None, {}, [])}


def _route_canary(route: Route, around: Surroundings) -> Values:
    canary = route.canary
    if canary is None:
        return {}
    target, port = _canary_target(canary, route.port, around)
    header = {"header": canary.header} if canary.header else {}
    return {"service": target.name, "port": target.ports[port].number, "weight": canary.weight, **header}
