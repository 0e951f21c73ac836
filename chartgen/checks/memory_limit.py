"""Without a memory limit a pod is the first to be evicted, and a leak takes its whole node along (T052)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject


def check(subject: Subject) -> Iterator[Hit]:
    """Find workloads without a memory limit in environments that matter."""
    values = subject.values
    if "replicaCount" in values and subject.place.protected and "memory" not in values["resources"].get("limits", {}):
        yield Hit("has no memory limit in a protected environment", ("resources",))


RULE = Rule(
    "memory-limit",
    "warning",
    "A pod without a memory limit is the first to be evicted, and a leak in it takes its whole node along; a JVM sizes "
    "its heap by the node's memory (T052, T053).",
    'Say resources = { memory = "1Gi" }: request and limit.',
    check,
)
