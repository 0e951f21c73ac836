"""The dependency graph as a Mermaid diagram, for READMEs."""

from __future__ import annotations

from collections.abc import Mapping

from chartgen.manifest.resolved import ResolvedService

_SHAPES = {"external-endpoint": ("([", "])"), "statefulset-infra": ("[(", ")]"), "raw-objects": ("[[", "]]")}
_BOX = ("[", "]")
_DRAWN_SERVICES = 100
"""More are drawn as namespaces only: Mermaid gives up on large graphs, and so do readers."""


def render_graph(services: Mapping[str, ResolvedService]) -> str:
    """Return a Mermaid diagram: an arrow leads from a service to what it depends on."""
    # What every service of a namespace waits for would only draw lines.
    services = {key: service for key, service in services.items() if service.archetype != "namespace-objects"}
    return _services(services) if len(services) <= _DRAWN_SERVICES else _namespaces(services)


def _services(services: Mapping[str, ResolvedService]) -> str:
    # Own ids: a service called `end` or `graph` would be a keyword.
    ids = {key: f"s{number}" for number, key in enumerate(sorted(services))}
    lines = ["flowchart LR"]
    for number, namespace in enumerate(sorted({service.namespace for service in services.values()})):
        lines.append(f'  subgraph n{number}["{namespace}"]')
        lines += [f"    {ids[key]}{_shape(services[key])}" for key in ids if services[key].namespace == namespace]
        lines.append("  end")
    lines += [
        f"  {ids[key]} --> {ids[other]}" for key in ids for other in sorted(services[key].depends_on) if other in ids
    ]
    return "\n".join(lines)


def _shape(service: ResolvedService) -> str:
    left, right = _SHAPES.get(service.archetype, _BOX)
    return f'{left}"{service.key}"{right}'


def _namespaces(services: Mapping[str, ResolvedService]) -> str:
    ids = {name: f"n{number}" for number, name in enumerate(sorted({s.namespace for s in services.values()}))}
    edges = {
        (service.namespace, services[other].namespace)
        for service in services.values()
        for other in service.depends_on
        if other in services and services[other].namespace != service.namespace
    }
    nodes = [f'  {ids[name]}["{name}"]' for name in ids]
    return "\n".join(["flowchart LR", *nodes, *(f"  {ids[a]} --> {ids[b]}" for a, b in sorted(edges))])
