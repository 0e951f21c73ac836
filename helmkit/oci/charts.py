"""Charts in registries, with helm's media types and annotations; published versions never change.

`helm push` is not used: it puts the manifest twice, takes the time of the file into it (so that the digest differs
each time), and leaves an untagged artifact behind where a tag is immutable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from helmkit.charts import bytes_digest, parse_archive
from helmkit.names import is_digest
from helmkit.oci.client import RegistryClient
from helmkit.oci.errors import AlreadyPublishedError, RegistryError
from helmkit.oci.manifest import CHART_CONFIG, CHART_LAYER, Descriptor, Manifest, render_manifest
from helmkit.oci.reference import tag_for
from helmkit.yaml import parse_yaml

_ANNOTATION = "org.opencontainers.image."


@dataclass(frozen=True)
class PushResult:
    """What became of a push."""

    digest: str
    """Of the manifest in the registry."""
    action: Literal["pushed", "unchanged"]


async def push_chart(
    client: RegistryClient,
    repository: str,
    name: str,
    version: str,
    archive: bytes,
    chart_yaml: bytes,
    *,
    created: str | None,
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
    config = msgspec.json.encode(parse_yaml(chart_yaml))
    manifest = build_manifest(name, version, archive, config, created=created)
    tag = tag_for(version)
    digest = bytes_digest(render_manifest(manifest))
    existing = await client.resolve(repository, tag)
    if existing is not None:
        if existing != digest and not await _same_content(client, repository, existing, archive):
            message = (
                f"{client.host}/{repository}:{tag} is published with other content: there it is {existing},"
                f" here it would be {digest}"
            )
            raise AlreadyPublishedError(message, hint="Publish it under a new version: `chartgen bump`.")
        return PushResult(existing, "unchanged")
    await asyncio.gather(client.push_blob(repository, config), client.push_blob(repository, archive))
    return PushResult(await client.push_manifest(repository, tag, manifest), "pushed")


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
        kind = manifest.config.mediaType if manifest.config else manifest.mediaType or "unknown"
        message = f"{client.host}/{repository}:{wanted} is not a Helm chart but {kind}"
        raise RegistryError(message, hint="Check the repository and the version.")
    return await client.fetch_blob(repository, layer.digest), digest


def build_manifest(name: str, version: str, archive: bytes, config: bytes, *, created: str | None) -> Manifest:
    """Return the manifest helm would write for a chart; equal for equal input.

    Args:
        name: The chart's name.
        version: The chart's version.
        archive: The .tgz.
        config: The Chart.yaml as JSON.
        created: RFC 3339; None leaves the annotation out.
    """
    # Without a mediaType of its own, as helm leaves it: then both write the same bytes.
    return Manifest(
        schemaVersion=2,
        config=Descriptor(CHART_CONFIG, bytes_digest(config), len(config)),
        layers=(Descriptor(CHART_LAYER, bytes_digest(archive), len(archive)),),
        annotations=_annotations(name, version, msgspec.json.decode(config), created),
    )


def _annotations(name: str, version: str, chart: Mapping[str, Any], created: str | None) -> dict[str, str]:
    """Return the annotations that helm derives from a Chart.yaml (helm: pkg/registry/chart.go)."""
    sources = chart.get("sources") or ()
    derived = {
        "description": chart.get("description"),
        "title": name,
        "version": version,
        "url": chart.get("home"),
        "created": created,
        "source": sources[0] if sources else None,
        "authors": ", ".join(_author(one) for one in chart.get("maintainers") or ()),
    }
    annotations = {_ANNOTATION + key: str(value) for key, value in derived.items() if value and str(value).strip()}
    own = chart.get("annotations") or {}
    fixed = {f"{_ANNOTATION}title", f"{_ANNOTATION}version"}
    annotations.update({str(key): str(value) for key, value in own.items() if key not in fixed})
    return dict(sorted(annotations.items()))


def _author(maintainer: Mapping[str, Any]) -> str:
    email = maintainer.get("email")
    return f"{maintainer.get('name', '')} ({email})" if email else str(maintainer.get("name", ""))


async def _same_content(client: RegistryClient, repository: str, digest: str, archive: bytes) -> bool:
    """Tell whether a published chart holds the same files: helm, or another zlib, may have packed it."""
    published, _ = await pull_chart(client, repository, digest)
    if published == archive:
        return True
    return parse_archive(published, f"{repository}@{digest}") == parse_archive(archive, "the new chart")
