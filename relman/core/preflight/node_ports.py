"""Check `node-ports`: the node ports the run needs are free in the whole cluster (core, pure).

A port is free as well when the Service that has it is one the run changes so that it lets go, or belongs to a release
the run moves or removes and is no longer part of it (T039).
"""

from __future__ import annotations

from collections.abc import Iterator

from relman.core.preflight.facts import Facts, Moved, PortHolder
from relman.core.preflight.finding import NODE_PORTS, REFUSE, Finding
from relman.core.preflight.pods import name_of, namespace_of


def check_node_ports(facts: Facts) -> Iterator[Finding]:
    """Yield node ports that somebody else has, or that two Services of the run want."""
    wanted = list(_wanted(facts.moved))
    rendered = {(where, name): ports for _, where, name, ports in wanted}
    moved = {f"{one.namespace}/{one.release}" for one in facts.moved}
    holders = {
        port: holder
        for holder in facts.node_ports or ()
        if not _lets_go(holder, rendered, moved)
        for port in holder.ports
    }
    first: dict[int, str] = {}
    for service, where, name, ports in wanted:
        for port in sorted(ports):
            other = first.setdefault(port, f"{where}/{name}")
            if other != f"{where}/{name}":
                yield _finding(service, where, f"Service/{name} wants node port {port}, and so does {other}")
            holder = holders.get(port)
            if holder and (holder.namespace, holder.name) != (where, name):
                whose = f"Service {holder.name} of namespace {holder.namespace} has it"
                yield _finding(service, where, f"Service/{name} wants node port {port}, but {whose}")


def wants_node_ports(moved: tuple[Moved, ...]) -> bool:
    """Tell whether the run needs any node port at all."""
    return any(ports for _, _, _, ports in _wanted(moved))


def node_ports_of(item: object) -> frozenset[int]:
    """Return the node ports a Service names."""
    spec = item.get("spec") if isinstance(item, dict) else None
    return frozenset(int(port["nodePort"]) for port in (spec or {}).get("ports") or () if port.get("nodePort"))


def _wanted(moved: tuple[Moved, ...]) -> Iterator[tuple[str, str, str, frozenset[int]]]:
    for one in moved:
        for item in one.objects:
            if item.get("kind") == "Service":
                yield one.service, namespace_of(item) or one.namespace, name_of(item), node_ports_of(item)


def _lets_go(holder: PortHolder, rendered: dict[tuple[str, str], frozenset[int]], moved: set[str]) -> bool:
    # A rendered Service is judged by what is rendered; one of a moved release that is not rendered goes away.
    return (holder.namespace, holder.name) in rendered or holder.release in moved


def _finding(service: str, namespace: str, message: str) -> Finding:
    return Finding(
        check=NODE_PORTS, severity=REFUSE, message=message, namespace=namespace, services=(service,),
        remedy="Choose another port in the release manifest (30000-32767); it is unique in the cluster.",
    )  # fmt: skip
