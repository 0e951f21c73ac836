"""Put everything together: a resolved platform and its lock become an umbrella chart."""

from __future__ import annotations

from collections.abc import Sequence

from chartgen.archetypes.catalogue import ARCHETYPES
from chartgen.build.bill import build_bill
from chartgen.build.built import BuiltChart, BuiltPlatform
from chartgen.build.chart_file import with_version
from chartgen.build.subchart import Subchart, build_subchart
from chartgen.build.umbrella import build_environments, build_umbrella_files
from chartgen.build.variants import plan_variants
from chartgen.build.versions import ChartState, decide_versions
from chartgen.lockfile import Lock
from chartgen.manifest.resolved import ResolvedPlatform
from helmkit.charts import content_digest


def build_platform(platform: ResolvedPlatform, lock: Lock | None = None) -> BuiltPlatform:
    """Return the umbrella chart of `platform`, its subcharts versioned against `lock`.

    Raises:
        UsageError: Two charts would have one name.
        InputError: A field changed that Kubernetes does not let an upgrade change.
    """
    subcharts = [build_subchart(variant, platform) for variant in plan_variants(platform)]
    decided = decide_versions(lock or Lock(platform.name), _states(subcharts), platform.version)
    decided = Lock(platform.name, decided.charts)
    charts = tuple(_finish(subchart, decided) for subchart in subcharts)
    environments = build_environments(platform, subcharts)
    bom = build_bill(platform, subcharts, decided, environments)
    files = dict(build_umbrella_files(platform, subcharts, decided, environments, bom))
    for chart in charts:
        files.update({f"charts/{chart.name}/{path}": content for path, content in chart.files.items()})
    return BuiltPlatform(platform.name, platform.version, files, charts, environments, bom, decided)


def _states(subcharts: Sequence[Subchart]) -> dict[str, ChartState]:
    keys = {subchart.variant.key for subchart in subcharts}
    return {subchart.variant.chart: _state(subchart, keys) for subchart in subcharts}


def _state(subchart: Subchart, keys: set[str]) -> ChartState:
    variant = subchart.variant
    forms = {variant.key, *(f"{variant.key}-{one.suffix}" for one in ARCHETYPES.values())} - (keys - {variant.key})
    return ChartState(
        content_digest(subchart.files),
        {name: variant.archetype.immutable_fields(values) for name, values in subchart.full.items()},
        service=variant.key,
        acknowledged={name: service.model.migrations for name, service in variant.services.items()},
        siblings=frozenset(forms - {variant.chart}),
    )


def _finish(subchart: Subchart, lock: Lock) -> BuiltChart:
    entry = lock.charts[subchart.variant.chart]
    files = {**subchart.files, "Chart.yaml": with_version(subchart.files["Chart.yaml"], entry.version)}
    return BuiltChart(subchart.variant, entry.version, entry.digest, files)
