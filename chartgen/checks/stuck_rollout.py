"""A rollout that may neither add a pod nor take one away cannot move; Kubernetes refuses it."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject


def check(subject: Subject) -> Iterator[Hit]:
    """Find strategies with no surge and no unavailable pod."""
    update = subject.values.get("strategy", {}).get("rollingUpdate")
    if update and all(update[key] in (0, "0%") for key in ("maxSurge", "maxUnavailable")):
        yield Hit("rollout says max_surge = 0 and max_unavailable = 0: no pod could ever be replaced", ("rollout",))


RULE = Rule(
    "stuck-rollout",
    "error",
    "A rollout that may neither add a pod nor take one away cannot move; Kubernetes refuses the Deployment.",
    "Allow one of them, for example rollout = { max_unavailable = 1 }.",
    check,
)
