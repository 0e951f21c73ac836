"""The order of a plan's steps: by dependencies, and so that node ports are released before they are taken (pure).

A service that moves to another namespace has two steps: one that installs it there and one that removes it here. The
removal comes last, after everything that may still call the old name, unless a node port must be free first (T039).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from relman.core import graph
from relman.core.plan import INSTALL, UNINSTALL, Refusal, Step
from relman.core.record import Content


def in_order(steps: Sequence[Step], depends_on: Mapping[str, tuple[str, ...]]) -> tuple[Step, ...]:
    """Return the steps with the steps each waits for, in an order that respects them.

    Node ports that form a circle are left out of the order; `refuse_port_circles` says so.
    """
    named = _named(steps)
    edges = _edges(named, depends_on)
    for taker, giver in _port_pairs(named):
        # A service that moves gives its ports up before it takes them again, whatever else is customary.
        if named[giver].service == named[taker].service:
            edges[giver] = set()
        if not _reaches(edges, giver, taker):
            edges[taker].add(giver)
    fixed = {name: tuple(sorted(needs)) for name, needs in edges.items()}
    ordered: list[str] = []
    while len(ordered) < len(named):
        ordered.extend(graph.ready_nodes(fixed, ordered, ordered))
    return tuple(msgspec.structs.replace(named[name], waits_for=fixed[name]) for name in ordered)


def in_order_back(steps: Sequence[Step], depends_on: Mapping[str, tuple[str, ...]]) -> tuple[Step, ...]:
    """Order the steps: who depends on others goes back first, unless something must be installed again."""
    if any(step.action == INSTALL for step in steps):
        return in_order(steps, depends_on)
    members = [step.service for step in steps]
    return in_order(steps, graph.reverse_edges(graph.edges_within(depends_on, members)))


def refuse_port_circles(steps: Sequence[Step]) -> tuple[Refusal, ...]:
    """Return a refusal for each node port that two services of a plan would have to exchange at once."""
    waits_for = {step.id: step.waits_for for step in steps}
    named = {step.id: step for step in steps}
    found = []
    for taker, giver in _port_pairs(named):
        if giver not in waits_for[taker]:
            ports = ", ".join(map(str, sorted(_taken(named[taker]) & _released(named[giver]))))
            message = f"{taker} takes node port {ports} of {giver}, which must move after it: no order fits both"
            found.append(
                Refusal(
                    kind="node-ports", service=named[taker].service, namespace=named[taker].namespace, message=message,
                    hint="Give the port up in one version, and take it in the next.",
                )
            )  # fmt: skip
    return tuple(found)


def _named(steps: Sequence[Step]) -> dict[str, Step]:
    """Return the steps by their id; the removal of a service that has another step gets one of its own."""
    twice = {service for service, count in Counter(step.service for step in steps).items() if count > 1}
    named = {}
    for step in steps:
        removal = step.service in twice and step.action == UNINSTALL
        one = msgspec.structs.replace(step, node=f"{step.service} in {step.namespace}") if removal else step
        named[one.id] = one
    return named


def _edges(named: Mapping[str, Step], depends_on: Mapping[str, tuple[str, ...]]) -> dict[str, set[str]]:
    services = {step.service for step in named.values()}
    needs = graph.edges_within(depends_on, services)
    callers = graph.reverse_edges(needs)
    edges = {}
    for name, step in named.items():
        edges[name] = {step.service, *callers[step.service]} if step.node else set(needs[step.service])
    return edges


def _port_pairs(named: Mapping[str, Step]) -> list[tuple[str, str]]:
    """Return who takes a node port that another step of the plan releases."""
    return [
        (taker, giver)
        for taker, one in named.items()
        for giver, other in named.items()
        if taker != giver and _taken(one) & _released(other)
    ]


def _taken(step: Step) -> frozenset[int]:
    return _ports(step.content) if step.action != UNINSTALL else frozenset()


def _released(step: Step) -> frozenset[int]:
    before = _ports(step.before.content) if step.before else frozenset()
    return before - _taken(step)


def _ports(content: Content | None) -> frozenset[int]:
    return frozenset(content.node_ports) if content else frozenset()


def _reaches(edges: Mapping[str, set[str]], start: str, end: str) -> bool:
    """Tell whether `start` waits for `end`, directly or through others."""
    seen, pending = set(), [start]
    while pending:
        node = pending.pop()
        if node == end:
            return True
        if node not in seen:
            seen.add(node)
            pending.extend(edges[node])
    return False
