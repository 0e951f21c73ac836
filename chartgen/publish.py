"""Publish an umbrella and its subcharts: to `<repository>/<platform>` and `<repository>/<platform>/<service>`.

Everything is looked up first, and nothing is pushed if one version is published with other content. Subcharts go
first, in parallel; the umbrella last, so that who finds its tag finds all of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from chartgen.umbrella import Umbrella
from helmkit.charts import ChartFiles, build_archive, bytes_digest, parse_archive
from helmkit.oci import AlreadyPublishedError, ChartReference, RegistryClient, pull_chart, push_chart, tag_for
from helmkit.oci.charts import build_manifest
from helmkit.oci.manifest import render_manifest
from helmkit.yaml import parse_yaml

_AT_ONCE = 8
"""More uploads at a time gain nothing, even over 30 ms of round trip (dependencies.md, section 5)."""

Action = Literal["push", "pushed", "unchanged", "refused"]
Report = Callable[["Published"], None]


@dataclass(frozen=True)
class Chart:
    """A chart to publish."""

    name: str
    version: str
    repository: str
    """Without the host."""
    archive: bytes
    chart_file: bytes


@dataclass(frozen=True)
class Published:
    """What became of a chart, or would."""

    name: str
    version: str
    url: str
    action: Action
    """`push` and `refused` only in a dry run."""
    digest: str
    """Of the manifest: what is in the registry, or would be."""


def plan_charts(umbrella: Umbrella, target: ChartReference) -> list[Chart]:
    """Return the charts of an umbrella with where they go below `target`, the umbrella last."""
    home = target.child(umbrella.bom.platform)
    versions = umbrella.versions()
    charts = [
        _chart(name, versions[name], home.child(name).repository, files) for name, files in umbrella.subcharts().items()
    ]
    return [*charts, _chart(umbrella.bom.platform, umbrella.bom.version, home.repository, umbrella.files)]


async def preview(client: RegistryClient, charts: Sequence[Chart]) -> list[Published]:
    """Return what publishing would do with each chart, in order."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def look(chart: Chart) -> Published:
        async with slots:
            return await _preview(client, chart)

    return list(await asyncio.gather(*(look(chart) for chart in charts)))


async def publish(client: RegistryClient, charts: Sequence[Chart], report: Report) -> list[Published]:
    """Publish what is not published yet. Idempotent.

    Args:
        client: The registry.
        charts: The umbrella last.
        report: Told of each chart as it is done.

    Raises:
        AlreadyPublishedError: A version is published with other content; nothing was pushed.
    """
    looked = await preview(client, charts)
    refused = [found for found in looked if found.action == "refused"]
    if refused:
        listed = ", ".join(f"{found.name} {found.version}" for found in refused)
        message = f"nothing was pushed: published with other content already: {listed}"
        # A build has put the new content under the old version into releases.lock; the registry knows better.
        hint = "Publish it under a new version: `chartgen bump patch && chartgen lock && chartgen build`, then push."
        raise AlreadyPublishedError(message, hint=hint)
    slots = asyncio.Semaphore(_AT_ONCE)

    async def push(chart: Chart, found: Published) -> Published:
        if found.action == "push":
            async with slots:
                result = await push_chart(
                    client, chart.repository, chart.name, chart.version, chart.archive, chart.chart_file, created=None
                )
            found = replace(found, action=result.action, digest=result.digest)
        report(found)
        return found

    done = list(await asyncio.gather(*(push(*pair) for pair in zip(charts[:-1], looked[:-1], strict=True))))
    return [*done, await push(charts[-1], looked[-1])]


async def _preview(client: RegistryClient, chart: Chart) -> Published:
    config = msgspec.json.encode(parse_yaml(chart.chart_file))
    manifest = build_manifest(chart.name, chart.version, chart.archive, config, created=None)
    digest = bytes_digest(render_manifest(manifest))
    existing = await client.resolve(chart.repository, tag_for(chart.version))
    action: Action = "push"
    if existing == digest or (existing and await _same(client, chart, existing)):
        action = "unchanged"
    elif existing:
        action = "refused"
    url = str(ChartReference(client.host, chart.repository, tag_for(chart.version)))
    return Published(chart.name, chart.version, url, action, existing or digest)


async def _same(client: RegistryClient, chart: Chart, digest: str) -> bool:
    """Tell whether a published chart holds the same files, packed by another zlib or by helm."""
    archive, _ = await pull_chart(client, chart.repository, digest)
    return parse_archive(archive, f"{chart.repository}@{digest}") == parse_archive(chart.archive, chart.name)


def _chart(name: str, version: str, repository: str, files: ChartFiles) -> Chart:
    return Chart(name, version, repository, build_archive(name, files), files["Chart.yaml"])
