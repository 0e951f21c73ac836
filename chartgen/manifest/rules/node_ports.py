"""Node ports: one register for the whole platform, because they are unique in a cluster (T039)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.manifest.checked import View
from chartgen.manifest.findings import Finding
from chartgen.manifest.references import ports_of


def check(view: View) -> Iterator[Finding]:
    """Find node ports that two services, or one service twice, open."""
    taken: dict[tuple[int, str], tuple[str, str]] = {}
    for key, service in sorted(view.services.items()):
        for name, port in ports_of(service.model).items():
            if port.node_port is None:
                continue
            owner = taken.setdefault((port.node_port, port.protocol), (key, name))
            if owner != (key, name):
                message = f"node port {port.node_port} is taken by services.{owner[0]}.ports.{owner[1]}"
                hint = "node ports are unique in the cluster, whatever the namespace"
                yield service.finding(("ports", name, "node_port"), message, hint)
