"""Ports, Services and Ingresses as chart values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chartgen.archetypes.archetype import Values
from chartgen.vocabulary.exposure import ClientService, Ingress, Ingresses
from chartgen.vocabulary.ports import Port


def build_container_ports(ports: Mapping[str, Port]) -> Values:
    """Return the ports the container listens on, by name; each stands once, the release manifest is checked for it."""
    return {name: {"containerPort": port.target, "protocol": port.protocol} for name, port in sorted(ports.items())}


def build_service(name: str, ports: Mapping[str, Port], chosen: Iterable[str] | None) -> Values:
    """Return a client Service with the chosen ports (None: all), leading to container ports by their names."""
    entries = {port: _service_port(port, ports[port]) for port in sorted(chosen or ports)}
    kind = "NodePort" if any("nodePort" in entry for entry in entries.values()) else "ClusterIP"
    return {"name": name, "type": kind, "ports": entries}


def build_headless_ports(ports: Mapping[str, Port], chosen: Iterable[str] | None) -> Values:
    """Return the ports of a headless Service: DNS leads to the pods themselves, so these are the container's."""
    return {name: _headless_port(name, ports[name]) for name in sorted(chosen or ports)}


def build_ingress(ingresses: Ingresses, service: str) -> Values:
    """Return Ingresses by name, leading to `service`."""
    return {name: _ingress(ingress, service) for name, ingress in sorted(ingresses.items())}


def client_name(service: ClientService, workload: str) -> str:
    """Return the name of the client Service of a workload."""
    return service.name or workload


def _service_port(name: str, port: Port) -> Values:
    node_port = {"nodePort": port.node_port} if port.node_port else {}
    return {"port": port.port, "targetPort": name, "protocol": port.protocol, **node_port, **_protocol(port)}


def _headless_port(name: str, port: Port) -> Values:
    return {"port": port.target, "targetPort": name, "protocol": port.protocol, **_protocol(port)}


def _protocol(port: Port) -> Values:
    return {"appProtocol": port.app_protocol} if port.app_protocol else {}


def _ingress(ingress: Ingress, service: str) -> Values:
    found = {
        "className": ingress.class_,
        "host": ingress.host,
        "path": ingress.path,
        "pathType": ingress.path_type,
        "service": service,
        "port": ingress.port,
        "tlsSecret": ingress.tls_secret,
        "annotations": dict(sorted(ingress.annotations.items())),
    }
    return {key: value for key, value in found.items() if value is not None}
