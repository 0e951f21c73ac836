"""Charts in registries, with helm's media types and annotations; published versions never change.

`helm push` is not used: it puts the manifest twice, takes the time of the file into it (so that the digest differs
each time), and leaves an untagged artifact behind where a tag is immutable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from helmkit.charts import parse_archive
from helmkit.names import is_digest
from helmkit.oci.client import RegistryClient
from helmkit.oci.errors import AlreadyPublishedError, MixedContentError, RegistryError
from helmkit.oci.manifest import CHART_CONFIG, CHART_LAYER, MANIFEST, Manifest
from helmkit.oci.package import ANNOTATION, ChartPackage, build_package
from helmkit.oci.reference import tag_for
from helmkit.tasks import gather


@dataclass(frozen=True)
class PushResult:
    """What became of a push."""

    digest: str
    """Of the manifest in the registry."""
    action: Literal["pushed", "unchanged"]


@dataclass(frozen=True)
class Found:
    """What is published under a chart's version."""

    state: Literal["absent", "same", "other"]
    digest: str = ""
    """Of the manifest in the registry; empty when there is none."""


async def push_chart(
    client: RegistryClient,
    repository: str,
    name: str,
    version: str,
    archive: bytes,
    chart_yaml: bytes,
    *,
    created: str | None = None,
) -> PushResult:
    """Publish a chart, unless it is published already. Idempotent.

    Args:
        client: The registry.
        repository: The chart's own, which ends in its name: `charts/shop`.
        name: The chart's name.
        version: The chart's version; its tag has `_` for `+`.
        archive: The .tgz.
        chart_yaml: The Chart.yaml in it.
        created: RFC 3339, for the annotation of that name; left out when None. The manifest's digest follows from it.

    Raises:
        AlreadyPublishedError: The version exists with other content.
    """
    annotations = {f"{ANNOTATION}created": created} if created else {}
    package = build_package(repository, name, version, archive, chart_yaml, annotations=annotations)
    found = await find_published(client, package)
    if found.state == "other":
        message = f"{describe_conflict(client, package, found)}; nothing was pushed"
        raise AlreadyPublishedError(message, hint="Publish it under a new version: `chartgen bump`.")
    if found.state == "same":
        return PushResult(found.digest, "unchanged")
    await push_package(client, package)
    return PushResult(package.digest, "pushed")


async def find_published(client: RegistryClient, package: ChartPackage) -> Found:
    """Return what is published under a chart's version: one small request where nothing changed.

    The archive decides, and where that differs the files in it: the same chart may have been packed by helm or by
    another zlib, and pushed from another commit, which its manifest tells.

    Raises:
        MixedContentError: It is no chart but an image (T092).
    """
    existing = await client.resolve(package.repository, package.tag)
    if existing is None:
        return Found("absent")
    if existing == package.digest:
        return Found("same", existing)
    manifest, _ = await client.fetch_manifest(package.repository, existing)
    if not is_chart(manifest):
        message = (
            f"{client.name_of(package.repository, package.tag)} is published, and it is no chart: {kind_of(manifest)}"
        )
        raise MixedContentError(message, hint="Give the charts a project of their own, in [charts] or with --to.")
    if await _same_files(client, package, manifest):
        return Found("same", existing)
    return Found("other", existing)


async def push_package(client: RegistryClient, package: ChartPackage) -> None:
    """Upload a chart: first what the repository has not of it, then its manifest under its tag. Idempotent.

    Nobody sees anything of it before the manifest is there. Make sure before that the version is free.
    """
    await _push_blobs(client, package)
    try:
        await client.push_raw_manifest(package.repository, package.tag, package.manifest, MANIFEST)
    except RegistryError as error:
        if "BLOB_UNKNOWN" not in error.message:
            raise
        # It said that it had them: garbage collection came in between, or a cache was wrong.
        await _push_blobs(client, package, force=True)
        await client.push_raw_manifest(package.repository, package.tag, package.manifest, MANIFEST)


async def pull_chart(client: RegistryClient, repository: str, reference: str) -> tuple[bytes, str]:
    """Return a chart's archive and the digest of its manifest.

    Args:
        client: The registry.
        repository: The chart's own.
        reference: A version, a tag or a manifest's digest.

    Raises:
        ArtifactNotFoundError: There is none.
        RegistryError: What is there is no chart.
    """
    wanted = reference if is_digest(reference) else tag_for(reference)
    manifest, digest = await client.fetch_manifest(repository, wanted)
    layer = next((one for one in manifest.layers if one.mediaType == CHART_LAYER), None)
    if layer is None:
        message = f"{client.host}/{repository}:{wanted} is not a Helm chart but {kind_of(manifest)}"
        raise RegistryError(message, hint="Check the repository and the version.")
    return await client.fetch_blob(repository, layer.digest), digest


def is_chart(manifest: Manifest) -> bool:
    """Tell whether a manifest is a Helm chart's."""
    return manifest.config is not None and manifest.config.mediaType == CHART_CONFIG


def kind_of(manifest: Manifest) -> str:
    """Return what a manifest is about, as its media types name it."""
    return manifest.config.mediaType if manifest.config else manifest.mediaType or "unknown"


def describe_conflict(client: RegistryClient, package: ChartPackage, found: Found) -> str:
    """Return what is published and what would be, with both digests."""
    name = client.name_of(package.repository, package.tag)
    return f"{name} is published with other content: there it is {found.digest}, here it would be {package.digest}"


async def _push_blobs(client: RegistryClient, package: ChartPackage, *, force: bool = False) -> None:
    blobs = (package.config, package.archive)
    await gather(
        *(client.push_blob(package.repository, blob, version=package.tag, force=force) for blob in blobs),
    )


async def _same_files(client: RegistryClient, package: ChartPackage, manifest: Manifest) -> bool:
    layer = next((one.digest for one in manifest.layers if one.mediaType == CHART_LAYER), "")
    if layer == package.parts[1]:
        return True
    if not layer:
        return False
    published = await client.fetch_blob(package.repository, layer)
    where = f"{package.repository}@{layer}"
    return parse_archive(published, where) == parse_archive(package.archive, "the new chart")
