"""An IP address in a variable goes past the Service that could stand for it (T107)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from chartgen.archetypes.external_endpoint.model import ExternalEndpoint
from chartgen.checks.finding import Hit, Rule, Subject

# Four numbers with a port, or where a host stands in a URL: a version number such as 1.2.3.4 has neither.
_ADDRESS = re.compile(r"(?:(?<=//)|(?<=@)|(?<![\w.]))(\d{1,3}(?:\.\d{1,3}){3})(?=:\d|/)|^(\d{1,3}(?:\.\d{1,3}){3})$")


def check(subject: Subject) -> Iterator[Hit]:
    """Find addresses in the texts of `env`."""
    for name, text in subject.values.get("env", {}).items():
        for found in _addresses(text) if isinstance(text, str) else ():
            service = _service_with(subject, found)
            known = f"; services.{service} has that address" if service else ""
            yield Hit(f"env.{name} holds the address {found}{known}", ("env", name))


def _addresses(text: str) -> Iterator[str]:
    for match in _ADDRESS.finditer(text):
        try:
            address = ipaddress.ip_address(match[1] or match[2])
        except ValueError:
            continue
        if not (address.is_loopback or address.is_unspecified):
            yield str(address)


def _service_with(subject: Subject, address: str) -> str | None:
    for key, service in sorted(subject.place.services.items()):
        if isinstance(service.model, ExternalEndpoint) and address in (service.model.addresses or ()):
            return key
    return None


RULE = Rule(
    "literal-ip",
    "warning",
    "An address that stands in many variables must be changed in all of them, in each environment, and nothing tells "
    "which services need it. An external-endpoint says it once (T107, T114).",
    'Declare an external-endpoint and refer to it: { endpoint = "…", port = "…" }.',
    check,
)
