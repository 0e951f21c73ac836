"""Tiny but valid images in the sandbox's registry, so that preflight's question for an image gets a real answer.

They hold one empty layer and say what they run on; nothing ever runs them, as kwok plays the kubelets.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from helmkit.bom import FILE_NAME, parse_bom
from helmkit.charts import bytes_digest
from helmkit.errors import UsageError
from helmkit.names import ImageReference, parse_image
from helmkit.oci import Descriptor, Manifest, RegistryClient
from helmkit.oci.manifest import INDEX, MANIFEST, ImagePlatform, IndexEntry, render_manifest

PLATFORMS = ("linux/amd64", "linux/arm64")
NEVER_PUSHED = "missing"
"""Tags that begin so are images nobody pushed: the sandbox's pods fail on them, and the registry does not have them."""

_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_EMPTY_TAR = b"\0" * 1024
_PACKED = gzip.compress(_EMPTY_TAR, mtime=0)
_AT_A_TIME = 8


def images_of(umbrella: Path, registry: str) -> list[str]:
    """Return the images of an umbrella chart that come from a registry, sorted, those nobody pushed left out.

    Args:
        umbrella: The folder of an umbrella chart with its `bom.json`.
        registry: The registry's host and port.

    Raises:
        UsageError: There is no bill of materials.
        HelmkitError: It cannot be read.
    """
    path = umbrella / FILE_NAME
    if not path.is_file():
        message = f"{umbrella} has no {FILE_NAME}"
        raise UsageError(message, hint="Name the folder of an umbrella chart, for example charts/spring-platform.")
    bom = parse_bom(path.read_bytes(), str(path))
    services = [service for entry in bom.environments.values() for service in entry.services.values()]
    return pushable((image for service in services for image in service.images), registry)


def pushable(images: Iterable[str], registry: str) -> list[str]:
    """Return the images that belong into a registry, sorted.

    >>> pushable(["a:5000/x:1", "docker.io/y:1", "a:5000/x:missing-2"], "a:5000")
    ['a:5000/x:1']
    """
    references = [parse_image(image) for image in set(images)]
    mine = [one for one in references if one.registry == registry and not (one.tag or "").startswith(NEVER_PUSHED)]
    return sorted(str(one) for one in mine)


async def push_images(registry: str, images: Sequence[str], platforms: Sequence[str] = PLATFORMS) -> None:
    """Push a tiny image for each name; a tag that exists moves.

    Args:
        registry: Host and port; it speaks plain HTTP.
        images: Names with that host.
        platforms: `os/architecture`. One makes an image, several an index.
    """
    gate = asyncio.Semaphore(_AT_A_TIME)
    async with RegistryClient(registry, plain_http=True) as client:

        async def one(image: str) -> None:
            async with gate:
                await _push(client, parse_image(image), platforms)

        await asyncio.gather(*(one(image) for image in images))


async def _push(client: RegistryClient, image: ImageReference, platforms: Sequence[str]) -> None:
    made = [await _manifest(client, image.repository, platform) for platform in platforms]
    tag = image.tag or "latest"
    if len(made) == 1:
        await client.push_manifest(image.repository, tag, made[0])
        return
    entries = []
    for platform, manifest in zip(platforms, made, strict=True):
        content = render_manifest(manifest)
        await client.push_manifest(image.repository, bytes_digest(content), manifest)
        system, _, architecture = platform.partition("/")
        where = ImagePlatform(os=system, architecture=architecture)
        entries.append(IndexEntry(MANIFEST, bytes_digest(content), len(content), where))
    index = Manifest(schemaVersion=2, mediaType=INDEX, manifests=tuple(entries))
    await client.push_manifest(image.repository, tag, index)


async def _manifest(client: RegistryClient, repository: str, platform: str) -> Manifest:
    system, _, architecture = platform.partition("/")
    config = msgspec.json.encode(
        {
            "architecture": architecture,
            "os": system,
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [bytes_digest(_EMPTY_TAR)]},
        }
    )
    layer = Descriptor(_LAYER, await client.push_blob(repository, _PACKED), len(_PACKED))
    described = Descriptor(_CONFIG, await client.push_blob(repository, config), len(config))
    return Manifest(schemaVersion=2, mediaType=MANIFEST, config=described, layers=(layer,))
