"""What goes from one service to another beside dependencies: canaries and NetworkPolicies."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.archetypes.external_endpoint.model import ExternalEndpoint
from chartgen.manifest.checked import Checked, View
from chartgen.manifest.findings import Finding, Place
from chartgen.manifest.keypath import KeyPath, did_you_mean
from chartgen.manifest.kubernetes_services import service_for
from chartgen.manifest.references import ports_of
from chartgen.vocabulary.network import NetworkPeer, ServiceNetwork


def check(view: View) -> Iterator[Finding]:
    """Find canaries that cannot take requests, peers that are no services, and an undeclared registry of `[tests]`."""
    for service in view.services.values():
        yield from _canaries(service, view)
        network = getattr(service.model, "network", None)
        if isinstance(network, ServiceNetwork):
            for way, peers in (("from", network.from_), ("to", network.to)):
                for key, peer in peers.items():
                    yield from _peer(service, ("network", way, key), peer, view)
    if view.tests and view.tests.image.registry not in view.declared["registries"]:
        known = view.declared["registries"]
        hint = did_you_mean(view.tests.image.registry, known, f"known: {', '.join(sorted(known)) or 'none'}")
        message = f'tests.image.registry: registry "{view.tests.image.registry}" is not declared'
        yield Finding(message, Place("releases.toml", ("tests",), "table"), hint)


def _canaries(service: Checked, view: View) -> Iterator[Finding]:
    for part in ("ingress", "routes"):
        for key, entry in getattr(service.model, part, {}).items():
            if entry.canary is None:
                continue
            target = view.services.get(entry.canary.service)
            path: KeyPath = (part, key, "canary")
            if target is None:
                continue  # an unknown service is found among the dependencies
            if target.key == service.key:
                yield service.finding((*path, "service"), "is the service itself")
                continue
            if target.model.namespace != service.model.namespace:
                message = f"{target.key} is in namespace {target.model.namespace}, not in {service.model.namespace}"
                yield service.finding((*path, "service"), message, "both tracks live in one namespace")
            client = service_for(target.model, None)
            port = entry.canary.port or entry.port
            if client is None:
                yield service.finding((*path, "service"), f"{target.key} has no Service for clients")
            elif port not in client.ports:
                hint = did_you_mean(port, client.ports, f"its ports: {', '.join(sorted(client.ports)) or 'none'}")
                yield service.finding((*path, "port"), f'{target.key} has no port "{port}"', hint)


def _peer(service: Checked, path: KeyPath, peer: NetworkPeer, view: View) -> Iterator[Finding]:
    if peer.service is not None and peer.service not in view.declared["services"]:
        known = view.declared["services"]
        hint = did_you_mean(peer.service, known, "services are declared as [services.<key>]")
        yield service.finding((*path, "service"), f'unknown service "{peer.service}"', hint)
        return
    target = view.services.get(peer.service) if peer.service else None
    if path[1] == "from":
        if target and isinstance(target.model, ExternalEndpoint) and target.model.dns_name:
            message = f"{target.key} is an alias of a DNS name: nobody can tell who comes from there"
            yield service.finding((*path, "service"), message, "say its networks: cidr = …")
        return
    for number, port in enumerate(peer.ports):
        if isinstance(port, str) and target is None and peer.service is None:
            message = f'"{port}" is the name of no port there'
            yield service.finding((*path, "ports", number), message, "write the number: the other side is no service")
        elif isinstance(port, str) and target and port not in ports_of(target.model):
            known_ports = ports_of(target.model)
            hint = did_you_mean(port, known_ports, f"known: {', '.join(sorted(known_ports)) or 'none'}")
            yield service.finding((*path, "ports", number), f'{target.key} has no port "{port}"', hint)
