"""One node port in two rendered Services (T039)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from chartgen.checks.finding import Hit, TogetherRule
from chartgen.render import RenderedService
from helmkit.immutable import object_id


def check(services: Sequence[RenderedService]) -> Iterator[Hit]:
    """Find node ports that several Services ask for, those of plain objects and vendor charts included."""
    users: dict[tuple[int, str], list[tuple[str, str]]] = defaultdict(list)
    for service in services:
        for found in service.objects():
            ports = (found.get("spec") or {}).get("ports") if found.get("kind") == "Service" else None
            for port in ports or []:
                if port.get("nodePort"):
                    users[int(port["nodePort"]), port.get("protocol", "TCP")].append((service.key, object_id(found)))
    for (number, protocol), found_in in sorted(users.items()):
        if len(found_in) > 1:
            named = " and ".join(f"{name} of {key}" for key, name in sorted(found_in))
            yield Hit(f"node port {number}/{protocol} is asked for by {named}", service=min(found_in)[0])


RULE = TogetherRule(
    "node-port-twice",
    "error",
    "A node port exists once in a cluster, whatever the namespace: the second Service is refused (T039).",
    "Give one of them another port between 30000 and 32767, or none.",
    check,
)
