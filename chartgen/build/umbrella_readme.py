"""README.md of an umbrella: its services, their graph, and how to install a namespace with plain helm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chartgen.build.graph import render_graph
from chartgen.build.subchart import Subchart, app_version
from chartgen.build.templates import render_document
from chartgen.lockfile import Lock
from chartgen.manifest.resolved import ResolvedPlatform


@dataclass(frozen=True)
class _Row:
    chart: str
    archetype: str
    namespace: str
    version: str
    image: str
    environments: str


def render_umbrella_readme(platform: ResolvedPlatform, subcharts: Sequence[Subchart], lock: Lock) -> bytes:
    """Return README.md; images and namespaces are those of the default environment, as far as it has the service."""
    shown = platform.environments[platform.default_environment]
    rows = [_row(subchart, platform, lock) for subchart in subcharts]
    return render_document(
        "umbrella-README.md",
        platform=platform,
        rows=rows,
        environments=sorted(platform.environments),
        shown=shown.name,
        graph=render_graph(shown.services),
        namespace=min((row.namespace for row in rows), default=""),
        chart=_address(platform),
    )


def _address(platform: ResolvedPlatform) -> str:
    """Return the chart argument of a helm command, with a version where it comes from a registry."""
    if not platform.repository:
        return f"charts/{platform.name}"
    return f"{platform.repository}/{platform.name} --version {platform.version}"


def _row(subchart: Subchart, platform: ResolvedPlatform, lock: Lock) -> _Row:
    variant = subchart.variant
    values = subchart.full[variant.preferred]
    image = values.get("image")
    target = f"{image['repository']}:{image['tag']}" if image else _target(values) or app_version(values)
    target = target or getattr(variant.service.model, "version", "")
    everywhere = variant.services.keys() == platform.environments.keys()
    return _Row(
        chart=variant.chart,
        archetype=variant.archetype.name,
        namespace=variant.service.namespace,
        version=lock.charts[variant.chart].version,
        image=target,
        environments="all" if everywhere else ", ".join(variant.services),
    )


def _target(values: dict[str, object]) -> str:
    addresses = values.get("addresses")
    return ", ".join(addresses) if isinstance(addresses, list) else str(values.get("externalName", ""))
