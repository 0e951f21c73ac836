"""Node ports: one register for the whole platform, because they are unique in a cluster (T039)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.manifest.checked import Checked, View
from chartgen.manifest.findings import Finding
from chartgen.manifest.keypath import KeyPath, dotted
from chartgen.manifest.kubernetes_services import exposed_ports
from chartgen.manifest.references import ports_of


def check(view: View) -> Iterator[Finding]:
    """Find node ports that two services, or one service twice, open."""
    taken: dict[tuple[int, str], str] = {}
    for key, service in sorted(view.services.items()):
        for path, number, protocol in _opened(service):
            name = dotted((key, *path))
            owner = taken.setdefault((number, protocol), name)
            if owner != name:
                message = f"node port {number} is taken by services.{owner}"
                hint = "node ports are unique in the cluster, whatever the namespace"
                yield service.finding((*path, "node_port"), message, hint)


def _opened(service: Checked) -> Iterator[tuple[KeyPath, int, str]]:
    ports = ports_of(service.model)
    for name, said in ports.items():
        if said.node_port is not None:
            yield ("ports", name), said.node_port, said.protocol
    for key, exposed in getattr(service.model, "expose", {}).items():
        for port in exposed_ports(key, exposed, ports).values():
            if port.node_port is not None:
                yield port.path, port.node_port, port.port.protocol
