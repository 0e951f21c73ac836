"""Rules about what is generated: one file each. They advise; what is plainly wrong is refused by chartgen.manifest.

Most look at the chart values of every service in every environment, some at the objects helm rendered from them.
"""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks import (
    blocked_drain,
    health_as_liveness,
    literal_ip,
    memory_limit,
    mutable_tag,
    pod_security,
    release_size,
    single_replica,
    stuck_rollout,
    unique_objects,
)
from chartgen.checks.finding import Finding, RenderedRule, Rule, Subject
from chartgen.render import RenderedService

RULES: tuple[Rule, ...] = (
    blocked_drain.RULE,
    health_as_liveness.RULE,
    literal_ip.RULE,
    memory_limit.RULE,
    mutable_tag.RULE,
    pod_security.RULE,
    single_replica.RULE,
    stuck_rollout.RULE,
)
"""Rules about values."""

RENDERED_RULES: tuple[RenderedRule, ...] = (release_size.RULE, unique_objects.RULE)
"""Rules about rendered objects."""

__all__ = ["RENDERED_RULES", "RULES", "Finding", "check_rendered", "check_values"]


def check_values(subject: Subject) -> Iterator[Finding]:
    """Yield what the rules find in one service of one environment."""
    for rule in RULES:
        for message in rule.check(subject):
            yield Finding(rule.id, rule.severity, subject.environment, subject.service.key, message, rule.remedy)


def check_rendered(environment: str, service: RenderedService, size: int) -> Iterator[Finding]:
    """Yield what the rules find in the objects of one service.

    Args:
        environment: Its name.
        service: The service as helm rendered it.
        size: Bytes its release will take in the cluster, see `release_size.estimate`.
    """
    for rule in RENDERED_RULES:
        for message in rule.check(service, size):
            yield Finding(rule.id, rule.severity, environment, service.key, message, rule.remedy)
