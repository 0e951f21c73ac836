"""What a Service may say about itself besides its ports, and Services with free names."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, model_validator

from chartgen.vocabulary.scalars import Entry, NodePort, PortName, PortNumber, Text


def _check_cidr(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        msg = f'{text!r} is not a network; write it like "192.168.88.0/24", host bits zero'
        raise ValueError(msg) from None
    if "/" not in text:
        msg = f'{text!r} has no prefix length; one address is "{text}/{32 if ":" not in text else 128}"'
        raise ValueError(msg)
    return text


Cidr = Annotated[str, AfterValidator(_check_cidr)]
"""A network in CIDR notation: `192.168.88.0/24`."""


class ServiceOptions(Entry):
    """How a Service is reached from outside, and what controllers read on it."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] | None = None
    """Default: NodePort when one of its ports has a node port, else ClusterIP."""
    annotations: dict[str, Text] = {}
    """For the controller of load balancers, for example."""
    external_traffic_policy: Literal["Cluster", "Local"] | None = None
    """Local keeps the client's address and asks only nodes that run a pod."""
    session_affinity: Literal["None", "ClientIP"] | None = None
    """ClientIP leads one client address to one pod."""
    load_balancer_class: Text | None = None
    """Which controller serves a LoadBalancer. Cannot be changed later."""
    source_ranges: list[Cidr] = []
    """Networks that may use a LoadBalancer. Default: all."""

    @model_validator(mode="after")
    def _load_balancer_only(self) -> Self:
        said = [name for name in ("load_balancer_class", "source_ranges") if getattr(self, name)]
        if said and self.type != "LoadBalancer":
            msg = f'{said[0]} belongs to type = "LoadBalancer"'
            raise ValueError(msg)
        return self


class ExposedPort(Entry):
    """One port of a Service with a free name. `ports.http = 80` is short for `ports.http = { port = 80 }`."""

    port: PortNumber | None = None
    """Port of the Service. Default: that of the service's port of the same name."""
    target: PortName | None = None
    """Which of the service's ports it leads to. Default: the one of the same name."""
    node_port: NodePort | None = None
    """Opens the port on every node; unique in the cluster (T039)."""


def _from_number(value: Any) -> Any:
    return {"port": value} if isinstance(value, int) and not isinstance(value, bool) else value


class ExposedService(ServiceOptions):
    """One more Service over the same pods, besides the one for clients and the headless one (T006, T047)."""

    ports: dict[
        PortName,
        Annotated[ExposedPort, BeforeValidator(_from_number, json_schema_input_type=ExposedPort | PortNumber)],
    ] = {}
    """By their names in this Service. Default: all ports of the service, as they are."""
    headless: bool = False
    """DNS answers with the pods themselves. Cannot be changed later (T041)."""
    publish_not_ready: bool = False
    """Also pods that are not ready (T022, T042)."""

    @model_validator(mode="after")
    def _headless_stays_inside(self) -> Self:
        opened = [name for name, port in self.ports.items() if port.node_port]
        said = self.type or self.external_traffic_policy or opened
        if self.headless and said:
            msg = "is headless: DNS leads past it to the pods, so it has no type, no traffic policy and no node ports"
            raise ValueError(msg)
        return self
