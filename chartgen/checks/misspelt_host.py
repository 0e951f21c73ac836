"""A host name that is nearly the name of a service (T113)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject
from chartgen.checks.reading.hosts import addresses_in, env_texts, find_target, inside, service_names
from chartgen.manifest.keypath import nearest


def check(subject: Subject) -> Iterator[Hit]:
    """Find names inside the cluster that nothing has, and that differ little from one that something has."""
    for name, text in env_texts(subject):
        for address in addresses_in(text):
            labels = inside(subject, address.host)
            if labels is None or find_target(subject, address.host):
                continue
            namespace = labels[1] if len(labels) > 1 else subject.service.namespace
            services = subject.place.services.values()
            known = {one for service in services if service.namespace == namespace for one in service_names(service)}
            near = nearest(labels[0], known)
            if near and abs(len(near) - len(labels[0])) <= _TOLERANCE:
                yield Hit(f"env.{name} names {address.host}; did you mean {near}?", ("env", name))


_TOLERANCE = 2
"""Characters that a slip of the finger adds or loses."""


RULE = Rule(
    "misspelt-host",
    "warning",
    "A name that no Service has is found out at run time only, and a client often starts without complaint (T113).",
    'Refer to the service: { endpoint = "…", port = "…" }; the name then follows from it.',
    check,
)
