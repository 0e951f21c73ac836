"""Rights that open far more than a service needs (T156)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject
from chartgen.vocabulary.connections import Connections

_READS = {"get", "list", "watch", "*"}
_HANDS_OUT = {"escalate", "bind", "impersonate"}


def check(subject: Subject) -> Iterator[Hit]:
    """Find rules for everything, for all Secrets of the cluster, and those that let a service widen its own rights."""
    model = subject.service.model
    if not isinstance(model, Connections):
        return
    for name, rule in model.rbac.items():
        where = "the cluster" if rule.cluster else "its namespace"
        if "*" in rule.verbs or "*" in rule.resources or "*" in rule.urls:
            yield Hit(f'rbac.{name} says "*": it may do everything of that kind in {where}', ("rbac", name))
        elif rule.cluster and "secrets" in rule.resources and not rule.names and _READS & set(rule.verbs):
            yield Hit(f"rbac.{name} reads every Secret of the cluster", ("rbac", name))
        elif handed := sorted(_HANDS_OUT & set(rule.verbs)):
            yield Hit(f"rbac.{name} says {handed[0]}: it can give itself any right in {where}", ("rbac", name))


RULE = Rule(
    "wide-rights",
    "warning",
    "Whoever breaks into the service has its token, and with it these rights (T156).",
    "Name the resources and verbs it needs, and the objects with names = [...] where they are known.",
    check,
)
