"""What copying needs of the places it copies between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from chartgen.promote.artifacts import Blob, RawManifest


class Source(Protocol):
    """Where artifacts come from."""

    @property
    def place(self) -> str:
        """Return what to call it, for people."""
        ...

    async def manifest(self, repository: str, reference: str) -> RawManifest:
        """Return a manifest; one asked for by digest was verified.

        Raises:
            HelmkitError: There is none, or something else came.
        """
        ...

    async def attachments(self, repository: str, digest: str) -> list[str]:
        """Return what is attached to a manifest, signatures for example: digests, or tags that are derived from it."""
        ...

    def read_blob(self, repository: str, blob: Blob) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Give a blob's content in pieces; not verified."""
        ...


class Target(Protocol):
    """Where artifacts go to."""

    @property
    def place(self) -> str:
        """Return what to call it, for people."""
        ...

    async def resolve(self, repository: str, reference: str) -> str | None:
        """Return the digest of what is there already."""
        ...

    async def has_blob(self, repository: str, digest: str) -> bool:
        """Tell whether a blob is there already."""
        ...

    async def write_blob(self, repository: str, blob: Blob, content: AsyncIterator[bytes]) -> None:
        """Store a blob, verifying its digest.

        Raises:
            HelmkitError: It cannot be stored, or its content is not what its digest says.
        """
        ...

    async def write_manifest(self, repository: str, reference: str, manifest: RawManifest) -> None:
        """Store a manifest under a tag or its own digest."""
        ...
