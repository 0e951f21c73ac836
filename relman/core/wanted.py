"""What a platform version wants of a namespace, taken from the bill of materials (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from helmkit.bom import BillOfMaterials, EnvironmentEntry, ServiceEntry
from helmkit.errors import UsageError
from relman.core.naming import nearest
from relman.core.record import Content


@dataclass(frozen=True)
class Wanted:
    """One service as a platform version wants it."""

    key: str
    entry: ServiceEntry
    content: Content


def wanted_services(bom: BillOfMaterials, environment: str) -> dict[str, Wanted]:
    """Return every service of one environment, by key.

    Raises:
        UsageError: The platform has no such environment.
    """
    return {
        key: Wanted(key, entry, content_of(entry, bom.version))
        for key, entry in environment_of(bom, environment).services.items()
    }


def environment_of(bom: BillOfMaterials, environment: str) -> EnvironmentEntry:
    """Return one environment of the platform.

    Raises:
        UsageError: There is none of that name.
    """
    entry = bom.environments.get(environment)
    if entry is None:
        known = ", ".join(sorted(bom.environments)) or "none"
        message = (
            f"{bom.platform} {bom.version} has no environment {environment!r}{nearest(environment, bom.environments)}"
        )
        raise UsageError(message, hint=f"It has: {known}.")
    return entry


def content_of(entry: ServiceEntry, platform_version: str) -> Content:
    """Return what a service of the bill of materials runs."""
    return Content(
        chart=entry.chart,
        chart_version=entry.version,
        content_digest=entry.content_digest,
        values_digest=entry.values_digest,
        platform_version=platform_version,
        archetype=entry.archetype,
        app_version=entry.app_version,
        images=entry.images,
        rollback=entry.rollback,
        node_ports=entry.node_ports,
        migrations=entry.migrations,
    )


def dependency_edges(services: Mapping[str, Wanted]) -> dict[str, tuple[str, ...]]:
    """Return what each service waits for."""
    return {key: wanted.entry.depends_on for key, wanted in services.items()}


def in_namespaces(services: Mapping[str, Wanted], namespaces: Iterable[str]) -> dict[str, Wanted]:
    """Return the services of some namespaces."""
    chosen = set(namespaces)
    return {key: wanted for key, wanted in services.items() if wanted.entry.namespace in chosen}
