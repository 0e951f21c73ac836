"""The chart values of external-endpoint."""

from __future__ import annotations

import ipaddress
from typing import cast

from chartgen.archetypes.archetype import Archetype, Surroundings, ValueField, Values
from chartgen.archetypes.external_endpoint.model import ExternalEndpoint
from chartgen.archetypes.workload import around as surrounding
from chartgen.archetypes.workload import fields, schemas
from chartgen.archetypes.workload.around_fields import PUBLISHED
from chartgen.archetypes.workload.ordering import in_field_order
from chartgen.archetypes.workload.schemas import by_name, closed
from chartgen.manifest.resolved import ResolvedService
from chartgen.vocabulary.ports import Port

_OWN_FIELDS = (
    ValueField(
        "addresses",
        "IP addresses behind the Service; equal backends only, traffic is spread over all of them.",
        schemas.TEXTS,
        required=False,
    ),
    ValueField(
        "externalName",
        "DNS name the Service is an alias of, instead of addresses. Ports are not mapped, and the Host header and TLS "
        "name stay the client's.",
        {"type": "string", "pattern": schemas.DNS_NAME},
        required=False,
    ),
    ValueField(
        "headless",
        "DNS answers with the addresses themselves. Cannot be changed later.",
        schemas.BOOLEAN,
    ),
    ValueField(
        "serviceType",
        "ClusterIP, or NodePort when a port is opened on every node.",
        {"enum": ["ClusterIP", "NodePort"]},
    ),
    ValueField(
        "ports",
        "Ports by name; Service and EndpointSlice get the same names, or the backend would vanish.",
        by_name(
            closed(
                {
                    "port": schemas.PORT_NUMBER,
                    "targetPort": schemas.PORT_NUMBER,
                    "nodePort": schemas.NODE_PORT,
                    "protocol": schemas.PROTOCOL,
                    "appProtocol": schemas.TEXT,
                }
            )
        ),
    ),
    ValueField("annotations", "Annotations of the Service.", schemas.TEXT_MAP, required=False),
)


def build_values(service: ResolvedService, around: Surroundings) -> Values:
    """Return the complete chart values of an external-endpoint."""
    model = cast("ExternalEndpoint", service.model)
    ports = {name: _port(port, headless=model.headless) for name, port in sorted(model.ports.items())}
    values: Values = {
        "name": model.name,
        "component": service.archetype,
        "partOf": around.platform,
        "headless": model.headless,
        "serviceType": "NodePort" if any("nodePort" in port for port in ports.values()) else "ClusterIP",
        "ports": ports,
        **surrounding.build_published(service, around),
    }
    if model.annotations:
        values["annotations"] = dict(sorted(model.annotations.items()))
    if model.dns_name:
        values["externalName"] = model.dns_name
    else:
        # The API server warns of addresses that are not in their shortest form.
        values["addresses"] = [str(ipaddress.ip_address(address)) for address in model.addresses or []]
    return in_field_order(values, EXTERNAL_ENDPOINT.fields)


def _port(port: Port, *, headless: bool) -> Values:
    found = {
        # DNS answers a headless Service with the addresses themselves, so its port is the backend's.
        "port": port.target if headless else port.port,
        "targetPort": port.target,
        "nodePort": port.node_port,
        "protocol": port.protocol,
        "appProtocol": port.app_protocol,
    }
    return {key: value for key, value in found.items() if value is not None}


def _immutable_fields(values: Values) -> dict[str, str]:
    if "externalName" in values:
        return {}
    return {f"Service/{values['name']} spec.clusterIP": "None" if values["headless"] else "allocated"}


EXTERNAL_ENDPOINT = Archetype(
    name="external-endpoint",
    suffix="external",
    summary="Something outside the cluster under a Service name: a Service without selector over given addresses, "
    "or an alias of a DNS name.",
    package="chartgen.archetypes.external_endpoint",
    shared_templates=("_names.tpl", *surrounding.PUBLISHED_TEMPLATES),
    fields=(*fields.NAMING, *_OWN_FIELDS, *PUBLISHED),
    build_values=build_values,
    immutable_fields=_immutable_fields,
)
