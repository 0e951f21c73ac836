"""The bill of materials of a platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chartgen.archetypes.archetype import Values
from chartgen.build.subchart import Subchart, chart_images
from chartgen.lockfile import Lock
from chartgen.manifest.resolved import ResolvedEnvironment, ResolvedPlatform
from helmkit.bom import SCHEMA, BillOfMaterials, EnvironmentEntry, NamespaceEntry, ServiceEntry
from helmkit.charts import subchart_values, values_digest


def build_bill(
    platform: ResolvedPlatform,
    subcharts: Sequence[Subchart],
    lock: Lock,
    environments: Mapping[str, Mapping[str, Any]],
) -> BillOfMaterials:
    """Return the bill of materials.

    Args:
        platform: The platform.
        subcharts: Its charts.
        lock: Their versions and content digests.
        environments: What `environments/<name>.yaml` says, by environment.
    """
    entries = {
        name: _environment(environment, subcharts, lock, environments[name])
        for name, environment in sorted(platform.environments.items())
    }
    namespaces = {entry.namespace for found in entries.values() for entry in found.services.values()}
    return BillOfMaterials(
        schema=SCHEMA,
        platform=platform.name,
        version=platform.version,
        environments=entries,
        default_environment=platform.default_environment,
        repository=platform.repository,
        home_namespace=min(namespaces, default=""),
    )


def _environment(
    environment: ResolvedEnvironment, subcharts: Sequence[Subchart], lock: Lock, values: Mapping[str, Any]
) -> EnvironmentEntry:
    services = {
        subchart.variant.key: _service(subchart, environment.name, lock, values)
        for subchart in subcharts
        if environment.name in subchart.variant.services
    }
    namespaces = {
        name: NamespaceEntry(labels=dict(sorted(namespace.labels.items())), gate=namespace.gate)
        for name, namespace in sorted(environment.namespaces.items())
    }
    return EnvironmentEntry(
        services=dict(sorted(services.items())),
        namespaces=namespaces,
        cluster=environment.cluster,
        protected=environment.protected,
        plain_http_registries=tuple(sorted({one.host for one in environment.registries.values() if one.plain_http})),
    )


def _service(subchart: Subchart, environment: str, lock: Lock, values: Mapping[str, Any]) -> ServiceEntry:
    variant = subchart.variant
    service = variant.services[environment]
    full = subchart.full[environment]
    entry = lock.charts[variant.chart]
    return ServiceEntry(
        release=service.name,
        namespace=service.namespace,
        archetype=service.archetype,
        chart=variant.chart,
        version=entry.version,
        content_digest=entry.digest,
        values_digest=values_digest(subchart_values(values, variant.chart)),
        images=chart_images(full),
        app_version=full.get("image", {}).get("tag", ""),
        depends_on=service.depends_on,
        startup_budget=full.get("startupBudgetSeconds", 0),
        replicas=full.get("replicaCount", 0),
        node_ports=_node_ports(full),
    )


def _node_ports(values: Values) -> tuple[int, ...]:
    ports = values.get("service", {}).get("ports", {}) if "replicaCount" in values else values.get("ports", {})
    return tuple(sorted(port["nodePort"] for port in ports.values() if "nodePort" in port))
