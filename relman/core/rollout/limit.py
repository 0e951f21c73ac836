"""How long a rollout may take, from what the bill of materials says about the service (core, pure)."""

from __future__ import annotations

from dataclasses import dataclass

from helmkit.bom import ServiceEntry

STEP_MARGIN = 30
"""Seconds each step may take beside starting: scheduling, pulling the image, stopping the old pod, minReadySeconds."""
GRACE = 60
"""Seconds once per rollout: controllers, volumes, the last look."""
UNKNOWN_BUDGET = 300
"""Startup budget of what declares none (vendor charts, raw objects): Helm's own default for --timeout, in seconds."""

_ORDERED = frozenset({"statefulset-infra"})
_NO_PODS = frozenset({"external-endpoint", "namespace-objects"})


@dataclass(frozen=True)
class TimeLimit:
    """A time limit and how it came about."""

    seconds: int
    steps: int
    budget: int
    explanation: str


def compute_time_limit(entry: ServiceEntry) -> TimeLimit:
    """Return how long a rollout of this service may take.

    limit = steps x (startup budget + STEP_MARGIN) + GRACE

    A Deployment of ours rolls with `maxSurge: 1, maxUnavailable: 0`, a StatefulSet one ordinal after the other: both
    take one step per replica, and a step lasts until its pod is ready (T056, T057). A first installation starts a
    Deployment's pods at once and is done sooner; the limit is an upper bound.
    """
    if entry.archetype in _NO_PODS:
        return TimeLimit(GRACE, 0, 0, f"{GRACE} s: it has no pods to wait for")
    steps = max(1, entry.replicas)
    budget = entry.startup_budget or UNKNOWN_BUDGET
    seconds = steps * (budget + STEP_MARGIN) + GRACE
    how = "one ordinal after the other" if entry.archetype in _ORDERED else "one pod at a time"
    declared = "startup budget" if entry.startup_budget else "assumed startup budget, as none is declared"
    rolled = f"{steps} steps, {how}" if steps > 1 else "1 step"
    text = f"{seconds} s: {rolled}, each {budget} s ({declared}) + {STEP_MARGIN} s, and {GRACE} s once"
    return TimeLimit(seconds, steps, budget, text)


def time_limit(entry: ServiceEntry) -> int:
    """Return the seconds a rollout of this service may take, see `compute_time_limit`.

    >>> entry = ServiceEntry("gw", "ns", "spring-service", "gw", "1", "", "", startup_budget=300, replicas=3)
    >>> time_limit(entry)
    1050
    """
    return compute_time_limit(entry).seconds


def explain_time_limit(entry: ServiceEntry) -> str:
    """Return how `time_limit` came to its number, on one line.

    >>> entry = ServiceEntry("gw", "ns", "spring-service", "gw", "1", "", "", startup_budget=300, replicas=3)
    >>> explain_time_limit(entry)
    '1050 s: 3 steps, one pod at a time, each 300 s (startup budget) + 30 s, and 60 s once'
    """
    return compute_time_limit(entry).explanation
