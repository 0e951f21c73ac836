"""What a published chart becomes: its objects, rendered by the real helm."""

from __future__ import annotations

import asyncio
import functools
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chartgen.browse.comparison import Objects, index_objects
from chartgen.render import KUBE_VERSION, Renderer, in_parallel
from helmkit.bom import FILE_NAME, BillOfMaterials, parse_bom
from helmkit.charts import subchart_values, write_chart
from helmkit.errors import UsageError
from helmkit.yaml import parse_yaml, parse_yaml_documents


async def render_chart(helm: Renderer, name: str, files: Mapping[str, bytes], environment: str) -> Objects:
    """Return the objects of a chart by `Kind namespace/name`.

    An umbrella is rendered service by service as relman installs it, with the values of one environment; any other
    chart with its own values, in the namespace `default`.

    Args:
        helm: Renders.
        name: The chart's name.
        files: Its files.
        environment: Which one; empty: the umbrella's default.

    Raises:
        UsageError: The umbrella has no such environment.
        RenderError: helm cannot render it.
    """
    with tempfile.TemporaryDirectory(prefix="chartgen-browse-") as folder:
        chart = Path(folder) / name
        await asyncio.to_thread(write_chart, chart, files)
        if FILE_NAME in files:
            bom = parse_bom(files[FILE_NAME], f"{name}/{FILE_NAME}")
            return await _render_services(helm, chart, files, bom, environment)
        text = await helm.template(name[:53].rstrip("-"), chart, namespace="default", kube_version=KUBE_VERSION)
        return index_objects(parse_yaml_documents(text), "default")


async def _render_services(
    helm: Renderer, chart: Path, files: Mapping[str, bytes], bom: BillOfMaterials, environment: str
) -> Objects:
    name = environment or bom.default_environment or next(iter(sorted(bom.environments)), "")
    if name not in bom.environments:
        known = ", ".join(sorted(bom.environments))
        message = f"{bom.platform} {bom.version} has no environment {name!r}; it has {known}"
        raise UsageError(message, hint="Choose one with -e.")
    values: dict[str, Any] = parse_yaml(files[f"environments/{name}.yaml"]) or {}

    async def render(key: str) -> dict[str, Mapping[str, Any]]:
        entry = bom.environments[name].services[key]
        text = await helm.template(
            entry.release,
            chart / "charts" / entry.chart,
            namespace=entry.namespace,
            values=subchart_values(values, entry.chart),
            kube_version=KUBE_VERSION,
        )
        return index_objects(parse_yaml_documents(text), entry.namespace)

    rendered = await in_parallel([functools.partial(render, key) for key in bom.environments[name].services])
    return {key: one for found in rendered for key, one in found.items()}
