"""A port in an address that the service does not have (T105)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject
from chartgen.checks.reading.hosts import addresses_in, env_texts, find_target


def check(subject: Subject) -> Iterator[Hit]:
    """Find addresses of services of this platform with a port that their Service lacks."""
    for name, text in env_texts(subject):
        for address in addresses_in(text):
            target = find_target(subject, address.host)
            if target is None or address.port is None or not target.ports or address.port in target.ports:
                continue
            known = ", ".join(f"{port} ({label})" for port, label in sorted(target.ports.items()))
            message = (
                f"env.{name} asks {address.host} for port {address.port}; services.{target.service.key} has {known}"
            )
            yield Hit(message, ("env", name))


RULE = Rule(
    "wrong-port",
    "warning",
    "Nothing answers on a port that the Service does not have: the connection is refused or hangs, and only at "
    "run time (T105).",
    'Refer to the port by its name: { endpoint = "…", port = "…" }.',
    check,
)
