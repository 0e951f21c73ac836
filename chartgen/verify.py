"""Check a platform's charts: our own rules on values, then the real helm on every chart in every environment."""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chartgen.archetypes.archetype import Surroundings
from chartgen.build import BuiltChart
from chartgen.checks import check_rendered, check_values
from chartgen.checks.finding import Finding, Subject
from chartgen.checks.release_size import estimate
from chartgen.render import Renderer, in_parallel, render_services
from chartgen.workspace import Workspace
from helmkit.charts import subchart_values
from helmkit.helm.errors import HelmFailedError

_HELM_REMEDY = "Correct the release manifest; if it is right, report this as a bug in chartgen's templates."


@dataclass(frozen=True)
class CheckReport:
    """What a check found, worst first."""

    platform: str
    version: str
    charts: int
    environments: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> bool:
        """Tell whether there is an error among the findings."""
        return any(finding.severity == "error" for finding in self.findings)


def inspect_values(workspace: Workspace, environments: Sequence[str]) -> list[Finding]:
    """Return what our own rules find in the values of every service. Pure."""
    found: list[Finding] = []
    for chart in workspace.built.charts:
        for name in chart.variant.services.keys() & set(environments):
            found += check_values(_subject(workspace, chart, name))
    return found


async def inspect_charts(
    helm: Renderer, workspace: Workspace, umbrella: Path, environments: Sequence[str]
) -> list[Finding]:
    """Return what `helm lint --strict` and `helm template` say of every chart, and our rules of its objects.

    Args:
        helm: Lints and renders.
        workspace: The platform.
        umbrella: Its umbrella chart on disk.
        environments: Which ones.
    """
    work: list[Callable[[], Awaitable[list[Finding]]]] = []
    for chart, names, values in _distinct(workspace, environments):
        folder = umbrella / "charts" / chart.name
        work.append(functools.partial(_lint, helm, folder, values, ",".join(names), chart.variant.key))
        work.append(functools.partial(_render, helm, workspace, umbrella, chart, names))
    for name in environments:
        values = {**workspace.built.environments[name], "tags": dict.fromkeys(_namespaces(workspace), True)}
        # All tags at once is what nobody installs: the guard would rightly refuse what some of them misplace.
        values.pop("misplaced", None)
        work.append(functools.partial(_lint, helm, umbrella, values, name, ""))
    return [finding for found in await in_parallel(work) for finding in found]


def summarize(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return each finding once, its environments joined; errors first, then by service and rule."""
    merged: dict[Finding, set[str]] = {}
    for finding in findings:
        merged.setdefault(replace(finding, environment=""), set()).update(finding.environment.split(","))
    joined = [replace(finding, environment=", ".join(sorted(names))) for finding, names in merged.items()]
    return tuple(sorted(joined, key=lambda f: (f.severity != "error", f.service, f.rule, f.message)))


def _subject(workspace: Workspace, chart: BuiltChart, environment: str) -> Subject:
    place = workspace.platform.environments[environment]
    service = chart.variant.services[environment]
    around = Surroundings(workspace.platform.name, workspace.platform.cluster_domain, place.registries)
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
        return [Finding("helm-lint", "error", environments, service, error.message, _HELM_REMEDY)]
    return []


async def _render(
    helm: Renderer, workspace: Workspace, umbrella: Path, chart: BuiltChart, names: list[str]
) -> list[Finding]:
    key, joined = chart.variant.key, ",".join(names)
    try:
        rendered = (await render_services(helm, workspace.built, umbrella, names[0], [key]))[0]
    except HelmFailedError as error:
        return [Finding("helm-template", "error", joined, key, error.message, _HELM_REMEDY)]
    values = subchart_values(workspace.built.environments[names[0]], chart.name)
    size = estimate(chart.files, values, rendered.text)
    return list(check_rendered(joined, rendered, size))
