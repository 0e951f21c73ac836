"""HTTPRoutes of the Gateway API, side by side with Ingresses (T021)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from chartgen.vocabulary.canary import Canary, HeaderName
from chartgen.vocabulary.scalars import (
    AbsolutePath,
    DnsLabel,
    DnsName,
    Duration,
    Entry,
    ObjectName,
    PortName,
    PortNumber,
    ServiceName,
    Text,
)

HeaderText = Annotated[Text, Field(min_length=1, max_length=4096)]


class GatewayReference(Entry):
    """The Gateway a route belongs to."""

    name: ObjectName
    namespace: DnsLabel | None = None
    """Default: the service's namespace. The Gateway must admit routes from there (`allowedRoutes`)."""
    section: ObjectName | None = None
    """One listener of the Gateway. Default: all that fit."""
    port: PortNumber | None = None


class Route(Entry):
    """One HTTPRoute with one path. TLS is the Gateway's."""

    gateway: GatewayReference
    host: DnsName | None = None
    any_host: bool = False
    """Answer on every host name of the Gateway; must be said (T042)."""
    path: AbsolutePath = "/"
    path_type: Literal["Prefix", "Exact"] = "Prefix"
    headers: dict[HeaderName, HeaderText] = {}
    """Only requests with these headers, exactly so."""
    port: PortName
    service: ServiceName | None = None
    """Which Service of the service it leads to, a key of `expose`. Default: the one for clients."""
    strip_prefix: bool = False
    """Take `path` away before the request goes on (T043)."""
    host_header: DnsName | None = None
    """The host name that the service sees instead of the client's."""
    set_headers: dict[HeaderName, HeaderText] = {}
    """Headers to put into the request."""
    remove_headers: list[HeaderName] = []
    timeout: Duration | None = None
    """How long a request may take in all."""
    canary: Canary | None = None
    """A part of the requests goes to another service instead (W30)."""

    @model_validator(mode="after")
    def _host_is_explicit(self) -> Self:
        if (self.host is None) == (not self.any_host):
            msg = 'needs either host = "…" or any_host = true'
            raise ValueError(msg)
        if self.strip_prefix and (self.path.rstrip("/") == "" or self.path_type == "Exact"):
            msg = 'strip_prefix takes away path, which must then be a prefix and more than "/"'
            raise ValueError(msg)
        if self.timeout == 0:
            msg = 'timeout = "0s" would mean no limit; leave it out'
            raise ValueError(msg)
        return self


Routes = dict[ObjectName, Route]
