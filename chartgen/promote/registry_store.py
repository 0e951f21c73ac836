"""A registry as source and target of copies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

import msgspec

from chartgen.promote.artifacts import ACCEPTED, INDEX, Blob, RawManifest, fallback_tag, parse_manifest, subject_of
from helmkit.charts import bytes_digest
from helmkit.errors import UnreachableError
from helmkit.harbor.transport import gather
from helmkit.names import is_digest
from helmkit.oci import DigestMismatchError, RegistryError
from helmkit.oci.session import Purpose

if TYPE_CHECKING:
    from chartgen.harbor.connection import Connection


COSIGN_SUFFIXES = (".sig", ".att")
"""Of the tags under which cosign keeps signatures and attestations."""


class RegistryStore:
    """Reads from and writes to one registry."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._session = connection.session

    @property
    def place(self) -> str:
        """Return the host."""
        return self._connection.host

    async def resolve(self, repository: str, reference: str) -> str | None:
        """Return the digest of what is published, or None."""
        return await self._connection.registry.resolve(repository, reference)

    async def manifest(self, repository: str, reference: str) -> RawManifest:
        """Return a manifest as it was published; see `Source`."""
        name = f"{self.place}/{repository}{'@' if is_digest(reference) else ':'}{reference}"
        purpose = Purpose(f"pulling {name}", repository)
        headers = {"Accept": ", ".join(ACCEPTED)}
        reply = await self._session.call(purpose, "GET", f"/v2/{repository}/manifests/{reference}", headers=headers)
        if is_digest(reference) and bytes_digest(reply.body) != reference:
            message = f"{name} is not what was asked for: it has the digest {bytes_digest(reply.body)}"
            raise DigestMismatchError(message, hint="Try again; if it stays so, the registry's storage is damaged.")
        return parse_manifest(reply.body, reply.headers.get("content-type", ""), name)

    async def attachments(self, repository: str, digest: str) -> list[str]:
        """Return what is attached to a manifest: its referrers, and what cosign put under a tag derived from it."""
        tags = [f"{fallback_tag(digest)}{suffix}" for suffix in COSIGN_SUFFIXES]
        referring, *held = await gather(self._referrers(repository, digest), *(self._held(repository, t) for t in tags))
        return [*referring, *(tag for found in held for tag in found)]

    async def _held(self, repository: str, tag: str) -> list[str]:
        return [tag] if await self.resolve(repository, tag) else []

    async def _referrers(self, repository: str, digest: str) -> list[str]:
        return [str(one["digest"]) for one in await self._referring(repository, digest) if one.get("digest")]

    async def _referring(self, repository: str, digest: str) -> list[dict[str, Any]]:
        """Ask the referrers API, or read the index that stands in for it in registries that have none."""
        purpose = Purpose(f"listing what is attached to {self.place}/{repository}@{digest}", repository)
        url = f"/v2/{repository}/referrers/{digest}"
        reply = await self._session.call(purpose, "GET", url, accept=frozenset({200, 404, 405}))
        if reply.status != 200:
            url = f"/v2/{repository}/manifests/{fallback_tag(digest)}"
            reply = await self._session.call(
                purpose, "GET", url, headers={"Accept": INDEX}, accept=frozenset({200, 404})
            )
        try:
            body = msgspec.json.decode(reply.body, type=dict[str, Any]) if reply.status == 200 else {}
        except msgspec.MsgspecError:
            return []
        return list(body.get("manifests") or ())

    @asynccontextmanager
    async def read_blob(self, repository: str, blob: Blob) -> AsyncIterator[AsyncIterator[bytes]]:
        """Give a blob in pieces; see `Source`."""
        path = f"/v2/{repository}/blobs/{blob.digest}"
        purpose = Purpose(f"pulling a blob from {self.place}/{repository}", repository)
        # Also learns what proof the registry wants, which a download in pieces cannot ask for twice.
        await self._session.call(purpose, "HEAD", path)
        headers = await self._proof(purpose)
        async with self._connection.exchange.download(f"{self._connection.base}{path}", headers=headers) as (
            reply,
            body,
        ):
            if reply.status != 200:
                message = f"{purpose.doing} failed: {self.place} answered with status {reply.status}"
                raise RegistryError(message, hint="Try again; the registry's logs may say more.")
            yield body

    async def has_blob(self, repository: str, digest: str) -> bool:
        """Tell whether the repository has a blob."""
        return await self._connection.registry.blob_exists(repository, digest)

    async def write_blob(self, repository: str, blob: Blob, content: AsyncIterator[bytes]) -> None:
        """Upload a blob in pieces; the registry verifies the digest."""
        purpose = Purpose(f"pushing a blob to {self.place}/{repository}", repository, write=True)
        begun = await self._session.call(purpose, "POST", f"/v2/{repository}/blobs/uploads/", accept=frozenset({202}))
        location = self._own(urljoin(begun.url, begun.headers.get("location", "")))
        url = f"{location}{'&' if '?' in location else '?'}digest={quote(blob.digest, safe='')}"
        headers = await self._proof(purpose)
        reply = await self._connection.exchange.upload(url, headers=headers, content=content, size=blob.size)
        if reply.status == 201:
            return
        said = "; ".join(f"{code}: {text}" for code, text in reply.errors or ()) or f"status {reply.status}"
        message = f"{purpose.doing} failed: {self.place} says: {said}"
        if reply.status >= 500 or reply.status == 429:
            raise UnreachableError(message, hint="The registry is overloaded or restarting; try again.")
        if "DIGEST_INVALID" in said:
            raise DigestMismatchError(message, hint="The source sent something else than its digest says; try again.")
        raise RegistryError(message, hint="The project's quota may be used up, or the right to push is missing.")

    async def write_manifest(self, repository: str, reference: str, manifest: RawManifest) -> None:
        """Store a manifest's very bytes, and where the registry does not do it, note what it is attached to."""
        joint = "@" if is_digest(reference) else ":"
        purpose = Purpose(f"pushing {self.place}/{repository}{joint}{reference}", repository, write=True)
        headers = {"Content-Type": manifest.media_type}
        url = f"/v2/{repository}/manifests/{reference}"
        reply = await self._session.call(
            purpose, "PUT", url, headers=headers, content=manifest.content, accept=frozenset({201})
        )
        subject = subject_of(manifest)
        if subject and "oci-subject" not in reply.headers:
            await self._note_referrer(purpose, repository, subject, manifest)

    async def _note_referrer(self, purpose: Purpose, repository: str, subject: str, manifest: RawManifest) -> None:
        """Add a manifest to the index that stands in for the referrers API (OCI distribution 1.1)."""
        known = await self._referring(repository, subject)
        if any(one.get("digest") == manifest.digest for one in known):
            return
        entry = {"mediaType": manifest.media_type, "digest": manifest.digest, "size": len(manifest.content)}
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [*known, entry]}
        url = f"/v2/{repository}/manifests/{fallback_tag(subject)}"
        content, headers = msgspec.json.encode(index), {"Content-Type": INDEX}
        await self._session.call(purpose, "PUT", url, headers=headers, content=content, accept=frozenset({201}))

    async def _proof(self, purpose: Purpose) -> dict[str, str]:
        header = await self._connection.authenticator.header(purpose.scope)
        return {"Authorization": header} if header else {}

    def _own(self, url: str) -> str:
        """Keep our own scheme and port: a registry behind a proxy may name itself otherwise."""
        parts, ours = urlsplit(url), urlsplit(self._connection.base)
        if parts.hostname == ours.hostname:
            return parts._replace(scheme=ours.scheme, netloc=ours.netloc).geturl()
        return url
