"""A liveness probe on a health path that includes other systems restarts pods when a database is away (T058)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject

_AGGREGATES = ("/actuator/health", "/health")
_GROUPS = ("/actuator/health/liveness", "/livez", "/actuator/info")


def check(subject: Subject) -> Iterator[Hit]:
    """Find liveness probes on Spring's aggregated health, or on the very path that readiness asks."""
    live = _path(subject, "livenessProbe")
    if live is None or live in _GROUPS:
        return
    if live.rstrip("/") in _AGGREGATES:
        yield Hit(
            f"liveness asks {live}, which fails when a database or another service is away", ("probes", "liveness")
        )
    elif live == _path(subject, "readinessProbe"):
        message = f"liveness asks {live}, the same as readiness: what should only stop traffic restarts the pod"
        yield Hit(message, ("probes", "liveness"))


def _path(subject: Subject, probe: str) -> str | None:
    path = subject.values.get(probe, {}).get("httpGet", {}).get("path")
    return str(path).partition("?")[0] if path else None


RULE = Rule(
    "health-as-liveness",
    "warning",
    "A liveness probe that includes other systems restarts every pod of every service at once when a database is away, "
    "and what would have recovered by itself starts from nothing (T058).",
    'Say probes.path alone (liveness then asks for an open port), or probes.liveness = { path = "/livez" }.',
    check,
)
