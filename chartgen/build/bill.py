"""The bill of materials of a platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chartgen.archetypes.archetype import Values
from chartgen.build.subchart import Subchart, app_version, chart_images
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
        subchart.variant.key: _service(subchart, environment.name, lock, values, environment.rendered_images)
        for subchart in subcharts
        if environment.name in subchart.variant.services
    }
    namespaces = {
        name: NamespaceEntry(
            labels=dict(sorted(namespace.labels.items())),
            gate=namespace.gate,
            annotations=dict(sorted(namespace.annotations.items())),
        )
        for name, namespace in sorted(environment.namespaces.items())
    }
    return EnvironmentEntry(
        services=dict(sorted(services.items())),
        namespaces=namespaces,
        cluster=environment.cluster,
        protected=environment.protected,
        freeze=environment.freeze,
        plain_http_registries=tuple(sorted({one.host for one in environment.registries.values() if one.plain_http})),
        pull_secrets={
            one.host: one.pull_secret
            for one in sorted(environment.registries.values(), key=lambda one: one.host)
            if one.pull_secret
        },
    )


def _service(
    subchart: Subchart,
    environment: str,
    lock: Lock,
    values: Mapping[str, Any],
    rendered: Mapping[str, tuple[str, ...]],
) -> ServiceEntry:
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
        images=rendered.get(variant.key, ()) or chart_images(full),
        app_version=app_version(full) or getattr(service.model, "version", ""),
        depends_on=service.depends_on,
        startup_budget=_startup_budget(full) or getattr(service.model, "startup_budget", 0),
        # A rollout replaces as many pods as the autoscaler runs by then.
        replicas=full.get("autoscaling", {}).get("maxReplicas", full.get("replicaCount", 0)),
        node_ports=_node_ports(full),
        rollback=service.model.rollback,
        migrations=entry.migrations.get(environment, ()),
    )


def _startup_budget(values: Values) -> int:
    """Return the seconds that one pod may take to start: its sidecars one after the other, then the service."""
    sidecars = values.get("sidecars", {}).values()
    own: int = values.get("startupBudgetSeconds", 0)
    return own + sum(int(sidecar.get("startupBudgetSeconds", 0)) for sidecar in sidecars)


def _node_ports(values: Values) -> tuple[int, ...]:
    # Those of a workload's containers open nothing; an external-endpoint has its Service's ports there.
    services = [values, values.get("service", {}), *values.get("services", {}).values()]
    ports = [port for service in services for port in service.get("ports", {}).values()]
    return tuple(sorted(port["nodePort"] for port in ports if "nodePort" in port))
