"""Without a memory limit a pod is the first to be evicted, and a leak takes its whole node along (T052)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Rule, Subject


def check(subject: Subject) -> Iterator[str]:
    """Find workloads without a memory limit in environments that matter."""
    values = subject.values
    if "replicaCount" in values and subject.place.protected and "memory" not in values["resources"].get("limits", {}):
        yield "has no memory limit in a protected environment"


RULE = Rule("memory-limit", "warning", 'Say resources = { memory = "1Gi" }: request and limit.', check)
