"""References between services: the target has what is asked of it, and the text that comes out is what was meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from chartgen.archetypes.external_endpoint.model import ExternalEndpoint
from chartgen.archetypes.statefulset_infra.model import StatefulsetInfra
from chartgen.manifest.checked import Checked, Reference, View, target_of
from chartgen.manifest.findings import Finding
from chartgen.manifest.keypath import KeyPath, did_you_mean
from chartgen.manifest.kubernetes_services import service_for, services_of
from chartgen.manifest.references import client_of, ports_of
from chartgen.vocabulary.env import EndpointReference, PeersReference, ReplicasReference

_PLACEHOLDER = re.compile(r"(?<!\$)\{([a-z_]+)\}")


def check(view: View) -> Iterator[Finding]:
    """Find references that their target cannot answer in this environment."""
    for service in view.services.values():
        for path, reference in service.references:
            target = view.services.get(target_of(reference))
            if target is not None:
                yield from _check(service, path, reference, target)


def _check(service: Checked, path: KeyPath, reference: Reference, target: Checked) -> Iterator[Finding]:
    if isinstance(reference, ReplicasReference):
        if isinstance(target.model, ExternalEndpoint):
            anew = f"say {_name(path)} anew in the layer where the target is another thing"
            yield service.finding((*path, "replicas"), f"{_is(target)}, which has no replicas", anew)
        return
    if isinstance(reference, PeersReference):
        yield from _check_peers(service, path, target)
    else:
        yield from _check_endpoint(service, path, reference, target)
    known: Collection[str] = ports_of(target.model)
    if isinstance(reference, EndpointReference) and reference.service:
        named = service_for(target.model, reference.service)
        known = named.ports if named else [reference.port]
    if reference.port not in known:
        hint = did_you_mean(reference.port, known, f"known: {', '.join(sorted(known)) or 'none'}")
        yield service.finding((*path, "port"), f'{target.key} has no port "{reference.port}"', hint)
    if reference.form == "name" and target.model.namespace != service.model.namespace:
        message = f"{target.key} is in namespace {target.model.namespace}, not in {service.model.namespace}"
        hint = 'the bare name works in one namespace only; use form = "namespace" or "fqdn"'
        yield service.finding((*path, "form"), message, hint)
    yield from _check_placeholders(service, path, reference)


def _check_peers(service: Checked, path: KeyPath, target: Checked) -> Iterator[Finding]:
    if not isinstance(target.model, StatefulsetInfra):
        message = f"{_is(target)}; only replicas of statefulset-infra have addresses of their own"
        hint = f"use {{ endpoint = … }}, or say {_name(path)} anew in the layer where the target is another thing"
        yield service.finding((*path, "peers"), message, hint)


def _check_endpoint(
    service: Checked, path: KeyPath, reference: EndpointReference, target: Checked
) -> Iterator[Finding]:
    if reference.service:
        names = [one.name for one in services_of(target.model)]
        if reference.service not in names:
            hint = did_you_mean(reference.service, names, f"its Services: {', '.join(sorted(names)) or 'none'}")
            message = f'{target.key} has no Service "{reference.service}"'
            yield service.finding((*path, "service"), message, hint)
        return
    client = client_of(target.model)
    said = "client" if isinstance(target.model, StatefulsetInfra) else "service"
    if client is None:
        message = f"{target.key} has no Service for clients ({said} = false)"
        yield service.finding((*path, "endpoint"), message)
    elif client.ports and reference.port in ports_of(target.model) and reference.port not in client.ports:
        message = f"{target.key} keeps port {reference.port} from clients ({said}.ports leaves it out)"
        yield service.finding((*path, "port"), message)


def _check_placeholders(
    service: Checked, path: KeyPath, reference: PeersReference | EndpointReference
) -> Iterator[Finding]:
    known = ("host", "port", "index") if isinstance(reference, PeersReference) else ("host", "port")
    for name in _PLACEHOLDER.findall(reference.format):
        if name not in known:
            listed = ", ".join(f"{{{word}}}" for word in known)
            yield service.finding((*path, "format"), f"{{{name}}} is none of {listed}", did_you_mean(name, known))


def _is(target: Checked) -> str:
    return f"{target.key} is {target.archetype}"


def _name(path: KeyPath) -> str:
    return ".".join(str(part) for part in path)
