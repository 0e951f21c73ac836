"""Browsing a plain OCI registry: names, tags and manifests are all it can tell."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from chartgen.browse.images import annotated_images
from chartgen.browse.records import ChartListing, ChartSummary, VersionDetail, VersionListing, VersionSummary
from chartgen.harbor.place import Place
from helmkit.charts import parse_archive
from helmkit.errors import HelmkitError
from helmkit.names import is_digest
from helmkit.oci import ArtifactNotFoundError, Manifest, RegistryClient, RegistryError, tag_for
from helmkit.oci.manifest import CHART_CONFIG
from helmkit.tasks import gather

_CREATED = "org.opencontainers.image.created"
_NOTE = "a plain OCI registry knows no pushes, pulls, labels, immutable tags or scans"


class OciCatalogue:
    """Looks charts up in any registry that follows the distribution specification."""

    kind = "oci"

    def __init__(self, registry: RegistryClient) -> None:
        self._registry = registry
        self._room = asyncio.Semaphore(16)

    async def list_charts(self, place: Place, search: str) -> ChartListing:
        """Return all repositories below a place that hold charts; see `Catalogue`."""
        names = await self._catalog(place)
        below = [name for name in names if f"{name}/".startswith(f"{place.path}/") or not place.path]
        wanted = [name for name in below if search.lower() in name.lower()]
        found = await gather(*(self._newest(name) for name in wanted))
        charts = tuple(chart for chart in found if chart is not None)
        return ChartListing(place.host, "oci", charts, (_NOTE,))

    async def _catalog(self, place: Place) -> list[str]:
        try:
            return await self._registry.list_repositories()
        except HelmkitError as error:
            message = f"{place.host} does not list its repositories: {error.message}"
            raise RegistryError(message, hint="Name a chart: chartgen browse spring-platform") from error

    async def _newest(self, repository: str) -> ChartSummary | None:
        """Return a repository's highest version, or None when it holds no chart."""
        tags = sorted(await self._registry.list_tags(repository), key=_order)
        if not tags:
            return None
        manifest, _ = await self._fetch(repository, tags[-1])
        if not _is_chart(manifest):
            return None
        chart = await self._config(repository, manifest)
        version = str(chart.get("version") or tags[-1])
        return ChartSummary(repository, version, chart.get("appVersion"), None, chart.get("description"))

    async def _fetch(self, repository: str, reference: str) -> tuple[Manifest, str]:
        async with self._room:
            return await self._registry.fetch_manifest(repository, reference)

    async def _config(self, repository: str, manifest: Manifest) -> dict[str, Any]:
        if manifest.config is None:
            return {}
        async with self._room:
            content = await self._registry.fetch_blob(repository, manifest.config.digest)
        try:
            return msgspec.json.decode(content, type=dict[str, Any])
        except msgspec.MsgspecError:
            return {}

    async def list_versions(self, place: Place) -> VersionListing:
        """Return a chart's tags with what their manifests say, highest version first; see `Catalogue`."""
        try:
            tags = await self._registry.list_tags(place.path)
        except ArtifactNotFoundError as error:
            message = f"there is no chart {place}"
            raise ArtifactNotFoundError(message, hint="`chartgen browse` lists what there is.") from error
        manifests = await gather(*(self._fetch(place.path, tag) for tag in tags))
        found = {
            tag: _summary(tag, digest, manifest)
            for tag, (manifest, digest) in zip(tags, manifests, strict=True)
            if _is_chart(manifest)
        }
        ordered = [found[tag] for tag in sorted(found, key=_order, reverse=True)]
        return VersionListing(place.host, place.path, "oci", tuple(ordered), (_NOTE,))

    async def detail(self, place: Place) -> VersionDetail:
        """Return one version; see `Catalogue`."""
        reference = place.version if is_digest(place.version) else tag_for(place.version)
        manifest, digest = await self._fetch(place.path, reference)
        if not _is_chart(manifest):
            message = f"{place} is no chart"
            raise RegistryError(message, hint="`chartgen browse` lists the charts.")
        chart = await self._config(place.path, manifest)
        summary = _summary(str(chart.get("version") or reference), digest, manifest, chart)
        dependencies = tuple(chart.get("dependencies") or ())
        images = tuple(annotated_images(chart))
        return VersionDetail(
            place.host, place.path, summary, chart, dependencies, images, dict(manifest.annotations), (_NOTE,)
        )

    async def text(self, place: Place, name: str) -> str:
        """Return a chart's values or readme from its archive; see `Catalogue`."""
        _, files = parse_archive(await self.archive(place), str(place))
        wanted = next((path for path in files if path.lower() == name.lower()), "")
        return files.get(wanted, b"").decode("utf-8", "replace")

    async def archive(self, place: Place) -> bytes:
        """Return the archive; see `Catalogue`."""
        from helmkit.oci import pull_chart

        archive, _ = await pull_chart(self._registry, place.path, place.version)
        return archive


def _is_chart(manifest: Manifest) -> bool:
    return manifest.config is not None and manifest.config.mediaType == CHART_CONFIG


def _summary(tag: str, digest: str, manifest: Manifest, chart: dict[str, Any] | None = None) -> VersionSummary:
    parts = [*manifest.layers, *([manifest.config] if manifest.config else [])]
    return VersionSummary(
        version=tag.replace("_", "+"),
        digest=digest,
        size=sum(part.size for part in parts),
        pushed=manifest.annotations.get(_CREATED),
        app_version=(chart or {}).get("appVersion"),
    )


def _order(tag: str) -> tuple[int, Any, str]:
    """Sort by semantic version; what is none comes first, by name."""
    import semver

    try:
        return 1, semver.Version.parse(tag.replace("_", "+").removeprefix("v")), tag
    except ValueError:
        return 0, 0, tag
