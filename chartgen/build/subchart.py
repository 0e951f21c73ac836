"""The files of one subchart."""

from __future__ import annotations

from dataclasses import dataclass

from chartgen.archetypes.archetype import Surroundings, Values
from chartgen.build.chart_file import render_chart_file
from chartgen.build.split import split_values
from chartgen.build.templates import chart_templates, render_document
from chartgen.build.values_file import render_schema, render_values
from chartgen.build.variants import Variant
from chartgen.manifest.resolved import ResolvedPlatform
from helmkit.charts import ChartFiles


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
    full = {
        name: archetype.build_values(
            service,
            Surroundings(platform.name, platform.cluster_domain, platform.environments[name].registries),
        )
        for name, service in variant.services.items()
    }
    shared, own = split_values(full, variant.preferred)
    images = chart_images(shared)
    description = variant.service.model.description or f"{variant.service.name}: {archetype.summary}"
    files = {
        "Chart.yaml": render_chart_file(
            variant.chart, description, app_version=shared.get("image", {}).get("tag", ""), images=images
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
        **chart_templates(archetype, variant.chart),
    }
    return Subchart(variant, files, full, own)


def chart_images(values: Values) -> tuple[str, ...]:
    """Return the images that a chart's values name, sorted, written as the pods have them."""
    images = [values.get("image"), *(init.get("image") for init in values.get("initContainers", {}).values())]
    return tuple(sorted({_image(image) for image in images if image}))


def _image(image: Values) -> str:
    digest = f"@{image['digest']}" if image.get("digest") else ""
    return f"{image.get('registry', '')}/{image.get('repository', '')}:{image.get('tag', '')}{digest}"
