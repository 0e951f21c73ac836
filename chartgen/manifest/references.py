"""References to services become text: who is asked, under which name and port. Valid input only (see rules)."""

from __future__ import annotations

from collections.abc import Mapping

from chartgen.archetypes.external_endpoint.model import ExternalEndpoint
from chartgen.archetypes.service import ServiceModel
from chartgen.archetypes.statefulset_infra.model import StatefulsetInfra
from chartgen.manifest.checked import Checked, target_of
from chartgen.manifest.env_order import ordered
from chartgen.manifest.resolved import OwnPeers, OwnReplicas, ResolvedEnvValue
from chartgen.vocabulary.env import (
    EndpointReference,
    Env,
    EnvValue,
    HostForm,
    PeersReference,
    ReplicasReference,
)
from chartgen.vocabulary.exposure import ClientService
from chartgen.vocabulary.ports import Ports
from chartgen.vocabulary.workload import Workload


def client_of(model: ServiceModel) -> ClientService | None:
    """Return the Service that clients of a service use, or None when it has none."""
    if isinstance(model, StatefulsetInfra):
        return model.client or None
    if isinstance(model, ExternalEndpoint):
        return ClientService()
    service: ClientService | bool = getattr(model, "service", False)
    return service if isinstance(service, ClientService) else None


def headless_name(model: StatefulsetInfra) -> str:
    """Return the name of the headless Service, which is part of the replicas' addresses (T006)."""
    return model.headless.name or f"{model.name}-headless"


def ports_of(model: ServiceModel) -> Ports:
    """Return the ports of any archetype."""
    ports: Ports = getattr(model, "ports", {})
    return ports


def resolve_env(
    env: Env, own: Checked, services: Mapping[str, Checked], cluster_domain: str
) -> dict[str, ResolvedEnvValue]:
    """Return the variables of one container in the order they must stand in the pod.

    Args:
        env: What the service states for the container.
        own: The service.
        services: All services of the environment.
        cluster_domain: Ends full host names.
    """
    return ordered({name: _resolve(value, own, services, cluster_domain) for name, value in env.items()})


def _resolve(value: EnvValue, own: Checked, services: Mapping[str, Checked], domain: str) -> ResolvedEnvValue:
    if isinstance(value, ReplicasReference):
        target = services[value.replicas]
        if target.key == own.key:
            return OwnReplicas()
        return str(target.model.replicas) if isinstance(target.model, Workload) else "0"
    if isinstance(value, EndpointReference):
        return endpoint_text(value, services[value.endpoint].model, domain)
    if isinstance(value, PeersReference):
        target = services[target_of(value)]
        if target.key == own.key:
            port = ports_of(target.model)[value.port].target
            return OwnPeers(port=port, format=value.format, join=value.join, host_form=value.form)
        return peers_text(value, target.model, domain)
    return value


def endpoint_text(reference: EndpointReference, target: ServiceModel, domain: str) -> str:
    """Return the address of one of a service's Services, in the reference's format; by default of the one for clients.

    The port is the Service's own, except where DNS leads past the Service to the backends themselves.
    """
    if reference.service:
        from chartgen.manifest.kubernetes_services import service_for

        named = service_for(target, reference.service)
        number = named.ports[reference.port].number if named else 0
        return _fill(reference.format, _host(reference.service, target.namespace, reference.form, domain), number)
    client = client_of(target) or ClientService()
    port = ports_of(target)[reference.port]
    bypass = isinstance(target, ExternalEndpoint) and target.headless
    host = _host(client.name or target.name, target.namespace, reference.form, domain)
    return _fill(reference.format, host, port.target if bypass else port.port)


def peers_text(reference: PeersReference, target: ServiceModel, domain: str) -> str:
    """Return the addresses of all replicas, in the reference's format; they answer on the container's port."""
    if not isinstance(target, StatefulsetInfra):
        return ""
    port = ports_of(target)[reference.port].target
    parts = []
    for index in range(target.ordinals_start, target.ordinals_start + target.replicas):
        service = _host(headless_name(target), target.namespace, reference.form, domain)
        parts.append(_fill(reference.format, f"{target.name}-{index}.{service}", port, index))
    return reference.join.join(parts)


def _host(name: str, namespace: str, form: HostForm, domain: str) -> str:
    if form == "name":
        return name
    return f"{name}.{namespace}" if form == "namespace" else f"{name}.{namespace}.svc.{domain}"


def _fill(text: str, host: str, port: int, index: int | None = None) -> str:
    # Not str.format: braces are frequent in the texts that programs want, JSON for example.
    filled = text.replace("{host}", host).replace("{port}", str(port))
    return filled if index is None else filled.replace("{index}", str(index))
