"""All actuator endpoints open to whoever reaches the service (T154)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject
from chartgen.checks.reading.containers import is_exposed

_NAMES = ("MANAGEMENT_ENDPOINTS_WEB_EXPOSURE_INCLUDE", "management.endpoints.web.exposure.include")


def check(subject: Subject) -> Iterator[Hit]:
    """Find exposure of everything where the service is reached from outside or the environment is protected."""
    outside = is_exposed(subject)
    if not outside and not subject.place.protected:
        return
    for name in _NAMES:
        text = subject.service.env.get(name)
        if isinstance(text, str) and "*" in text:
            whom = "whoever reaches its node port or ingress" if outside else "everything in the cluster"
            yield Hit(
                f"env.{name} opens every actuator endpoint, heapdump and env among them, to {whom}", ("env", name)
            )


RULE = Rule(
    "open-actuator",
    "warning",
    "A heap dump holds every password of the process, and /actuator/env shows the configuration (T154).",
    'Name what is needed: MANAGEMENT_ENDPOINTS_WEB_EXPOSURE_INCLUDE = "health,info,prometheus".',
    check,
)
