"""A registry as source and target of copies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from chartgen.promote.artifacts import Blob, RawManifest, parse_manifest
from helmkit.oci.referrers import fallback_tag, list_referrers, store_manifest
from helmkit.oci.streams import read_blob, write_blob
from helmkit.tasks import gather

if TYPE_CHECKING:
    from chartgen.harbor.connection import Connection


COSIGN_SUFFIXES = (".sig", ".att")
"""Of the tags under which cosign keeps signatures and attestations."""


class RegistryStore:
    """Reads from and writes to one registry."""

    def __init__(self, connection: Connection) -> None:
        self._registry = connection.registry

    @property
    def place(self) -> str:
        """Return the host."""
        return self._registry.host

    async def resolve(self, repository: str, reference: str) -> str | None:
        """Return the digest of what is published, or None."""
        return await self._registry.resolve(repository, reference)

    async def manifest(self, repository: str, reference: str) -> RawManifest:
        """Return a manifest as it was published; see `Source`."""
        content, media_type = await self._registry.fetch_raw_manifest(repository, reference)
        return parse_manifest(content, media_type, self._registry.name_of(repository, reference))

    async def attachments(self, repository: str, digest: str) -> list[str]:
        """Return what is attached to a manifest: its referrers, and what cosign put under a tag derived from it."""
        tags = [f"{fallback_tag(digest)}{suffix}" for suffix in COSIGN_SUFFIXES]
        referring, *held = await gather(self._referrers(repository, digest), *(self._held(repository, t) for t in tags))
        return [*referring, *(tag for found in held for tag in found)]

    async def _held(self, repository: str, tag: str) -> list[str]:
        return [tag] if await self.resolve(repository, tag) else []

    async def _referrers(self, repository: str, digest: str) -> list[str]:
        found = await list_referrers(self._registry, repository, digest)
        return [str(one["digest"]) for one in found if one.get("digest")]

    def read_blob(self, repository: str, blob: Blob) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Give a blob in pieces; see `Source`."""
        return read_blob(self._registry, repository, blob.digest)

    async def has_blob(self, repository: str, digest: str) -> bool:
        """Tell whether the repository has a blob."""
        return await self._registry.blob_exists(repository, digest)

    async def write_blob(self, repository: str, blob: Blob, content: AsyncIterator[bytes]) -> None:
        """Upload a blob in pieces; the registry verifies the digest."""
        await write_blob(self._registry, repository, blob.digest, blob.size, content)

    async def write_manifest(self, repository: str, reference: str, manifest: RawManifest) -> None:
        """Store a manifest's very bytes, and where the registry does not do it, note what it is attached to."""
        await store_manifest(self._registry, repository, reference, manifest.content, manifest.media_type)
