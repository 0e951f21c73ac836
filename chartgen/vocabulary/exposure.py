"""How a service is reached: Services and Ingresses by their names."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from chartgen.vocabulary.scalars import AbsolutePath, DnsName, Entry, ObjectName, PortName, ServiceName, Text


class ClientService(Entry):
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
    tls_secret: ObjectName | None = None
    annotations: dict[str, Text] = {}
    """Exactly as the controller wants them (T020)."""

    @model_validator(mode="after")
    def _host_is_explicit(self) -> Self:
        if (self.host is None) == (not self.any_host):
            msg = 'needs either host = "…" or any_host = true'
            raise ValueError(msg)
        return self


Ingresses = dict[ObjectName, Ingress]
