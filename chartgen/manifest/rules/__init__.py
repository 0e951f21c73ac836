"""What must hold beyond single values: one topic per module, each yields findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chartgen.manifest.checked import Checked, View
from chartgen.manifest.findings import Finding
from chartgen.manifest.rules import (
    autoscaling,
    composition,
    connections,
    containers,
    declared,
    dependencies,
    exposures,
    jvm,
    limits,
    names,
    node_ports,
    objects,
    ports,
    references,
    secrets,
    storage,
    vendor,
)
from chartgen.manifest.views import Views

SERVICE_RULES: tuple[Callable[[Checked], Iterator[Finding]], ...] = (
    autoscaling.check,
    composition.check,
    containers.check,
    exposures.check,
    jvm.check,
    limits.check,
    ports.check,
    secrets.check,
    storage.check,
    vendor.check,
)
"""Rules about one service alone; run once for all environments in which it is the same."""

VIEW_RULES: tuple[Callable[[View], Iterator[Finding]], ...] = (
    autoscaling.check_references,
    connections.check,
    declared.check,
    dependencies.check,
    names.check,
    node_ports.check,
    objects.check,
    references.check,
    storage.check_pod_security,
    vendor.check_kept_charts,
)
"""Rules about an environment as a whole."""


def check_views(views: Views) -> list[Finding]:
    """Return everything that is wrong across values and services."""
    distinct = {id(service): service for view in views.views for service in view.services.values()}
    findings = [finding for service in distinct.values() for rule in SERVICE_RULES for finding in rule(service)]
    for view in views.views:
        findings += [finding for rule in VIEW_RULES for finding in view.here(rule(view))]
    findings += vendor.check_same(views.views)
    return findings
