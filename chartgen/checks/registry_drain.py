"""An instance that stays in its registry while it drains is called until it is gone, however long it waits (T067)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.archetypes.workload.shutdown import DRAIN
from chartgen.checks.finding import Hit, Rule, Subject
from chartgen.vocabulary.workload import Workload


def check(subject: Subject) -> Iterator[Hit]:
    """Find services of a registry that do not leave it before they drain, or drain for less than its caches live."""
    model = subject.service.model
    if not isinstance(model, Workload) or model.discovery == "none":
        return
    if model.deregister is None:
        message = f"is found through {model.discovery}, and stays registered there while its pods drain"
        yield Hit(message, ("discovery",))
    needed, drain = DRAIN[model.discovery], subject.values["drainSeconds"]
    if drain < needed:
        message = f"drains for {drain}s; with their defaults the caches of {model.discovery}'s clients live {needed}s"
        yield Hit(message, ("drain",))


RULE = Rule(
    "registry-drain",
    "warning",
    "Callers find the service through a registry and caches, not through Kubernetes: they call a stopping pod until it "
    "left the registry and every cache has forgotten it, and get errors from then on (T067).",
    'Say deregister = ["…"], a command that takes the instance out of the registry (for Spring Cloud a POST to '
    "/actuator/serviceregistry), and leave drain to its default; accept it where callers retry or caches live shorter.",
    check,
)
