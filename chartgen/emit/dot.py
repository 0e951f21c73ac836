"""The dependency graph in Graphviz's language, and as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chartgen.manifest.resolved import ResolvedService

_SHAPES = {"external-endpoint": "oval", "statefulset-infra": "cylinder"}


@dataclass(frozen=True)
class Node:
    """A service in the graph."""

    service: str
    namespace: str
    archetype: str
    depends_on: tuple[str, ...]


def find_nodes(services: Mapping[str, ResolvedService]) -> list[Node]:
    """Return the services with what they depend on, sorted; dependencies outside of `services` are left out."""
    return [
        Node(key, one.namespace, one.archetype, tuple(other for other in one.depends_on if other in services))
        for key, one in sorted(services.items())
    ]


def render_dot(services: Mapping[str, ResolvedService]) -> str:
    """Return a Graphviz digraph: an arrow leads from a service to what it depends on, namespaces are frames.

    Names are keys and namespaces, which are lower case letters, digits and hyphens: quotes alone make them safe.
    """
    nodes = find_nodes(services)
    lines = ["digraph platform {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    for namespace in sorted({node.namespace for node in nodes}):
        lines.append(f'  subgraph "cluster_{namespace}" {{')
        lines.append(f'    label="{namespace}";')
        for node in nodes:
            if node.namespace == namespace:
                shape = f" [shape={_SHAPES[node.archetype]}]" if node.archetype in _SHAPES else ""
                lines.append(f'    "{node.service}"{shape};')
        lines.append("  }")
    lines += [f'  "{node.service}" -> "{other}";' for node in nodes for other in node.depends_on]
    return "\n".join([*lines, "}"]) + "\n"
