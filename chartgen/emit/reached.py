"""How the services of an environment are reached from outside: host names of Ingresses and routes, node ports."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from chartgen.manifest.kubernetes_services import services_of
from chartgen.manifest.resolved import ResolvedEnvironment, ResolvedService
from chartgen.vocabulary.exposure import Ingress
from chartgen.vocabulary.ports import Port
from chartgen.vocabulary.routes import Route

_HTTP = ("http", "https", "web")


@dataclass(frozen=True)
class Host:
    """A host name that Ingresses or routes answer on."""

    name: str
    services: tuple[str, ...]
    namespaces: tuple[str, ...]


@dataclass(frozen=True)
class OpenPort:
    """A port that is open on every node."""

    service: str
    namespace: str
    port_name: str
    """With the Service's name before it, `eureka-nodeport.http`, when that is one of `expose`."""
    port: int
    """Of the Service, inside the cluster."""
    node_port: int
    protocol: str
    http: bool
    """It speaks HTTP, as far as its name and app_protocol tell."""


def find_hosts(environment: ResolvedEnvironment, keys: Collection[str]) -> list[Host]:
    """Return every host name of Ingresses and routes once, sorted, with the services behind it."""
    users: dict[str, list[ResolvedService]] = {}
    entries: list[tuple[ResolvedService, Ingress | Route]] = [*find_ingresses(environment, keys)]
    for service, entry in [*entries, *_find_routes(environment, keys)]:
        if entry.host and service not in users.setdefault(entry.host, []):
            users[entry.host].append(service)
    return [
        Host(name, tuple(sorted(s.key for s in found)), tuple(sorted({s.namespace for s in found})))
        for name, found in sorted(users.items())
    ]


def find_ingresses(
    environment: ResolvedEnvironment, keys: Collection[str]
) -> Iterator[tuple[ResolvedService, Ingress]]:
    """Yield each Ingress with its service, sorted by service and name."""
    for key in sorted(keys):
        service = environment.services[key]
        for _, ingress in sorted(getattr(service.model, "ingress", {}).items()):
            yield service, ingress


def _find_routes(environment: ResolvedEnvironment, keys: Collection[str]) -> Iterator[tuple[ResolvedService, Route]]:
    for key in sorted(keys):
        service = environment.services[key]
        for _, route in sorted(getattr(service.model, "routes", {}).items()):
            yield service, route


def find_open_ports(environment: ResolvedEnvironment, keys: Collection[str]) -> list[OpenPort]:
    """Return every node port, sorted by service and number."""
    found = []
    for key in sorted(keys):
        service = environment.services[key]
        for one in services_of(service.model):
            for port in one.ports.values():
                if port.node_port:
                    http = speaks_http(port.target, port.port)
                    name = f"{one.name}.{port.name}" if one.exposed else port.name
                    protocol = port.port.protocol
                    found.append(OpenPort(key, service.namespace, name, port.number, port.node_port, protocol, http))
    return sorted(found, key=lambda one: (one.service, one.node_port))


def speaks_http(name: str, port: Port) -> bool:
    """Tell whether a port speaks HTTP: by its app_protocol, else by the first part of its name (T037)."""
    if port.protocol != "TCP":
        return False
    if port.app_protocol:
        return port.app_protocol in ("http", "https") or port.app_protocol.startswith("kubernetes.io/")
    return name.partition("-")[0] in _HTTP
