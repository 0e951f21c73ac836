"""An address of a service typed into a variable: nothing follows when the service moves (T078, T107)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject
from chartgen.checks.reading.hosts import addresses_in, env_texts, find_target


def check(subject: Subject) -> Iterator[Hit]:
    """Find texts that hold the address of a service of this platform, its own left out."""
    for name, text in env_texts(subject):
        for address in addresses_in(text):
            target = find_target(subject, address.host)
            if target is None or target.service.key == subject.service.key:
                continue
            word = "peers" if target.is_peer else "endpoint"
            message = f"env.{name} holds {address.host}, which is services.{target.service.key}: refer to it by {word}"
            yield Hit(message, ("env", name))


RULE = Rule(
    "typed-address",
    "warning",
    "A typed address makes no edge in the dependency graph, so the order of upgrades does not know it. It does "
    "not follow the name, the namespace or the number of replicas either, and where an environment has another "
    "archetype nobody notices (T078, T107).",
    'Refer to it: { endpoint = "…", port = "…", format = "…" }, or { peers = "…", port = "…" } for the list of '
    "all replicas.",
    check,
)
