"""A surge pod that finds no node (T049)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject


def check(subject: Subject) -> Iterator[Hit]:
    """Find required spreading together with a rollout that adds a pod before it takes one away."""
    update = subject.values.get("strategy", {}).get("rollingUpdate")
    if subject.values.get("spread") != "required" or not update:
        return
    if update["maxSurge"] not in (0, "0%") and update["maxUnavailable"] in (0, "0%"):
        message = 'spread = "required" with a surge pod: with as many replicas as nodes, no node may take it'
        yield Hit(message, ("rollout",))


RULE = Rule(
    "surge-without-node",
    "warning",
    "Each node may hold one pod only. With as many replicas as nodes the additional pod stays Pending, none is "
    "taken away for it, and the upgrade hangs until its time limit (T049).",
    'Say rollout = { max_surge = 0, max_unavailable = 1 }, or spread = "preferred".',
    check,
)
