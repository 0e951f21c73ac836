"""One replica of what must be there all the time: every node drain and every upgrade is an outage."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject


def check(subject: Subject) -> Iterator[Hit]:
    """Find single replicas in protected environments, but for those that must not be more (T070)."""
    values = subject.values
    if subject.place.protected and values.get("replicaCount") == 1 and values.get("maxReplicas") != 1:
        yield Hit("runs once in a protected environment: a node drain is an outage", ("replicas",))


RULE = Rule(
    "single-replica",
    "warning",
    "With one replica every node drain, eviction and crash is an outage (W22).",
    "Say replicas = 2, or max_replicas = 1 if it must not run twice.",
    check,
)
