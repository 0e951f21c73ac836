"""Which charts a platform needs: one per service, and one more for each other archetype an environment gives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chartgen.archetypes.archetype import Archetype
from chartgen.archetypes.catalogue import ARCHETYPES
from chartgen.manifest.resolved import ResolvedPlatform, ResolvedService
from helmkit.errors import UsageError

_TAKEN = {
    "global": "Helm gives the values under that key to all subcharts",
    "tags": "Helm reads under that key which namespaces to install",
    "misplaced": "the umbrella's guard reads that key",
}


@dataclass(frozen=True)
class Variant:
    """One chart: a service as one archetype, in the environments that use it so."""

    chart: str
    key: str
    archetype: Archetype
    services: Mapping[str, ResolvedService]
    """By environment, sorted; never empty."""
    preferred: str
    """The environment whose values stand in the chart where environments differ."""

    @property
    def service(self) -> ResolvedService:
        """Return the service as the preferred environment has it."""
        return self.services[self.preferred]


def plan_variants(platform: ResolvedPlatform) -> tuple[Variant, ...]:
    """Return the charts of a platform, sorted by name.

    The archetype that a service has in the default environment keeps the service's key as the chart's name; where
    the default environment lacks the service, the first environment in sorted order decides.

    Raises:
        UsageError: A variant's name is the key of another service, or a name means something else in an umbrella.
    """
    uses: dict[tuple[str, str], dict[str, ResolvedService]] = {}
    main: dict[str, str] = {}
    default = platform.default_environment
    names = sorted(platform.environments, key=lambda name: (name != default, name))
    for name in names:
        for key, service in platform.environments[name].services.items():
            uses.setdefault((key, service.archetype), {})[name] = service
            main.setdefault(key, service.archetype)
    variants = [_variant(key, kind, main[key], services, default) for (key, kind), services in uses.items()]
    _refuse_clashes(variants)
    _refuse_taken(platform.name, variants)
    return tuple(sorted(variants, key=lambda variant: variant.chart))


def _variant(key: str, kind: str, main: str, services: dict[str, ResolvedService], default: str) -> Variant:
    archetype = ARCHETYPES[kind]
    chart = key if kind == main else f"{key}-{archetype.suffix}"
    ordered = dict(sorted(services.items()))
    return Variant(chart, key, archetype, ordered, default if default in services else next(iter(ordered)))


def _refuse_taken(platform: str, variants: list[Variant]) -> None:
    for variant in variants:
        reason = _TAKEN.get(variant.chart)
        if variant.chart == platform:
            reason = "it is the umbrella's own name, and their archives would overwrite each other"
        if reason:
            message = f"no service can be called {variant.chart}: {reason}"
            raise UsageError(message, hint='Give it another key; name = "…" keeps the name of its objects.')


def _refuse_clashes(variants: list[Variant]) -> None:
    keys: dict[str, str] = {}
    for variant in variants:
        other = keys.setdefault(variant.chart, variant.key)
        if other != variant.key:
            message = (
                f"building the chart {variant.chart} failed: it is both the service {variant.chart} and the "
                f"{variant.archetype.name} form of another service ({', '.join(sorted({other, variant.key}))})"
            )
            raise UsageError(message, hint=f"Rename the service {variant.chart} in the release manifest.")
