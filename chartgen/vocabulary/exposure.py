"""How a service is reached: Services and Ingresses by their names."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from chartgen.vocabulary.canary import Canary
from chartgen.vocabulary.scalars import AbsolutePath, DnsName, Entry, ObjectName, PortName, ServiceName, Text
from chartgen.vocabulary.service_options import ServiceOptions

Controller = Literal["nginx", "traefik"]
_BY_CLASS: dict[str, Controller] = {"nginx": "nginx", "traefik": "traefik"}


class ClientService(ServiceOptions):
    """The Service that clients use, load-balanced over the ready pods."""

    name: ServiceName | None = None
    """Default: the service's name."""
    ports: Annotated[list[PortName], Field(min_length=1)] | None = None
    """Default: all."""


class HeadlessService(Entry):
    """The Service that gives each replica of a statefulset-infra service its DNS name (T006, T072)."""

    name: ServiceName | None = None
    """Default: the service's name and `-headless`. It is part of the replicas' addresses."""
    ports: Annotated[list[PortName], Field(min_length=1)] | None = None
    """Default: all."""
    publish_not_ready: bool = True
    """Peers find each other before they are ready (T071)."""
    annotations: dict[str, Text] = {}


class Ingress(Entry):
    """One Ingress with one rule."""

    host: DnsName | None = None
    any_host: bool = False
    """Answer on every host name; must be said (T042)."""
    path: AbsolutePath = "/"
    path_type: Literal["Prefix", "Exact", "ImplementationSpecific"] = "Prefix"
    class_: Annotated[ObjectName | None, Field(alias="class")] = None
    """spec.ingressClassName (T019). Default: the cluster's default class."""
    port: PortName
    service: ServiceName | None = None
    """Which Service of the service it leads to, a key of `expose`. Default: the one for clients."""
    tls_secret: ObjectName | None = None
    annotations: dict[str, Text] = {}
    """Exactly as the controller wants them (T020)."""
    controller: Controller | None = None
    """Who serves the class, for `strip_prefix` and `canary`. Default: what the class is called."""
    strip_prefix: bool = False
    """Take `path` away before the request goes on (T043): by annotations of nginx or a Middleware of traefik."""
    canary: Canary | None = None
    """A part of the requests goes to another service instead (W30): by a second Ingress, its name ending in `-canary`,
    that ingress-nginx reads."""

    @model_validator(mode="after")
    def _host_is_explicit(self) -> Self:
        if (self.host is None) == (not self.any_host):
            msg = 'needs either host = "…" or any_host = true'
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _controller_is_known(self) -> Self:
        if self.strip_prefix and self.path.rstrip("/") == "":
            msg = 'strip_prefix takes away path, which must then be more than "/"'
            raise ValueError(msg)
        if self.strip_prefix and self.served_by is None:
            msg = 'strip_prefix is said differently by each controller: add controller = "nginx" or "traefik"'
            raise ValueError(msg)
        if self.canary and self.served_by != "nginx":
            msg = 'canary is what ingress-nginx can do: add controller = "nginx", or use routes with a Gateway'
            raise ValueError(msg)
        taken = [key for key in self.annotations if key in _OWN_ANNOTATIONS and self.strip_prefix]
        if taken:
            msg = f"strip_prefix writes the annotation {taken[0]}; say one of the two"
            raise ValueError(msg)
        return self

    @property
    def served_by(self) -> Controller | None:
        """Return who serves it, as far as that is known."""
        return self.controller or _BY_CLASS.get(self.class_ or "")


_OWN_ANNOTATIONS = (
    "nginx.ingress.kubernetes.io/rewrite-target",
    "nginx.ingress.kubernetes.io/use-regex",
    "traefik.ingress.kubernetes.io/router.middlewares",
)
Ingresses = dict[ObjectName, Ingress]
