"""Findings that somebody looked at and meant to leave: taken out of the way, but never out of sight. Pure.

The reason stands in the release manifest: `services.X.accept.RULE` for one service, `[environment]` of a layer for one
environment, `[platform]` for all. Warnings alone can be accepted: an error would fail in the cluster anyway.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from chartgen.checks import accepted_error, unused_acceptance
from chartgen.checks.finding import Described, Finding
from chartgen.manifest.keypath import did_you_mean
from chartgen.manifest.resolved import ResolvedPlatform


@dataclass(frozen=True)
class Scope:
    """Where an acceptance stands."""

    rule: str
    environment: str = ""
    """Empty for the platform and for a service."""
    service: str = ""


def apply_acceptances(
    findings: Iterable[Finding],
    platform: ResolvedPlatform,
    environments: Collection[str],
    severities: Mapping[str, str],
    skipped: Collection[str] = (),
) -> list[Finding]:
    """Return all findings, accepted ones with their reason, and findings about acceptances that accept nothing.

    Args:
        findings: One environment each.
        platform: With what is accepted.
        environments: Those that were checked. What accepts nothing is told only where all that could use it were.
        severities: Of every rule, by id.
        skipped: Rules that did not run.
    """
    used: set[Scope] = set()
    found = []
    for finding in findings:
        scope, reason = _reason(finding, platform)
        if scope:
            used.add(scope)
        takes = bool(scope) and finding.severity == "warning"
        found.append(replace(finding, accepted=reason) if takes else finding)
    complete = set(environments) == set(platform.environments)
    for scope in _all(platform, environments, complete=complete):
        if severities.get(scope.rule) == "error":
            found.append(_about(accepted_error.RULE, scope, f"{scope.rule} is an error, which cannot be accepted"))
        elif scope not in used and scope.rule not in skipped:
            near = did_you_mean(scope.rule, severities, "there is no such rule")
            hint = "" if scope.rule in severities else f"; {near}"
            found.append(
                _about(unused_acceptance.RULE, scope, f"accepts {scope.rule}, which finds nothing there{hint}")
            )
    return found


def _reason(finding: Finding, platform: ResolvedPlatform) -> tuple[Scope | None, str]:
    place = platform.environments.get(finding.environment)
    service = place.services.get(finding.service) if place else None
    if service is None and finding.service:
        places = platform.environments.values()
        service = next((one.services[finding.service] for one in places if finding.service in one.services), None)
    candidates = [
        (Scope(finding.rule, service=finding.service), service.model.accept if service else {}),
        (Scope(finding.rule, environment=finding.environment), place.accept if place else {}),
        (Scope(finding.rule), platform.accept),
    ]
    return next(((scope, said[finding.rule]) for scope, said in candidates if finding.rule in said), (None, ""))


def _all(platform: ResolvedPlatform, environments: Collection[str], *, complete: bool) -> Iterator[Scope]:
    found: dict[Scope, None] = {}
    for name in sorted(environments):
        found.update(dict.fromkeys(Scope(rule, environment=name) for rule in platform.environments[name].accept))
    if complete:
        found.update(dict.fromkeys(Scope(rule) for rule in platform.accept))
        places = platform.environments.values()
        said = {(key, rule) for place in places for key, one in place.services.items() for rule in one.model.accept}
        found.update(dict.fromkeys(Scope(rule, service=key) for key, rule in sorted(said)))
    yield from found


def _about(rule: Described, scope: Scope, message: str) -> Finding:
    path = ("accept", scope.rule)
    return Finding(rule.id, rule.severity, scope.environment, scope.service, message, rule.remedy, path=path)
