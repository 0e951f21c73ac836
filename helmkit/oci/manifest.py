"""OCI image manifests, as helm uses them for charts, and the indexes that name an image's platforms."""

from __future__ import annotations

import msgspec

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CHART_CONFIG = "application/vnd.cncf.helm.config.v1+json"
CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
PROVENANCE_LAYER = "application/vnd.cncf.helm.chart.provenance.v1.prov"

ACCEPTED = (
    MANIFEST,
    "application/vnd.docker.distribution.manifest.v2+json",
    INDEX,
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
"""What is asked for; without it Harbor says that a manifest is unknown."""


class Descriptor(msgspec.Struct, frozen=True):
    """A blob, by what it is and its digest."""

    mediaType: str  # noqa: N815 - OCI's own names
    digest: str
    size: int


class ImagePlatform(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an image runs on, in Go's words: `linux`, `arm64`."""

    os: str = ""
    architecture: str = ""


class IndexEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """The image for one platform in an image index."""

    mediaType: str  # noqa: N815 - OCI's own names
    digest: str
    size: int
    platform: ImagePlatform | None = None


class Manifest(msgspec.Struct, frozen=True, omit_defaults=True):
    """A manifest: of one image or chart (config and layers), or an image index (manifests)."""

    schemaVersion: int  # noqa: N815
    mediaType: str = ""  # noqa: N815
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()
    manifests: tuple[IndexEntry, ...] = ()
    """Of an image index: one for each platform, and attestations for the platform `unknown`."""
    annotations: dict[str, str] = {}


def render_manifest(manifest: Manifest) -> bytes:
    """Return a manifest as the bytes its digest is over; equal for equal input."""
    return msgspec.json.encode(manifest, order="deterministic")
