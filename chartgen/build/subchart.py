"""The files of one subchart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chartgen.archetypes.archetype import Surroundings, Values
from chartgen.archetypes.objects.values import images_of
from chartgen.build.chart_file import render_chart_file
from chartgen.build.escapes import add_escapes
from chartgen.build.split import split_values
from chartgen.build.templates import chart_templates, render_document
from chartgen.build.values_file import render_schema, render_values
from chartgen.build.variants import Variant
from chartgen.manifest.resolved import ResolvedPlatform
from helmkit.charts import ChartFiles
from helmkit.errors import UsageError
from helmkit.names import parse_image


@dataclass(frozen=True)
class Subchart:
    """One subchart before it has its version."""

    variant: Variant
    files: ChartFiles
    full: dict[str, Values]
    """Complete values by environment."""
    own: dict[str, Values]
    """What each environment adds to the chart's own values."""


def build_subchart(variant: Variant, platform: ResolvedPlatform) -> Subchart:
    """Return a subchart. Nothing in its files says which version of the platform it belongs to."""
    archetype = variant.archetype
    around = {name: surroundings(platform, name) for name in variant.services}
    full = {name: archetype.build_values(service, around[name]) for name, service in variant.services.items()}
    if archetype.whole_chart:
        # The chart is its author's: everything of ours stands in the environments' values.
        own = {name: getattr(service.model, "values", {}) for name, service in variant.services.items()}
        return Subchart(variant, archetype.whole_chart(variant.service, around[variant.preferred]), full, own)
    shared, own = split_values(full, variant.preferred)
    images = chart_images(shared)
    description = variant.service.model.description or f"{variant.service.name}: {archetype.summary}"
    files = {
        "Chart.yaml": render_chart_file(
            variant.chart, description, app_version=app_version(shared), images=images, about=platform.about
        ),
        "README.md": render_document(
            "subchart-README.md",
            chart=variant.chart,
            name=variant.service.name,
            description=description,
            archetype=archetype,
            platform=platform.name,
        ),
        "values.yaml": render_values(archetype, shared),
        "values.schema.json": render_schema(archetype.name),
        **add_escapes(chart_templates(archetype, variant.chart), variant.chart, full.values()),
        **_extra_files(variant, around),
    }
    return Subchart(variant, files, full, own)


def surroundings(platform: ResolvedPlatform, environment: str) -> Surroundings:
    """Return what the values of services of one environment need to know besides the services."""
    place = platform.environments[environment]
    return Surroundings(platform.name, platform.cluster_domain, place.registries, place)


def app_version(values: Values) -> str:
    """Return the version of what runs, as people know it: the tag of the image, if there is but one."""
    tag: str = values.get("image", {}).get("tag", "")
    tags = {parse_image(image).tag or "" for image in images_of(values)}
    return tag or (tags.pop() if len(tags) == 1 else "")


def _extra_files(variant: Variant, around: Mapping[str, Surroundings]) -> ChartFiles:
    extra_files = variant.archetype.extra_files
    if extra_files is None:
        return {}
    found = {name: extra_files(service, around[name]) for name, service in variant.services.items()}
    preferred = found[variant.preferred]
    for name, files in found.items():
        differing = sorted(path for path in files.keys() | preferred.keys() if files.get(path) != preferred.get(path))
        if differing:
            message = (
                f"building the chart {variant.chart} failed: {', '.join(differing)} differs between {name} and "
                f"{variant.preferred}, and a chart has it once"
            )
            raise UsageError(message, hint="Use one definition in all environments, or two services.")
    return preferred


def chart_images(values: Values) -> tuple[str, ...]:
    """Return the images that a chart's values name, sorted, written as the pods have them."""
    beside = [one for part in ("initContainers", "sidecars") for one in values.get(part, {}).values()]
    images = [values.get("image"), values.get("test", {}).get("image"), *(one.get("image") for one in beside)]
    return tuple(sorted({*(_image(image) for image in images if image), *images_of(values)}))


def _image(image: Values) -> str:
    digest = f"@{image['digest']}" if image.get("digest") else ""
    return f"{image.get('registry', '')}/{image.get('repository', '')}:{image.get('tag', '')}{digest}"
