"""NetworkPolicies as chart values, made from the dependency graph.

`networkPolicy.from` and `.to` hold who may come in and where the pods may go, by a key that says why. An entry has at
most one peer (a service's pods, a namespace, networks) and the ports; without a peer it is open to everybody.

Ports of policies are the pods' own, because a Service is resolved before a policy is asked. What reaches a node port
or a load balancer has lost where it came from, so such ports are open to everybody. Probes need no rule: the network
lets a node reach its own pods. A namespace that denies connections gives all its services policies: without them
nobody could reach those who are depended on.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping

from chartgen.archetypes.archetype import Surroundings, Values
from chartgen.archetypes.external_endpoint.model import ExternalEndpoint
from chartgen.archetypes.service import ServiceModel
from chartgen.archetypes.workload.chart_test import TEST_LABEL, build_chart_test
from chartgen.archetypes.workload.metrics import metrics_of
from chartgen.archetypes.workload.pod import AnyWorkload
from chartgen.manifest.kubernetes_services import service_for, services_of
from chartgen.manifest.pod_selection import pod_labels
from chartgen.manifest.references import client_of, ports_of
from chartgen.manifest.resolved import ResolvedService
from chartgen.vocabulary.exposure import Ingress
from chartgen.vocabulary.network import NamespacePeer, NetworkPeer, NetworkSection, ServiceNetwork
from chartgen.vocabulary.routes import Route
from chartgen.vocabulary.service_options import ServiceOptions

_NOTHING_GOES_OUT = ("deny", "namespace")
"""What a namespace says that lets nothing out but for policies of services."""
_DNS = {"dns-udp": {"port": 53, "protocol": "UDP"}, "dns-tcp": {"port": 53, "protocol": "TCP"}}


def build_network(service: ResolvedService, around: Surroundings) -> Values:
    """Return `networkPolicy`, or nothing where the service has none."""
    model = service.model
    section = around.place.network or NetworkSection()
    if not isinstance(model, AnyWorkload):
        return {}
    closed = around.place.namespaces[service.namespace].network
    stated = model.network
    if stated is False or (stated is None and not section.policies and closed == "open"):
        return {}
    own = stated if isinstance(stated, ServiceNetwork) else ServiceNetwork()
    policy: Values = {"from": dict(sorted(_incoming(service, model, own, section, around).items()))}
    if (section.egress or closed in _NOTHING_GOES_OUT) if own.egress is None else own.egress:
        policy["to"] = dict(sorted(_outgoing(service, own, around).items()))
    return {"networkPolicy": policy}


def _incoming(
    service: ResolvedService, model: AnyWorkload, own: ServiceNetwork, section: NetworkSection, around: Surroundings
) -> Values:
    ports = _ports(service.model, ports_of(service.model))
    services = around.place.services
    found: Values = {"own-pods": {"pods": pod_labels(service.model), "ports": ports}}
    for key in around.place.dependents.get(service.key, ()):
        found[f"service-{key}"] = {**_pods_of(services[key], service.namespace), "ports": ports}
    outside = [*_published_ports(model), *_canary_ports(service, around)]
    for key, peer in section.ingress_controllers.items() if outside else ():
        found[f"ingress-{key}"] = {**_namespace(peer), "ports": _ports(service.model, outside)}
    if measured := metrics_of(service.model):
        for key, peer in section.monitoring.items():
            found[f"monitoring-{key}"] = {**_namespace(peer), "ports": _ports(service.model, measured[1:])}
    if opened := _opened_ports(model):
        found["nodes"] = {"ports": _ports(service.model, opened)}
    if build_chart_test(service, around):
        found["test"] = {"pods": {TEST_LABEL: service.name}, "ports": ports}
    for key, stated in _present(own.from_, around):
        found[f"stated-{key}"] = {**_peer(stated, service, around), "ports": _chosen(stated, service.model)}
    return found


def _outgoing(service: ResolvedService, own: ServiceNetwork, around: Surroundings) -> Values:
    found: Values = {
        "dns": {"ports": _DNS},
        "own-pods": {"pods": pod_labels(service.model), "ports": _ports(service.model, ports_of(service.model))},
    }
    known = around.place.services
    for key, target in ((key, known[key]) for key in service.depends_on if key in known):
        found[f"service-{key}"] = {
            **_reached(target, service.namespace),
            "ports": _ports(target.model, ports_of(target.model)),
        }
    for key, stated in _present(own.to, around):
        target_model = known[stated.service].model if stated.service else None
        found[f"stated-{key}"] = {**_peer(stated, service, around), "ports": _chosen(stated, target_model)}
    return found


def _present(peers: Mapping[str, NetworkPeer], around: Surroundings) -> Iterator[tuple[str, NetworkPeer]]:
    """Yield the peers that are there: a service may not be enabled in this environment."""
    yield from ((key, peer) for key, peer in peers.items() if peer.service in (None, *around.place.services))


def _reached(target: ResolvedService, own_namespace: str) -> Values:
    model = target.model
    if not isinstance(model, ExternalEndpoint):
        return _pods_of(target, own_namespace)
    if model.addresses is None:
        return {}  # policies know no DNS names: its ports are open to everywhere
    networks = [f"{one}/{one.max_prefixlen}" for one in map(ipaddress.ip_address, model.addresses)]
    return {"networks": sorted(networks)}


def _pods_of(other: ResolvedService, own_namespace: str) -> Values:
    if not isinstance(other.model, AnyWorkload):
        return {"namespace": other.namespace}  # how its chart labels pods is not known here
    place = {} if other.namespace == own_namespace else {"namespace": other.namespace}
    return {**place, "pods": pod_labels(other.model)}


def _namespace(peer: NamespacePeer) -> Values:
    return {"namespace": peer.namespace, **({"pods": dict(sorted(peer.pods.items()))} if peer.pods else {})}


def _peer(stated: NetworkPeer, service: ResolvedService, around: Surroundings) -> Values:
    if stated.service:
        return _reached(around.place.services[stated.service], service.namespace)
    if stated.cidr:
        return {"networks": [stated.cidr]}
    return _namespace(NamespacePeer(namespace=stated.namespace or "", pods=stated.pods))


def _chosen(stated: NetworkPeer, model: ServiceModel | None) -> Values:
    """Return the ports a stated peer names; none means those of the service, or every port where it is no service."""
    known = ports_of(model) if model else {}
    if not stated.ports:
        return _ports(model, known) if model else {}
    found: Values = {}
    for port in stated.ports:
        if isinstance(port, int):
            found[f"port-{port}"] = {"port": port, "protocol": "TCP"}
        elif model:
            found |= _ports(model, [port])
    return found


def _ports(model: ServiceModel | None, names: Iterable[str]) -> Values:
    ports = ports_of(model) if model else {}
    return {name: {"port": ports[name].target, "protocol": ports[name].protocol} for name in sorted(set(names))}


def _published_ports(model: AnyWorkload) -> list[str]:
    """Return the names of the ports that Ingresses and routes lead to."""
    entries: list[Ingress | Route] = [*model.ingress.values(), *model.routes.values()]
    found = [(service_for(model, entry.service), entry.port) for entry in entries]
    return [service.ports[port].target for service, port in found if service and port in service.ports]


def _canary_ports(service: ResolvedService, around: Surroundings) -> list[str]:
    """Return the names of the ports to which Ingresses and routes of other services send a part of their requests."""
    client = service_for(service.model, None)
    named = around.place.canaries.get(service.key, ())
    return [client.ports[port].target for port in named if client and port in client.ports]


def _opened_ports(model: AnyWorkload) -> list[str]:
    """Return the names of the ports that are open on nodes, or at a load balancer."""
    options: Mapping[str, ServiceOptions] = dict(model.expose)
    client = client_of(model)
    found: list[str] = []
    for service in services_of(model):
        said = options.get(service.name) if service.exposed else client
        wide = isinstance(said, ServiceOptions) and said.type in ("NodePort", "LoadBalancer") and not service.headless
        found += [port.target for port in service.ports.values() if wide or port.node_port]
    return found
