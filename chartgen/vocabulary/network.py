"""Who may talk to whom: NetworkPolicies made from the dependency graph."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from chartgen.vocabulary.scalars import DnsLabel, Entry, Key, PortName, PortNumber, Text
from chartgen.vocabulary.service_options import Cidr


class NamespacePeer(Entry):
    """Pods of another namespace. `nginx = "ingress-nginx"` is short for `nginx = { namespace = "ingress-nginx" }`."""

    namespace: DnsLabel
    pods: dict[str, Text] = {}
    """Only pods with these labels. Default: all."""


def _from_text(value: Any) -> Any:
    return {"namespace": value} if isinstance(value, str) else value


_NamespacePeers = dict[
    Key, Annotated[NamespacePeer, BeforeValidator(_from_text, json_schema_input_type=NamespacePeer | DnsLabel)]
]


class NetworkSection(Entry):
    """`[network]`: NetworkPolicies for the services. What has one is closed but for those who depend on it.

    Policies only add up: they work beside a policy that denies everything in a namespace.
    """

    policies: bool = False
    """Every service with pods gets a policy, but for those that say `network = false`."""
    egress: bool = False
    """Also close what goes out: to the services it depends on, DNS, and what `network.to` names."""
    ingress_controllers: _NamespacePeers = {}
    """Who may reach the ports that Ingresses and HTTPRoutes lead to."""
    monitoring: _NamespacePeers = {}
    """Who may reach the ports of `metrics`."""


class NetworkPeer(Entry):
    """Somebody a service talks to, besides what its dependencies tell. Exactly one of service, namespace and cidr."""

    service: Key | None = None
    """Key of another service, which need not be a dependency: those that find each other through a registry (T067)."""
    namespace: DnsLabel | None = None
    pods: dict[str, Text] = {}
    """With namespace: only pods with these labels."""
    cidr: Cidr | None = None
    ports: list[PortName | PortNumber] = Field(default=[])
    """Names of the own ports for who comes in, of the other service's for who goes out, or numbers. Default: all."""

    @model_validator(mode="after")
    def _one_peer(self) -> Self:
        chosen = [name for name in ("service", "namespace", "cidr") if getattr(self, name) is not None]
        if len(chosen) != 1:
            msg = f"needs exactly one of service, namespace, cidr; found {' and '.join(chosen) or 'none'}"
            raise ValueError(msg)
        if self.pods and self.namespace is None:
            msg = "pods belong to namespace"
            raise ValueError(msg)
        return self


class ServiceNetwork(Entry):
    """The NetworkPolicy of one service."""

    egress: bool | None = None
    """Default: what `[network]` says."""
    from_: Annotated[dict[Key, NetworkPeer], Field(alias="from")] = {}
    """Who else may come in, by a free key."""
    to: dict[Key, NetworkPeer] = {}
    """Where else it may go, by a free key."""
