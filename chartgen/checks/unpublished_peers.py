"""Peers that cannot find each other before they are ready (T071)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject
from chartgen.manifest.resolved import OwnPeers


def check(subject: Subject) -> Iterator[Hit]:
    """Find services that list their own replicas while DNS hides those that are not ready."""
    values = subject.values
    headless = values.get("headless")
    if not isinstance(headless, dict) or headless.get("publishNotReadyAddresses") or values.get("replicaCount", 0) < 2:
        return
    names = [name for name, value in subject.service.env.items() if isinstance(value, OwnPeers)]
    if names and "readinessProbe" in values:
        message = f"env.{names[0]} lists its own replicas, and headless.publish_not_ready = false hides those not ready"
        yield Hit(message, ("headless", "publish_not_ready"))


RULE = Rule(
    "unpublished-peers",
    "warning",
    "Members that become ready only after they found each other never do when DNS names only members that are "
    "ready (T071).",
    "Say headless = { publish_not_ready = true }.",
    check,
)
