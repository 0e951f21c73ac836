"""Services with free names, routes, metrics and tests of one service: what they name is there."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.archetypes.spring_service.model import SpringService
from chartgen.archetypes.statefulset_infra.model import StatefulsetInfra
from chartgen.manifest.checked import Checked
from chartgen.manifest.findings import Finding
from chartgen.manifest.keypath import KeyPath, did_you_mean
from chartgen.manifest.kubernetes_services import exposed_ports, service_for, services_of
from chartgen.manifest.references import client_of, ports_of
from chartgen.vocabulary.connections import Connections
from chartgen.vocabulary.network import ServiceNetwork
from chartgen.vocabulary.service_options import ServiceOptions


def check(service: Checked) -> Iterator[Finding]:
    """Find names that are not there, ports that two of one Service share, and words that mean nothing together."""
    yield from _unknown_ports(service)
    yield from _exposed(service)
    yield from _backends(service)
    yield from _outside_only(service)
    yield from _monitor(service)
    if getattr(service.model, "account", None) and getattr(service.model, "service_account", None):
        message = "names an existing account; account makes one of the service's own"
        yield service.finding(("service_account",), message, "say one of them")


def _unknown_ports(service: Checked) -> Iterator[Finding]:
    known = ports_of(service.model)
    for path, name in _mentions(service):
        if name not in known:
            hint = did_you_mean(name, known, f"known: {', '.join(sorted(known)) or 'none'}")
            yield service.finding(path, f'there is no port "{name}"', hint)


def _mentions(service: Checked) -> Iterator[tuple[KeyPath, str]]:
    model = service.model
    for part in ("metrics", "test"):
        port = getattr(getattr(model, part, None), "port", None)
        if port:
            yield (part, "port"), port
    if not isinstance(model, Connections):
        return
    for name, exposed in model.expose.items():
        for key, said in exposed.ports.items():
            path: KeyPath = ("expose", name, "ports", key)
            yield (*path, "target") if said.target else path, said.target or key
    if isinstance(model.network, ServiceNetwork):
        for key, peer in model.network.from_.items():
            for number, port in enumerate(peer.ports):
                if isinstance(port, str):
                    yield ("network", "from", key, "ports", number), port


def _exposed(service: Checked) -> Iterator[Finding]:
    """Server-side apply merges ports by number and protocol: of two alike one would be lost."""
    for name, exposed in getattr(service.model, "expose", {}).items():
        taken: dict[tuple[int, str], str] = {}
        for key, port in exposed_ports(name, exposed, ports_of(service.model)).items():
            first = taken.setdefault((port.number, port.port.protocol), key)
            if first != key:
                message = f"the Service's port {port.number}/{port.port.protocol} is that of its port {first} already"
                yield service.finding(port.path, message)


def _backends(service: Checked) -> Iterator[Finding]:
    """What an Ingress or a route names as its Service."""
    named = {one.name: one for one in services_of(service.model)}
    for part in ("ingress", "routes"):
        for key, entry in getattr(service.model, part, {}).items():
            if entry.service is None:
                continue
            path: KeyPath = (part, key)
            if entry.service not in named:
                hint = did_you_mean(entry.service, named, f"its Services: {', '.join(sorted(named)) or 'none'}")
                yield service.finding((*path, "service"), f'the service has no Service "{entry.service}"', hint)
            elif entry.port not in named[entry.service].ports:
                known = named[entry.service].ports
                hint = did_you_mean(entry.port, known, f"its ports: {', '.join(sorted(known)) or 'none'}")
                yield service.finding((*path, "port"), f'{entry.service} has no port "{entry.port}"', hint)
            elif named[entry.service].headless:
                message = f"{entry.service} is headless: DNS leads past it, also to pods that are not ready"
                yield service.finding((*path, "service"), message)


def _outside_only(service: Checked) -> Iterator[Finding]:
    """A traffic policy is about requests from outside; the API server refuses it elsewhere."""
    options: list[tuple[KeyPath, ServiceOptions]] = [
        (("expose", name), one) for name, one in getattr(service.model, "expose", {}).items()
    ]
    client = client_of(service.model)
    if client and isinstance(service.model, SpringService | StatefulsetInfra):
        options.append((("client" if isinstance(service.model, StatefulsetInfra) else "service",), client))
    for path, said in options:
        name = path[1] if path[0] == "expose" else None
        found = service_for(service.model, str(name) if name else None)
        opened = bool(found) and any(port.node_port for port in found.ports.values()) if found else False
        if said.type == "ClusterIP" and opened:
            yield service.finding((*path, "type"), "opens node ports, which a ClusterIP Service has not")
        inside = (said.type is None and not opened) or said.type == "ClusterIP"
        if said.external_traffic_policy and inside:
            message = "is about requests from outside, but the Service is only reached from inside"
            yield service.finding((*path, "external_traffic_policy"), message, 'add type = "NodePort" or a node port')


def _monitor(service: Checked) -> Iterator[Finding]:
    metrics = getattr(service.model, "metrics", None)
    if not metrics:
        return
    if not any(port.protocol == "TCP" for port in ports_of(service.model).values()):
        yield service.finding(("metrics",), "no TCP port could have them")
    elif metrics.discovery == "service-monitor":
        client = service_for(service.model, None)
        absent = metrics.port in ports_of(service.model) and client and metrics.port not in client.ports
        if client is None or absent:
            message = "a ServiceMonitor needs the port in the Service for clients"
            yield service.finding(("metrics", "discovery"), message, 'use "pod-monitor"')
