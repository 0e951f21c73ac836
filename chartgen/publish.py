"""Publish an umbrella and its subcharts: to `<repository>/<platform>` and `<repository>/<platform>/<service>`.

Everything is looked up first, and nothing is pushed if one version is published with other content, or if charts would
land among images of the same name. Subcharts go first, in parallel; the umbrella last, so that who finds its tag finds
all of it. A push that was cut goes on where it was when it is run again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from chartgen.mixing import check_for_images
from chartgen.origin import Origin
from chartgen.umbrella import Umbrella
from helmkit.bom import FILE_NAME as BOM_FILE
from helmkit.charts import ChartFiles, build_archive, bytes_digest
from helmkit.oci import AlreadyPublishedError, ChartPackage, ChartReference, RegistryClient, build_package
from helmkit.oci.charts import Found, describe_conflict, find_published, push_package
from helmkit.oci.package import ANNOTATION
from helmkit.tasks import gather

AT_ONCE = 16
"""Lookups at a time: as many as there are connections."""
UPLOADS_AT_ONCE = 12
"""Charts at a time: each sends two blobs at once."""
PLATFORM = "relman.internal/platform"
BOM_DIGEST = "relman.internal/bom-digest"

Action = Literal["push", "pushed", "unchanged", "refused"]
Report = Callable[[str, str], None]
"""Takes a chart's name and what is happening to it."""


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
    refused_digest: str = ""
    """Of the manifest that would have been published, where other content is in the registry."""


def plan_charts(umbrella: Umbrella, target: ChartReference, origin: Origin) -> list[ChartPackage]:
    """Return the charts of an umbrella with where they go below `target`, the umbrella last.

    The manifests say, beside what follows from each Chart.yaml, the commit, its date, the platform and the digest of
    the bill of materials they were first published with.
    """
    home = target.child(umbrella.bom.platform)
    said = {
        f"{ANNOTATION}created": origin.created,
        f"{ANNOTATION}revision": origin.revision,
        PLATFORM: umbrella.bom.platform,
        BOM_DIGEST: bytes_digest(umbrella.files[BOM_FILE]),
    }
    annotations = {key: value for key, value in said.items() if value}

    def package(repository: str, name: str, version: str, files: ChartFiles) -> ChartPackage:
        archive = build_archive(name, files)
        return build_package(repository, name, version, archive, files["Chart.yaml"], annotations=annotations)

    versions = umbrella.versions()
    charts = [
        package(home.child(name).repository, name, versions[name], files)
        for name, files in umbrella.subcharts().items()
    ]
    own = umbrella.bom
    return [*charts, package(home.repository, own.platform, own.version, umbrella.files)]


async def preview(client: RegistryClient, charts: Sequence[ChartPackage]) -> list[Published]:
    """Return what publishing would do with each chart, in order.

    Raises:
        MixedContentError: Charts would land among images of the same name.
    """
    return [_told(client, *pair) for pair in zip(charts, await _look(client, charts), strict=True)]


async def publish(client: RegistryClient, charts: Sequence[ChartPackage], report: Report) -> list[Published]:
    """Publish what is not published yet. Idempotent.

    Args:
        client: The registry.
        charts: The umbrella last.
        report: Told what happens to each chart.

    Raises:
        AlreadyPublishedError: A version is published with other content; nothing was pushed.
        MixedContentError: Charts would land among images of the same name; nothing was pushed.
        HelmkitError: A push failed. What is there stays, the umbrella is not; running it again does the rest.
    """
    found = await _look(client, charts)
    _refuse(client, charts, found)
    room = asyncio.Semaphore(UPLOADS_AT_ONCE)

    async def push(chart: ChartPackage, there: Found) -> Published:
        if there.state == "absent":
            async with room:
                report(chart.name, "pushing")
                await push_package(client, chart)
        told = _told(client, chart, there, done=True)
        report(chart.name, told.action)
        return told

    pairs = list(zip(charts, found, strict=True))
    done = await gather(*(push(*pair) for pair in pairs[:-1]))
    return [*done, await push(*pairs[-1])]


async def _look(client: RegistryClient, charts: Sequence[ChartPackage]) -> list[Found]:
    """Find out what is there: one request for each chart that is published as it is, and one token for all."""
    client.expect([chart.repository for chart in charts], write=True)
    # The umbrella alone first: its answer says how to log in, which the others then need not ask.
    last = await find_published(client, charts[-1])
    room = asyncio.Semaphore(AT_ONCE)

    async def look(chart: ChartPackage) -> Found:
        async with room:
            return await find_published(client, chart)

    found = [*await gather(*(look(chart) for chart in charts[:-1])), last]
    new = [chart for chart, there in zip(charts, found, strict=True) if there.state == "absent"]
    if new:
        await check_for_images(client, new)
    return found


def _refuse(client: RegistryClient, charts: Sequence[ChartPackage], found: Sequence[Found]) -> None:
    pairs = zip(charts, found, strict=True)
    refused = [describe_conflict(client, chart, there) for chart, there in pairs if there.state == "other"]
    if not refused:
        return
    listed = "\n  ".join(refused)
    message = (
        f"nothing was pushed: {len(refused)} of {len(charts)} versions are published with other content:\n  {listed}"
    )
    # A build has put the new content under the old version into releases.lock; the registry knows better.
    hint = "Publish it under a new version: `chartgen bump patch && chartgen lock && chartgen build`, then push."
    raise AlreadyPublishedError(message, hint=hint)


def _told(client: RegistryClient, chart: ChartPackage, there: Found, *, done: bool = False) -> Published:
    actions: dict[str, Action] = {"same": "unchanged", "other": "refused", "absent": "pushed" if done else "push"}
    url = str(ChartReference(client.host, chart.repository, chart.tag))
    refused = chart.digest if there.state == "other" else ""
    digest = there.digest or chart.digest
    return Published(chart.name, chart.version, url, actions[there.state], digest, refused)
