"""Every Service that a service has, whatever part of the release manifest says it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from chartgen.archetypes.external_endpoint.model import ExternalEndpoint
from chartgen.archetypes.service import ServiceModel
from chartgen.archetypes.statefulset_infra.model import StatefulsetInfra
from chartgen.manifest.keypath import KeyPath
from chartgen.manifest.references import client_of, headless_name, ports_of
from chartgen.vocabulary.connections import Connections
from chartgen.vocabulary.ports import Port
from chartgen.vocabulary.service_options import ExposedService


@dataclass(frozen=True)
class ServicePort:
    """One port of a Service."""

    name: str
    """In the Service."""
    number: int
    """That clients use: where DNS leads past the Service, the container's."""
    target: str
    """Name of the service's port it leads to."""
    port: Port
    """That port."""
    node_port: int | None
    path: KeyPath
    """What says it."""


@dataclass(frozen=True)
class KubernetesService:
    """One Service."""

    name: str
    path: KeyPath
    """What says its name."""
    headless: bool
    ports: Mapping[str, ServicePort]
    exposed: bool = False
    """It is one of `expose`."""


def services_of(model: ServiceModel) -> Iterator[KubernetesService]:
    """Yield the Services of a service: for clients, headless, those of `expose`; unknown ports are left out."""
    ports = ports_of(model)
    client = client_of(model)
    if client:
        part = "client" if isinstance(model, StatefulsetInfra) else "service"
        bypass = isinstance(model, ExternalEndpoint) and model.headless
        path: KeyPath = (part, "name") if client.name else ("name",)
        yield KubernetesService(client.name or model.name, path, bypass, _plain(ports, client.ports, bypass=bypass))
    if isinstance(model, StatefulsetInfra):
        path = ("headless", "name") if model.headless.name else ("name",)
        inner = _plain(ports, model.headless.ports, bypass=True)
        yield KubernetesService(headless_name(model), path, headless=True, ports=inner)
    if isinstance(model, Connections):
        for name, service in model.expose.items():
            found = exposed_ports(name, service, ports)
            yield KubernetesService(name, ("expose", name), service.headless, found, exposed=True)


def service_for(model: ServiceModel, name: str | None) -> KubernetesService | None:
    """Return the Service that an Ingress or a route means: by its name, else the one for clients."""
    if name is None and client_of(model) is None:
        return None
    return next((one for one in services_of(model) if name in (None, one.name)), None)


def exposed_ports(name: str, service: ExposedService, ports: Mapping[str, Port]) -> dict[str, ServicePort]:
    """Return the ports of a Service of `expose`; none of them opens a node port unless it says so itself."""
    if not service.ports:
        return {one: _port(one, one, port, None, port.port, service, ("expose", name)) for one, port in ports.items()}
    found = {}
    for one, said in service.ports.items():
        target = said.target or one
        if target in ports:
            path = ("expose", name, "ports", one)
            found[one] = _port(
                one, target, ports[target], said.node_port, said.port or ports[target].port, service, path
            )
    return found


def _port(
    name: str, target: str, port: Port, node_port: int | None, number: int, service: ExposedService, path: KeyPath
) -> ServicePort:
    return ServicePort(name, port.target if service.headless else number, target, port, node_port, path)


def _plain(ports: Mapping[str, Port], chosen: Iterable[str] | None, *, bypass: bool) -> dict[str, ServicePort]:
    return {
        name: ServicePort(
            name,
            ports[name].target if bypass else ports[name].port,
            name,
            ports[name],
            None if bypass else ports[name].node_port,
            ("ports", name),
        )
        for name in chosen or ports
        if name in ports
    }
