"""Charts and images of the same name must not share a place: one tag, one manifest, and the last push wins (T092)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from helmkit.errors import HelmkitError
from helmkit.oci import ArtifactNotFoundError, ChartPackage, MixedContentError, RegistryClient
from helmkit.oci.charts import is_chart, kind_of
from helmkit.tasks import gather

_AT_ONCE = 16
_HINT = (
    "Give the charts a project of their own: [charts].repository in the release manifest, or --to."
    " `chartgen harbor ensure` makes it."
)


async def check_for_images(client: RegistryClient, charts: Sequence[ChartPackage]) -> None:
    """Refuse to publish charts where images of the same name are.

    A Harbor is asked once for the images of the whole project, and one whose name ends like a chart's counts, wherever
    in the project it is: that is the images' project. Other registries, and Harbors that do not tell us, are asked for
    each chart's own repository.

    Args:
        client: The registry, which has answered before.
        charts: What will be published and is not yet.

    Raises:
        MixedContentError: There are some; names all of them.
    """
    images = await _ask_harbor(client, charts)
    if images is None:
        images = await _ask_repositories(client, charts)
    if images:
        listed = "\n  ".join(images)
        message = f"nothing was pushed: {client.host} holds images under the names of charts:\n  {listed}"
        raise MixedContentError(message, hint=_HINT)


async def _ask_harbor(client: RegistryClient, charts: Sequence[ChartPackage]) -> list[str] | None:
    """Return the images of the project that are in the way; None when nobody told us."""
    # Only names and passwords are of use on its management API; identity tokens are not.
    if not client.session.harbor or client.credentials is None or not client.credentials.username:
        return None
    from helmkit.harbor import Harbor

    harbor = Harbor(client.exchange, client.address, client.credentials)
    projects = sorted({chart.repository.partition("/")[0] for chart in charts})
    try:
        found = await gather(*(harbor.artifacts.list_image_repositories(project) for project in projects))
    except HelmkitError:
        # A robot may push without being allowed to list; the registry side still tells.
        return None
    names = {chart.name: chart.repository for chart in charts}
    images = sorted(name for repositories in found for name in repositories)
    return [f"{image} (chart {names[leaf]})" for image in images if (leaf := image.rpartition("/")[2]) in names]


async def _ask_repositories(client: RegistryClient, charts: Sequence[ChartPackage]) -> list[str]:
    room = asyncio.Semaphore(_AT_ONCE)

    async def look(chart: ChartPackage) -> str:
        async with room:
            return await _find_image(client, chart.repository)

    return [found for found in await gather(*(look(chart) for chart in charts)) if found]


async def _find_image(client: RegistryClient, repository: str) -> str:
    """Return a repository's first tag with what it is, when it is no chart; empty when it is one, or when none is."""
    try:
        tags = await client.list_tags(repository, limit=1)
    except ArtifactNotFoundError:
        return ""
    if not tags:
        return ""
    manifest, _ = await client.fetch_manifest(repository, tags[0])
    return "" if is_chart(manifest) else f"{repository}:{tags[0]} ({kind_of(manifest)})"
