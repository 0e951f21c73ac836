"""Ports and Services as chart values; Services with free names stand in `services`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chartgen.archetypes.archetype import Values
from chartgen.manifest.kubernetes_services import ServicePort, exposed_ports
from chartgen.vocabulary.exposure import ClientService
from chartgen.vocabulary.ports import Port
from chartgen.vocabulary.service_options import ExposedService, ServiceOptions


def build_container_ports(ports: Mapping[str, Port]) -> Values:
    """Return the ports the container listens on, by name; each stands once, the release manifest is checked for it."""
    return {name: {"containerPort": port.target, "protocol": port.protocol} for name, port in sorted(ports.items())}


def build_service(name: str, ports: Mapping[str, Port], client: ClientService) -> Values:
    """Return the client Service with the ports it chooses, leading to container ports by their names."""
    entries = {port: _service_port(port, ports[port]) for port in sorted(client.ports or ports)}
    return {"name": name, "type": _type(client, entries), "ports": entries, **_options(client)}


def build_services(exposed: Mapping[str, ExposedService], ports: Mapping[str, Port]) -> Values:
    """Return the Services with free names, by name."""
    found = {}
    for name, service in sorted(exposed.items()):
        entries = {key: _exposed_port(port) for key, port in sorted(exposed_ports(name, service, ports).items())}
        kind: Values = {"headless": True} if service.headless else {"type": _type(service, entries)}
        early = {"publishNotReadyAddresses": True} if service.publish_not_ready else {}
        found[name] = {**kind, **early, "ports": entries, **_options(service)}
    return found


def build_headless_ports(ports: Mapping[str, Port], chosen: Iterable[str] | None) -> Values:
    """Return the ports of a headless Service: DNS leads to the pods themselves, so these are the container's."""
    return {name: _headless_port(name, ports[name]) for name in sorted(chosen or ports)}


def client_name(service: ClientService, workload: str) -> str:
    """Return the name of the client Service of a workload."""
    return service.name or workload


def _type(service: ServiceOptions, entries: Mapping[str, Values]) -> str:
    opened = any("nodePort" in entry for entry in entries.values())
    return service.type or ("NodePort" if opened else "ClusterIP")


def _options(service: ServiceOptions) -> Values:
    found = {
        "annotations": dict(sorted(service.annotations.items())),
        "externalTrafficPolicy": service.external_traffic_policy,
        "sessionAffinity": service.session_affinity,
        "loadBalancerClass": service.load_balancer_class,
        "loadBalancerSourceRanges": list(service.source_ranges),
    }
    return {key: value for key, value in found.items() if value}


def _exposed_port(port: ServicePort) -> Values:
    node_port = {"nodePort": port.node_port} if port.node_port else {}
    target = {"targetPort": port.target, "protocol": port.port.protocol}
    return {"port": port.number, **target, **node_port, **_protocol(port.port)}


def _service_port(name: str, port: Port) -> Values:
    node_port = {"nodePort": port.node_port} if port.node_port else {}
    return {"port": port.port, "targetPort": name, "protocol": port.protocol, **node_port, **_protocol(port)}


def _headless_port(name: str, port: Port) -> Values:
    return {"port": port.target, "targetPort": name, "protocol": port.protocol, **_protocol(port)}


def _protocol(port: Port) -> Values:
    return {"appProtocol": port.app_protocol} if port.app_protocol else {}
