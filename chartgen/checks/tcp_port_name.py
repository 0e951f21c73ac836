"""An HTTP port named tcp (T037)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject


def check(subject: Subject) -> Iterator[Hit]:
    """Find ports of a spring-service whose name says tcp, unless the application protocol is stated."""
    if subject.service.archetype != "spring-service":
        return
    for name, port in getattr(subject.service.model, "ports", {}).items():
        if (name == "tcp" or name.startswith("tcp-")) and not port.app_protocol:
            yield Hit(
                f"port {port.port} is named {name}: a service mesh will take what it speaks for raw TCP",
                ("ports", name),
            )


RULE = Rule(
    "tcp-port-name",
    "warning",
    "Istio and others read the protocol from the name of a port: behind one named tcp they see bytes instead of "
    "requests, without routing, retries and metrics (T037).",
    "Name it http, or grpc; or say ports.<name>.app_protocol.",
    check,
)
