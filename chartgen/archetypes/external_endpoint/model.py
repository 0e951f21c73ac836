"""The words of external-endpoint."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from chartgen.archetypes.service import ServiceModel
from chartgen.vocabulary.connections import Published
from chartgen.vocabulary.patches import Escapes
from chartgen.vocabulary.ports import Ports
from chartgen.vocabulary.scalars import DnsName, Text


def _check_address(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        msg = f"{text!r} is not an IP address; a DNS name goes into dns_name (T034, T115)"
        raise ValueError(msg) from None
    if address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified:
        msg = f"{text} cannot be an endpoint: Kubernetes refuses loopback, link-local and multicast addresses"
        raise ValueError(msg)
    return text


def _check_dns_name(text: str) -> str:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return text
    msg = f"{text!r} is an IP address; it goes into addresses (T034)"
    raise ValueError(msg)


class ExternalEndpoint(Published, Escapes, ServiceModel):
    """A Service without selector over given addresses, or an alias of a DNS name. Never both (T034)."""

    addresses: Annotated[list[Annotated[str, AfterValidator(_check_address)]], Field(min_length=1)] | None = None
    """Equal backends only: traffic is spread over all of them (T036)."""
    dns_name: Annotated[DnsName, AfterValidator(_check_dns_name)] | None = None
    """An ExternalName Service: no port mapping, and Host header and TLS name stay the client's (T035)."""
    headless: bool = False
    """DNS answers with the addresses themselves, for clients that balance on their own."""
    ports: Ports
    annotations: dict[str, Text] = {}
    """Of the Service."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.addresses is None) == (self.dns_name is None):
            msg = 'needs either addresses = ["…"] or dns_name = "…"'
            raise ValueError(msg)
        if self.dns_name and (self.ingress or self.routes):
            kind = "an Ingress" if self.ingress else "a route"
            msg = f"{kind} cannot lead to dns_name: the backend would see the wrong Host header (T035)"
            raise ValueError(msg)
        if self.dns_name and self.headless:
            msg = "dns_name is already answered by DNS alone; headless belongs to addresses"
            raise ValueError(msg)
        return self
