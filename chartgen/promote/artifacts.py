"""Manifests as bytes, and what they hold. Pure: nothing is decoded and encoded again, so digests stay."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from helmkit.charts import bytes_digest
from helmkit.errors import HelmkitError
from helmkit.oci.manifest import MANIFEST

Kind = Literal["subchart", "umbrella", "image"]


@dataclass(frozen=True)
class Blob:
    """A blob that a manifest names."""

    digest: str
    size: int
    """Bytes."""


@dataclass(frozen=True)
class RawManifest:
    """A manifest as it was published."""

    content: bytes
    media_type: str
    digest: str
    blobs: tuple[Blob, ...] = ()
    """Config and layers; not those that are fetched from elsewhere (`urls`)."""
    children: tuple[str, ...] = ()
    """Digests of the manifests that an index holds."""


@dataclass(frozen=True)
class Item:
    """One thing to copy."""

    kind: Kind
    source: str
    """Repository in the source."""
    reference: str
    """Tag or digest."""
    target: str
    """Repository in the target."""
    host: str = ""
    """Of an image: the registry it is in."""

    @property
    def name(self) -> str:
        """Return repository and reference, for people."""
        joint = "@" if self.reference.startswith("sha256:") else ":"
        return f"{self.source}{joint}{self.reference}"


@dataclass(frozen=True)
class Copied:
    """What became of one item."""

    name: str
    kind: Kind
    digest: str
    target: str
    """Where it is now: `host/repository:tag`, or the path of an archive."""
    action: Literal["copied", "unchanged", "would copy"]
    bytes: int | None = field(default=None)
    """How much went over the wire; None when the server copied it itself."""


def parse_manifest(content: bytes, media_type: str, source: str) -> RawManifest:
    """Read what a manifest holds.

    Raises:
        HelmkitError: It is none.
    """
    try:
        body = msgspec.json.decode(content, type=dict[str, Any])
        parts = [part for part in (body.get("config"), *(body.get("layers") or ())) if part]
        blobs = tuple(Blob(str(p["digest"]), int(p["size"])) for p in parts if not p.get("urls"))
        children = tuple(str(child["digest"]) for child in body.get("manifests") or ())
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
        message = f"{source} is not a manifest: {error}"
        raise HelmkitError(message, hint="Publish it again.") from error
    kind = media_type.partition(";")[0].strip() or str(body.get("mediaType") or MANIFEST)
    return RawManifest(content, kind, bytes_digest(content), tuple(dict.fromkeys(blobs)), children)
