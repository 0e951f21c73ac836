"""Traffic goes to processes that have only just started (T060)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject


def check(subject: Subject) -> Iterator[Hit]:
    """Find a spring-service that gets traffic without a readiness probe."""
    if subject.service.archetype != "spring-service" or "service" not in subject.values:
        return
    if "readinessProbe" not in subject.values:
        yield Hit("has no readiness probe: traffic reaches it before it can answer", ("probes",))


RULE = Rule(
    "no-readiness",
    "warning",
    "Without readiness a pod counts as ready when its process starts. Each rolling update then sends requests "
    "into a JVM that is still starting, and a release that never works is called a success (T060).",
    "Leave probes out for the defaults, or say probes = { tcp = true } at least.",
    check,
)
