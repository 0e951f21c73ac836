"""Rules about what is generated: one file each. They advise; what is plainly wrong is refused by chartgen.manifest.

Most look at the chart values of every service in every environment, some at the objects helm rendered from them, a few
at all of them together. A new rule is one file and one line here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chartgen.build import BuiltPlatform
from chartgen.checks import (
    archive_size,
    blocked_drain,
    dead_annotation,
    dead_jvm_option,
    deprecated_api,
    doubled_word,
    edge_health,
    foreign_namespace,
    frozen_registry,
    health_as_liveness,
    host_path_data,
    host_path_volume,
    ingress_annotation,
    literal_ip,
    lost_selector,
    memory_limit,
    misspelt_host,
    mutable_tag,
    needless_migration,
    never_pulled,
    no_readiness,
    node_port_twice,
    open_actuator,
    pod_security,
    registry_drain,
    release_size,
    release_too_large,
    removed_api,
    shared_object,
    single_replica,
    stale_tag,
    stuck_rollout,
    surge_without_node,
    tcp_port_name,
    typed_address,
    unique_objects,
    unpublished_peers,
    unwritable_host_path,
    wide_rights,
    wrong_port,
)
from chartgen.checks.finding import (
    Described,
    Finding,
    Hit,
    PlatformRule,
    RenderedRule,
    Rule,
    Subject,
    TogetherRule,
)
from chartgen.checks.reading.size import ReleaseSize
from chartgen.manifest.resolved import ResolvedPlatform
from chartgen.render import RenderedService

RULES: tuple[Rule, ...] = (
    blocked_drain.RULE,
    dead_jvm_option.RULE,
    edge_health.RULE,
    frozen_registry.RULE,
    health_as_liveness.RULE,
    host_path_data.RULE,
    ingress_annotation.RULE,
    literal_ip.RULE,
    memory_limit.RULE,
    misspelt_host.RULE,
    mutable_tag.RULE,
    never_pulled.RULE,
    no_readiness.RULE,
    open_actuator.RULE,
    pod_security.RULE,
    registry_drain.RULE,
    single_replica.RULE,
    stale_tag.RULE,
    stuck_rollout.RULE,
    surge_without_node.RULE,
    tcp_port_name.RULE,
    typed_address.RULE,
    unpublished_peers.RULE,
    unwritable_host_path.RULE,
    wide_rights.RULE,
    wrong_port.RULE,
)
"""Rules about values."""

RENDERED_RULES: tuple[RenderedRule, ...] = (
    dead_annotation.RULE,
    deprecated_api.RULE,
    foreign_namespace.RULE,
    host_path_volume.RULE,
    lost_selector.RULE,
    release_size.RULE,
    release_too_large.RULE,
    removed_api.RULE,
    unique_objects.RULE,
)
"""Rules about rendered objects."""

PLATFORM_RULES: tuple[PlatformRule, ...] = (archive_size.RULE, doubled_word.RULE, needless_migration.RULE)
"""Rules about everything built."""

TOGETHER_RULES: tuple[TogetherRule, ...] = (node_port_twice.RULE, shared_object.RULE)
"""Rules about the rendered objects of one environment."""

__all__ = [
    "PLATFORM_RULES",
    "RENDERED_RULES",
    "RULES",
    "TOGETHER_RULES",
    "Finding",
    "check_platform",
    "check_rendered",
    "check_together",
    "check_values",
]


def check_values(subject: Subject) -> Iterator[Finding]:
    """Yield what the rules find in one service of one environment."""
    for rule in RULES:
        for hit in rule.check(subject):
            yield _finding(rule, hit, subject.environment, subject.service.key)


def check_rendered(environment: str, service: RenderedService, size: ReleaseSize) -> Iterator[Finding]:
    """Yield what the rules find in the objects of one service.

    Args:
        environment: Its name.
        service: The service as helm rendered it.
        size: What its release will take in the cluster.
    """
    for rule in RENDERED_RULES:
        for hit in rule.check(service, size):
            yield _finding(rule, hit, environment, service.key)


def check_together(environment: str, services: Sequence[RenderedService]) -> Iterator[Finding]:
    """Yield what the rules find in the objects of all services of one environment."""
    for rule in TOGETHER_RULES:
        for hit in rule.check(services):
            yield _finding(rule, hit, environment, "")


def check_platform(platform: ResolvedPlatform, built: BuiltPlatform) -> Iterator[Finding]:
    """Yield what the rules find in everything built, whatever the environment."""
    for rule in PLATFORM_RULES:
        for hit in rule.check(platform, built):
            yield _finding(rule, hit, "", "")


def _finding(rule: Described, hit: Hit, environment: str, service: str) -> Finding:
    return Finding(rule.id, rule.severity, environment, hit.service or service, hit.message, rule.remedy, path=hit.path)
