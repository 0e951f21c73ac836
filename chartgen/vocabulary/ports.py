"""Ports of a service, by name."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from chartgen.vocabulary.scalars import Entry, NodePort, PortName, PortNumber


class Port(Entry):
    """One port. `ports.http = 8848` is short for `ports.http = { port = 8848 }`."""

    port: PortNumber
    """Port of the Service."""
    container_port: PortNumber | None = None
    """Port the container listens on, when it is another one."""
    node_port: NodePort | None = None
    """Opens the port on every node; unique in the cluster, whatever the namespace (T039)."""
    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP"
    app_protocol: str | None = None
    """For meshes and gateways, for example `http` or `kubernetes.io/h2c` (T037)."""

    @property
    def target(self) -> int:
        """Return the port the container listens on."""
        return self.container_port or self.port


def _from_number(value: Any) -> Any:
    return {"port": value} if isinstance(value, int) and not isinstance(value, bool) else value


Ports = dict[PortName, Annotated[Port, BeforeValidator(_from_number, json_schema_input_type=Port | PortNumber)]]
