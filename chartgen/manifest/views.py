"""From layered services and sections to one checked view per environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import BaseModel

from chartgen.harbor.model import HarborSection
from chartgen.manifest.checked import Checked, View, check_service
from chartgen.manifest.document import Document, Sections
from chartgen.manifest.findings import Finding, Place
from chartgen.manifest.keypath import did_you_mean
from chartgen.manifest.layering import Layered, check_section, layer_services
from chartgen.manifest.sections import ChartsSection, EnvironmentSection, NamespaceSection, PlatformSection
from chartgen.manifest.sources import MAIN
from chartgen.manifest.stated import Layer, Stated
from chartgen.vocabulary.chart_tests import TestsSection
from chartgen.vocabulary.image import Registry
from chartgen.vocabulary.network import NetworkSection

M = TypeVar("M", bound=BaseModel)

_SHARED = ("namespaces", "registries")
IMPLICIT = "default"
"""Name of the only environment when there are no layers and no name is given."""


@dataclass
class Views:
    """The platform with all its environments, as far as they are valid."""

    platform: PlatformSection | None
    charts: ChartsSection
    default_environment: str
    views: list[View]
    findings: list[Finding]


def build_views(document: Document) -> Views:
    """Validate everything once and share what environments have in common."""
    findings = list(document.findings)
    platform = _platform(document, findings)
    default, environments = _environments(document, platform, findings)
    layered = layer_services(document, environments, findings)
    base = {key: _checked(stated, findings) for key, stated in layered.base.items() if stated.environments}
    charts = _single(ChartsSection, "charts", document.base, None, findings)
    # Only looked at here: `chartgen harbor` reads it for itself, nothing that is built depends on it.
    _single(HarborSection, "harbor", document.base, None, findings)
    views = [_view(name, document, layered, base, findings) for name in environments]
    return Views(platform, charts or ChartsSection(), default, views, findings)


def _checked(stated: Stated, findings: list[Finding]) -> Checked | None:
    checked, problems = check_service(stated)
    findings += problems
    return checked


def _platform(document: Document, findings: list[Finding]) -> PlatformSection | None:
    layer = document.base.single.get("platform")
    if layer is None:
        hint = 'write [platform] with name = "…" and version = "…"'
        findings.append(Finding("needs a [platform] section", Place(MAIN), hint))
        return None
    section, problems = check_section(PlatformSection, (layer,))
    findings += problems
    return section


def _environments(
    document: Document, platform: PlatformSection | None, findings: list[Finding]
) -> tuple[str, tuple[str, ...]]:
    names = tuple(document.environments)
    stated = platform.default_environment if platform else None
    if not names:
        implicit = () if document.unreadable else (stated or IMPLICIT,)
        return stated or IMPLICIT, implicit
    if stated is None:
        if len(names) + len(document.unreadable) > 1 and platform:
            hint = f"one of {', '.join(names)}"
            place = Place(MAIN, ("platform",), "table")
            findings.append(Finding('platform: needs "default_environment"', place, hint))
        return names[0], names
    if stated not in names and stated not in document.unreadable:
        place = Place(MAIN, ("platform", "default_environment"))
        message = f"platform.default_environment: there is no values/{stated}.toml"
        findings.append(Finding(message, place, did_you_mean(stated, names, f"one of {', '.join(names)}")))
    return stated, names


def _view(
    name: str, document: Document, layered: Layered, base: Mapping[str, Checked | None], findings: list[Finding]
) -> View:
    upper = document.environments.get(name, Sections())
    found: list[Finding] = []
    services, disabled = {}, set()
    for key in layered.base:
        stated = layered.changed[name].get(key)
        checked = _checked(stated, found) if stated else base.get(key)
        if checked and not checked.model.enabled:
            disabled.add(key)
        elif checked:
            services[key] = checked
    charts = _single(ChartsSection, "charts", document.base, upper, found) or ChartsSection()
    view = View(
        name=name,
        section=_single(EnvironmentSection, "environment", upper, None, found) or EnvironmentSection(),
        namespaces=_map(NamespaceSection, "namespaces", document.base, upper, found),
        registries=_map(Registry, "registries", document.base, upper, found),
        services=services,
        disabled=frozenset(disabled),
        declared={
            "services": frozenset(document.base.maps["services"]),
            **{section: frozenset(document.base.maps[section]) | frozenset(upper.maps[section]) for section in _SHARED},
        },
        added={section: frozenset(upper.maps[section]) - document.base.maps[section].keys() for section in _SHARED},
        repository=charts.repository or "",
        plain_http=charts.plain_http,
        network=_single(NetworkSection, "network", document.base, upper, found),
        tests=_single(TestsSection, "tests", document.base, upper, found),
    )
    findings += [replace(f, environments=(name,)) for f in found]
    return view


def _single(model: type[M], section: str, lower: Sections, upper: Sections | None, findings: list[Finding]) -> M | None:
    layers = [sections.single[section] for sections in (lower, upper) if sections and section in sections.single]
    if not layers:
        return None
    found, problems = check_section(model, tuple(layers))
    findings += problems
    return found


def _map(model: type[M], section: str, lower: Sections, upper: Sections, findings: list[Finding]) -> dict[str, M]:
    result: dict[str, M] = {}
    entries: dict[str, tuple[Layer, ...]] = {key: (layer,) for key, layer in lower.maps[section].items()}
    for key, layer in upper.maps[section].items():
        entries[key] = (*entries.get(key, ()), layer)
    for key, layers in entries.items():
        found, problems = check_section(model, layers)
        findings += problems
        if found is not None:
            result[key] = found
    return result
