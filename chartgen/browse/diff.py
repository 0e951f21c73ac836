"""Compare two published versions: fetch both, then compare values, images and rendered objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import yaml

from chartgen.browse.catalogue import Catalogue
from chartgen.browse.comparison import compare_images, compare_objects, compare_values
from chartgen.browse.images import annotated_images, bom_images
from chartgen.browse.records import Comparison
from chartgen.browse.rendering import render_chart
from chartgen.harbor.place import Place
from chartgen.render import Renderer
from helmkit.charts import parse_archive
from helmkit.errors import HelmkitError, UsageError
from helmkit.tasks import both
from helmkit.yaml import parse_yaml


async def compare_versions(
    open_one: Callable[[Place], Catalogue], helm: Renderer | None, old: Place, new: Place, environment: str
) -> Comparison:
    """Return what differs between two versions; both may be in different registries.

    Args:
        open_one: Gives the catalogue of a place.
        helm: Renders the objects; None leaves them out.
        old: The older version.
        new: The newer one.
        environment: Of an umbrella: whose values to render with; empty: its default.

    Raises:
        HelmkitError: One of them is missing or no chart.
    """
    for place in (old, new):
        if not place.version:
            message = f"{place} names no version to compare"
            raise UsageError(message, hint="Write CHART:1.4.1 CHART:1.4.2.")
    archives = await both(open_one(old).archive(old), open_one(new).archive(new))
    if archives[0] == archives[1]:
        return Comparison(str(old), str(new), identical=True, changes=())
    old_name, before = parse_archive(archives[0], str(old))
    new_name, after = parse_archive(archives[1], str(new))
    changes = [
        *compare_values(_values(before, str(old)), _values(after, str(new))),
        *compare_images(_images(before, str(old)), _images(after, str(new))),
    ]
    notes: tuple[str, ...] = ("objects: left out, because there is no helm",) if helm is None else ()
    if helm is not None:
        objects = await both(
            render_chart(helm, old_name, before, environment), render_chart(helm, new_name, after, environment)
        )
        changes += compare_objects(*objects)
    return Comparison(str(old), str(new), identical=False, changes=tuple(changes), notes=notes)


def _values(files: Mapping[str, bytes], source: str) -> dict[str, Any]:
    """Return a chart's values; of an umbrella also those of its environments, under `environments/NAME`."""
    found: dict[str, Any] = _parse(files.get("values.yaml", b""), f"{source}/values.yaml")
    for path in sorted(files):
        if path.startswith("environments/") and path.endswith(".yaml"):
            found[path.removesuffix(".yaml")] = _parse(files[path], f"{source}/{path}")
    return found


def _parse(content: bytes, source: str) -> dict[str, Any]:
    try:
        values = parse_yaml(content) or {}
    except yaml.YAMLError as error:
        message = f"{source} is not YAML: {error}"
        raise HelmkitError(message, hint="Publish a corrected version of the chart.") from error
    return values if isinstance(values, dict) else {}


def _images(files: Mapping[str, bytes], source: str) -> list[str]:
    return bom_images(files, source) or annotated_images(_parse(files["Chart.yaml"], f"{source}/Chart.yaml"))
