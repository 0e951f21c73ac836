"""The order of steps: a true graph, no layers (pure).

`waits_for` of a step names the steps that must be through before it. Services that are not part of the plan are
passed through, so that a chain with a skipped link keeps its order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from helmkit.errors import HelmkitError

Edges = Mapping[str, Collection[str]]


def edges_within(depends_on: Edges, members: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return for each member the members it depends on, directly or through services that are not members.

    Raises:
        HelmkitError: The dependencies form a cycle, which is printed.
    """
    inside = set(members)
    closure: dict[str, frozenset[str]] = {}
    for start in sorted(depends_on):
        _visit(start, depends_on, inside, closure, [])
    return {member: tuple(sorted(closure.get(member, frozenset()))) for member in sorted(inside)}


def reverse_edges(edges: Edges) -> dict[str, tuple[str, ...]]:
    """Return for each node the nodes that depend on it."""
    reverse: dict[str, list[str]] = {node: [] for node in edges}
    for node, needs in edges.items():
        for need in needs:
            reverse[need].append(node)
    return {node: tuple(sorted(dependants)) for node, dependants in reverse.items()}


def dependants_of(edges: Edges, nodes: Collection[str]) -> set[str]:
    """Return every node that waits for one of `nodes`, directly or through others; `nodes` themselves left out."""
    reverse = reverse_edges(edges)
    found: set[str] = set()
    pending = list(nodes)
    while pending:
        for dependant in reverse.get(pending.pop(), ()):
            if dependant not in found:
                found.add(dependant)
                pending.append(dependant)
    return found - set(nodes)


def ready_nodes(edges: Edges, done: Collection[str], taken: Collection[str]) -> tuple[str, ...]:
    """Return the nodes that may start: not taken, and all they wait for is done.

    Longest chain of dependants first, so that the critical path decides how long the whole takes; then by name.
    """
    through = set(done)
    ready = [node for node, needs in edges.items() if node not in taken and through.issuperset(needs)]
    weights = _chain_lengths(edges)
    return tuple(sorted(ready, key=lambda node: (-weights[node], node)))


def _chain_lengths(edges: Edges) -> dict[str, int]:
    reverse = reverse_edges(edges)
    lengths: dict[str, int] = {}

    def length(node: str) -> int:
        if node not in lengths:
            lengths[node] = 1 + max((length(dependant) for dependant in reverse[node]), default=0)
        return lengths[node]

    for node in edges:
        length(node)
    return lengths


def _visit(
    node: str, depends_on: Edges, inside: set[str], closure: dict[str, frozenset[str]], path: list[str]
) -> frozenset[str]:
    if node in closure:
        return closure[node]
    if node in path:
        cycle = " -> ".join([*path[path.index(node) :], node])
        msg = f"the services depend on each other in a circle: {cycle}"
        raise HelmkitError(msg, hint="Build it again.")
    found: set[str] = set()
    for need in depends_on.get(node, ()):
        below = _visit(need, depends_on, inside, closure, [*path, node])
        found |= {need} if need in inside else below
    closure[node] = frozenset(found)
    return closure[node]
