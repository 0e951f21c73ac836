"""A PodDisruptionBudget that never lets a pod go keeps its node from being drained."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject


def check(subject: Subject) -> Iterator[Hit]:
    """Find budgets that want as many pods as there are, or let none go."""
    budget = subject.values.get("podDisruptionBudget", {})
    replicas = subject.values.get("replicaCount", 0)
    if not budget or not 0 < replicas >= budget["fromReplicas"]:
        return
    at_least, gone = budget.get("minAvailable"), budget.get("maxUnavailable")
    if at_least == "100%" or (isinstance(at_least, int) and at_least >= replicas):
        message = (
            f"min_available = {at_least} of {replicas} replicas: no pod may ever go, so its node cannot be drained"
        )
        yield Hit(message, ("disruption", "min_available"))
    elif gone in (0, "0%"):
        message = f"max_unavailable = {gone}: no pod may ever go, so its node cannot be drained"
        yield Hit(message, ("disruption", "max_unavailable"))


RULE = Rule(
    "blocked-drain",
    "warning",
    "The eviction of a pod is refused as long as its budget allows none to go, so `kubectl drain` waits for ever and "
    "somebody deletes pods by hand in the end.",
    "Let one pod go: disruption = { max_unavailable = 1 }.",
    check,
)
