"""A client of the OCI distribution API: as much of it as charts need, over one connection pool.

Blobs in pieces and what is attached to manifests are in `streams` and `referrers`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from helmkit.charts import bytes_digest
from helmkit.errors import UsageError
from helmkit.http.exchange import Reply, StreamingExchange
from helmkit.http.retry import Sleep
from helmkit.names import is_digest, is_registry_host
from helmkit.oci.credentials import Credentials
from helmkit.oci.errors import ArtifactNotFoundError, DigestMismatchError, RegistryError
from helmkit.oci.listing import list_repositories, list_tags
from helmkit.oci.manifest import ACCEPTED, MANIFEST, Manifest, render_manifest
from helmkit.oci.reference import api_host, registry_path
from helmkit.oci.refusals import Purpose, scope_of
from helmkit.oci.session import Session
from helmkit.oci.tokens import Authenticator
from helmkit.oci.uploads import upload_blob

BLOB_LIMIT = 100 * 1024 * 1024
"""Longest blob that is fetched, in bytes; Helm refuses charts that unpack to more."""

_UNKNOWN = frozenset({"MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND", "BLOB_UNKNOWN"})
_STORED = frozenset({201})


class RegistryClient:
    """A registry. Use it as an async context manager, or call `aclose`; safe for many requests at once.

    Every method raises UnreachableError (also for credentials that are not accepted), TimedOutError, ForbiddenError and
    the errors of `helmkit.oci.errors` alone.

    Args:
        host: With its port, if it has one.
        plain_http: Whether it speaks HTTP without TLS.
        credentials: Who we are; nobody when None. See `load_credentials`.
        environ: Where proxies and SSL_CERT_FILE come from.
        ca_file: Certificates to trust instead of the system's.
        exchange: A connection pool to share, with Harbor's management API for example.
        sleep: Replaced in tests.
    """

    def __init__(
        self,
        host: str,
        *,
        plain_http: bool = False,
        credentials: Credentials | None = None,
        environ: Mapping[str, str] | None = None,
        ca_file: Path | None = None,
        exchange: StreamingExchange | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        if not is_registry_host(host):
            message = f"{host!r} is not the host of a registry"
            raise UsageError(message, hint="Write it as host or host:port.")
        self.host = host
        self.address = f"{'http' if plain_http else 'https'}://{api_host(host)}"
        """Scheme, host and port of its API."""
        self.credentials = credentials
        if exchange is None:
            from helmkit.http.pool import HttpExchange

            exchange = HttpExchange(self.address, environ or {}, ca_file)
        self.exchange = exchange
        self._authenticator = Authenticator(exchange, self.address, host, credentials)
        self.session = Session(exchange, self.address, host, self._authenticator, sleep=sleep)
        """For what this class has no method for."""

    def expect(self, repositories: Iterable[str], *, write: bool) -> None:
        """Say what will be used, so that one token is fetched for all of it."""
        self._authenticator.expect(scope_of(repository, write=write) for repository in repositories)

    async def ping(self) -> None:
        """Make sure that it is a registry and lets us in."""
        purpose = Purpose(f"asking {self.host} whether it is a registry", "")
        try:
            await self.session.call(purpose, "GET", "/v2/")
        except ArtifactNotFoundError as error:
            message = f"{self.host} is not an OCI registry: it has no /v2/"
            raise RegistryError(message, hint="Check the address.") from error

    async def blob_exists(self, repository: str, digest: str) -> bool:
        """Tell whether the repository has a blob."""
        purpose = Purpose(f"looking for a blob in {self.host}/{repository}", repository)
        url = registry_path(repository, "blobs", digest)
        reply = await self.session.call(purpose, "HEAD", url, accept=frozenset({200, 404}))
        return reply.status == 200

    async def push_blob(self, repository: str, content: bytes, *, version: str = "", force: bool = False) -> str:
        """Upload a blob, unless the repository has it, and return its digest.

        Args:
            repository: Where to.
            content: What.
            version: What it is a part of, for errors.
            force: Send it even if the repository says that it has it.
        """
        digest = bytes_digest(content)
        name = f"{self.host}/{repository}" + (f":{version}" if version else "")
        purpose = Purpose(f"pushing a blob of {name}", repository, write=True)
        await upload_blob(self.session, purpose, content, digest, force=force)
        return digest

    async def fetch_blob(self, repository: str, digest: str, *, limit: int = BLOB_LIMIT) -> bytes:
        """Return a blob whose digest was verified.

        Raises:
            ArtifactNotFoundError: The repository has none.
            DigestMismatchError: Something else came.
        """
        purpose = Purpose(f"pulling a blob from {self.host}/{repository}", repository)
        reply = await self.session.call(purpose, "GET", registry_path(repository, "blobs", digest), limit=limit)
        _verify(reply.body, digest, f"blob of {self.host}/{repository}")
        return reply.body

    async def push_manifest(self, repository: str, reference: str, manifest: Manifest) -> str:
        """Store a manifest under a tag or its digest and return its digest. An existing tag moves."""
        content = render_manifest(manifest)
        await self.push_raw_manifest(repository, reference, content, manifest.mediaType or MANIFEST)
        return bytes_digest(content)

    async def push_raw_manifest(self, repository: str, reference: str, content: bytes, media_type: str) -> Reply:
        """Store a manifest's very bytes under a tag or its digest. An existing tag moves."""
        purpose = Purpose(f"pushing {self.name_of(repository, reference)}", repository, write=True)
        url = registry_path(repository, "manifests", reference)
        headers = {"Content-Type": media_type}
        return await self.session.call(purpose, "PUT", url, headers=headers, content=content, accept=_STORED)

    async def fetch_manifest(self, repository: str, reference: str) -> tuple[Manifest, str]:
        """Return a manifest and its digest, which is computed from what came.

        Raises:
            ArtifactNotFoundError: There is none.
            DigestMismatchError: It was asked for by digest, and another one came.
        """
        content, _ = await self.fetch_raw_manifest(repository, reference)
        try:
            return msgspec.json.decode(content, type=Manifest), bytes_digest(content)
        except msgspec.MsgspecError as error:
            what = self.name_of(repository, reference)
            message = f"pulling {what} failed: {self.host} sent something that is no manifest: {error}"
            raise RegistryError(message, hint="Is it the registry's address? A proxy may have answered.") from error

    async def fetch_raw_manifest(self, repository: str, reference: str) -> tuple[bytes, str]:
        """Return a manifest's very bytes and their media type; one asked for by digest is verified.

        Raises:
            ArtifactNotFoundError: There is none.
            DigestMismatchError: It was asked for by digest, and another one came.
        """
        reply = await self._manifest(f"pulling {self.name_of(repository, reference)}", "GET", repository, reference)
        if is_digest(reference):
            _verify(reply.body, reference, f"manifest of {self.host}/{repository}")
        return reply.body, reply.headers.get("content-type", "")

    async def resolve(self, repository: str, reference: str) -> str | None:
        """Return the digest of a manifest; None only when the registry itself says that there is none."""
        what = f"looking for {self.name_of(repository, reference)}"
        accept = frozenset({200, 404})
        reply = await self._manifest(what, "HEAD", repository, reference, accept=accept)
        digest = reply.headers.get("docker-content-digest", "")
        if reply.status == 200 and is_digest(digest):
            return digest
        if reply.status == 404 and self._is_own(reply):
            return None
        # An answer to HEAD has no body: anything on the way could have given this 404.
        reply = await self._manifest(what, "GET", repository, reference, accept=accept)
        if reply.status == 200:
            return bytes_digest(reply.body)
        if reply.errors and any(code in _UNKNOWN for code, _ in reply.errors):
            return None
        message = f"{what} failed: something answered 404, but not as a registry does"
        raise RegistryError(message, hint="Is it the registry's address? A proxy may have answered.")

    async def list_tags(self, repository: str, *, limit: int = 0) -> list[str]:
        """Return the tags of a repository in the registry's order, all or (`limit`) at most so many.

        Raises:
            ArtifactNotFoundError: There is no such repository.
        """
        return await list_tags(self.session, repository, limit=limit)

    async def list_repositories(self) -> list[str]:
        """Return the names of all repositories, sorted. Not every registry tells; then RegistryError."""
        return await list_repositories(self.session)

    async def aclose(self) -> None:
        """Close all connections."""
        await self.exchange.aclose()

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        await self.aclose()

    def name_of(self, repository: str, reference: str) -> str:
        """Return host, repository and tag or digest, for people."""
        return f"{self.host}/{repository}{'@' if is_digest(reference) else ':'}{reference}"

    def _is_own(self, reply: Reply) -> bool:
        """Tell whether a 404 without a body comes from the registry itself."""
        headers = reply.headers
        if "docker-distribution-api-version" in headers:
            return True
        # Harbor sends no such header with it, but these, which no proxy makes up.
        return self.session.harbor and "x-request-id" in headers and "json" in headers.get("content-type", "")

    async def _manifest(
        self, doing: str, method: str, repository: str, reference: str, *, accept: frozenset[int] = frozenset({200})
    ) -> Reply:
        headers = {"Accept": ", ".join(ACCEPTED)}
        url = registry_path(repository, "manifests", reference)
        return await self.session.call(Purpose(doing, repository), method, url, headers=headers, accept=accept)


def _verify(content: bytes, digest: str, what: str) -> None:
    found = bytes_digest(content)
    if found != digest:
        message = f"the {what} is not what was asked for: wanted {digest}, got {found}"
        raise DigestMismatchError(message, hint="Try again; if it stays so, the registry's storage is damaged.")
