"""Check a platform's charts: our own rules on values, then the real helm on every chart in every environment."""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from chartgen.archetypes.archetype import Surroundings
from chartgen.build import BuiltChart
from chartgen.checks import check_platform, check_rendered, check_together, check_values
from chartgen.checks.catalogue import HELM_LINT, HELM_TEMPLATE
from chartgen.checks.finding import Described, Finding, Subject
from chartgen.checks.reading.size import ReleaseSize, predict_size
from chartgen.render import RenderedService, Renderer, in_parallel, render_services
from chartgen.workspace import Workspace
from helmkit.charts import subchart_values
from helmkit.helm.errors import HelmFailedError

_Rendered = dict[str, dict[str, RenderedService]]
"""By environment, then by service key."""


@dataclass(frozen=True, order=True)
class PredictedSize:
    """How much of a Secret's 1 MiB a release will take."""

    bytes: int
    service: str
    """Empty for the umbrella, installed by plain helm."""
    environment: str
    """Several are joined by commas."""
    largest: tuple[str, ...]
    """What takes the most, the biggest first."""


@dataclass(frozen=True)
class CheckReport:
    """What a check found, worst first."""

    platform: str
    version: str
    charts: int
    environments: tuple[str, ...]
    findings: tuple[Finding, ...]
    accepted: tuple[Finding, ...] = field(default=())
    """What was found and is meant to be so, each with its reason."""
    sizes: tuple[PredictedSize, ...] = field(default=())
    """Of every release, the largest first; empty without helm."""

    @property
    def failed(self) -> bool:
        """Tell whether there is an error among the findings."""
        return any(finding.severity == "error" for finding in self.findings)


def inspect_values(workspace: Workspace, environments: Sequence[str]) -> list[Finding]:
    """Return what our own rules find in the values of every service and in what was built as a whole. Pure."""
    found: list[Finding] = list(check_platform(workspace.platform, workspace.built))
    for chart in workspace.built.charts:
        for name in sorted(chart.variant.services.keys() & set(environments)):
            found += check_values(_subject(workspace, chart, name))
    return found


async def inspect_charts(
    helm: Renderer, workspace: Workspace, umbrella: Path, environments: Sequence[str]
) -> tuple[list[Finding], list[PredictedSize]]:
    """Return what `helm lint --strict` and `helm template` say of every chart, and our rules of what is rendered.

    Args:
        helm: Lints and renders.
        workspace: The platform.
        umbrella: Its umbrella chart on disk.
        environments: Which ones.
    """
    rendered: _Rendered = {name: {} for name in environments}
    sizes: list[PredictedSize] = []
    work: list[Callable[[], Awaitable[list[Finding]]]] = []
    for chart, names, values in _distinct(workspace, environments):
        folder = umbrella / "charts" / chart.name
        work.append(functools.partial(_lint, helm, folder, values, ",".join(names), chart.variant.key))
        work.append(functools.partial(_render, helm, workspace, umbrella, chart, names, rendered, sizes))
    for name in environments:
        values = {**workspace.built.environments[name], "tags": dict.fromkeys(_namespaces(workspace), True)}
        # All tags at once is what nobody installs: the guard would rightly refuse what some of them misplace.
        values.pop("misplaced", None)
        work.append(functools.partial(_lint, helm, umbrella, values, name, ""))
    found = [finding for part in await in_parallel(work) for finding in part]
    for name in environments:
        services = [rendered[name][key] for key in sorted(rendered[name])]
        found += [*check_together(name, services), *_umbrella(workspace, name, services, sizes)]
    return found, sorted(sizes, reverse=True)


def _umbrella(
    workspace: Workspace, environment: str, services: Sequence[RenderedService], sizes: list[PredictedSize]
) -> Iterator[Finding]:
    """Look at the release that plain Helm makes of the umbrella: one for all services of a namespace, the largest."""
    texts: dict[str, dict[str, str]] = {}
    for service in services:
        texts.setdefault(service.namespace, {})[service.key] = service.text
    if not texts:
        return
    built = workspace.built
    largest = max(sorted(texts), key=lambda name: sum(map(len, texts[name].values())))
    size = predict_size(built.files, built.environments[environment], texts[largest])
    sizes.append(_predicted(size, "", [environment]))
    name = f"{built.name} in {largest} (the umbrella itself, installed by plain helm)"
    yield from check_rendered(environment, RenderedService("", name, largest, ""), size)


def summarize(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return each finding once, its environments joined; errors first, then by service and rule."""
    merged: dict[Finding, set[str]] = {}
    for finding in findings:
        names = {name for name in finding.environment.split(",") if name}
        merged.setdefault(replace(finding, environment=""), set()).update(names)
    joined = [replace(finding, environment=", ".join(sorted(names))) for finding, names in merged.items()]
    return tuple(sorted(joined, key=lambda f: (f.severity != "error", f.service, f.rule, f.message)))


def _subject(workspace: Workspace, chart: BuiltChart, environment: str) -> Subject:
    place = workspace.platform.environments[environment]
    service = chart.variant.services[environment]
    around = Surroundings(workspace.platform.name, workspace.platform.cluster_domain, place.registries, place)
    return Subject(workspace.platform, place, service, chart.variant.archetype.build_values(service, around))


def _distinct(
    workspace: Workspace, environments: Sequence[str]
) -> Iterable[tuple[BuiltChart, list[str], dict[str, Any]]]:
    """Yield each chart with environments that give it the same values: helm has to look at them once."""
    for chart in workspace.built.charts:
        groups: dict[str, list[str]] = {}
        for name in environments:
            if name in chart.variant.services:
                own = workspace.built.environments[name].get(chart.name, {})
                place = chart.variant.services[name].namespace
                groups.setdefault(json.dumps([place, own], sort_keys=True), []).append(name)
        for names in groups.values():
            yield chart, names, subchart_values(workspace.built.environments[names[0]], chart.name)


def _namespaces(workspace: Workspace) -> list[str]:
    services = [service for chart in workspace.built.charts for service in chart.variant.services.values()]
    return sorted({service.namespace for service in services})


async def _lint(helm: Renderer, chart: Path, values: dict[str, Any], environments: str, service: str) -> list[Finding]:
    try:
        await helm.lint(chart, values=values)
    except HelmFailedError as error:
        return [_helm(HELM_LINT, environments, service, error)]
    return []


async def _render(
    helm: Renderer,
    workspace: Workspace,
    umbrella: Path,
    chart: BuiltChart,
    names: list[str],
    rendered: _Rendered,
    sizes: list[PredictedSize],
) -> list[Finding]:
    key = chart.variant.key
    try:
        service = (await render_services(helm, workspace.built, umbrella, names[0], [key]))[0]
    except HelmFailedError as error:
        return [_helm(HELM_TEMPLATE, ",".join(names), key, error)]
    for name in names:
        rendered[name][key] = service
    values = subchart_values(workspace.built.environments[names[0]], chart.name)
    size = predict_size(chart.files, values, {"": service.text})
    sizes.append(_predicted(size, key, names))
    found = list(check_rendered("", service, size))
    return [replace(finding, environment=name) for name in names for finding in found]


def _predicted(size: ReleaseSize, service: str, environments: Sequence[str]) -> PredictedSize:
    largest = tuple(f"{name}: {taken}" for name, taken in size.parts[:3])
    return PredictedSize(size.total, service, ", ".join(environments), largest)


def _helm(rule: Described, environments: str, service: str, error: HelmFailedError) -> Finding:
    return Finding(rule.id, rule.severity, environments, service, error.message, rule.remedy)
