"""The edge goes away when something behind it does (T059)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject
from chartgen.checks.reading.containers import is_exposed, probe_path

_AGGREGATES = ("/actuator/health", "/health")


def check(subject: Subject) -> Iterator[Hit]:
    """Find services reached from outside whose readiness asks for the health of everything."""
    path = probe_path(subject.values, "readinessProbe")
    if path is None or path.rstrip("/") not in _AGGREGATES or not is_exposed(subject) or not subject.service.depends_on:
        return
    behind = ", ".join(subject.service.depends_on[:3])
    yield Hit(f"readiness asks {path}: when one of {behind} is away, the whole edge is taken out", ("probes",))


RULE = Rule(
    "edge-health",
    "warning",
    "An aggregated health path fails when one system behind fails, and then all replicas lose their traffic "
    "together: one broken service becomes an outage of all (T059).",
    'Ask for something of its own: probes.readiness = { path = "/actuator/info" }, or /actuator/health/readiness '
    "since Spring Boot 2.3.",
    check,
)
