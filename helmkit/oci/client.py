"""A client of the OCI distribution API: as much of it as charts need, over one connection pool."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urljoin, urlsplit

import msgspec

from helmkit.charts import bytes_digest
from helmkit.errors import UnreachableError, UsageError
from helmkit.names import is_digest, is_registry_host, is_repository
from helmkit.oci.credentials import Credentials
from helmkit.oci.errors import ArtifactNotFoundError, DigestMismatchError, RegistryError
from helmkit.oci.exchange import Exchange, Reply
from helmkit.oci.manifest import ACCEPTED, MANIFEST, Manifest, render_manifest
from helmkit.oci.session import BACK_OFF, Purpose, Session, Sleep
from helmkit.oci.tokens import Authenticator

BLOB_LIMIT = 100 * 1024 * 1024
"""Longest blob that is fetched, in bytes; Helm refuses charts that unpack to more."""

_PAGE = 1000
_UNKNOWN = frozenset({"MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND", "BLOB_UNKNOWN"})
_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?')


class RegistryClient:
    """A registry. Use it as an async context manager, or call `aclose`; safe for many requests at once.

    Every method raises UnreachableError (also for credentials that are not accepted), ForbiddenError and the errors of
    `helmkit.oci.errors` alone.

    Args:
        host: With its port, if it has one.
        plain_http: Whether it speaks HTTP without TLS.
        credentials: Who we are; nobody when None. See `load_credentials`.
        environ: Where proxies and SSL_CERT_FILE come from.
        ca_file: Certificates to trust instead of the system's.
        exchange: Replaced in tests.
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
        exchange: Exchange | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        if not is_registry_host(host):
            message = f"{host!r} is not the host of a registry"
            raise UsageError(message, hint="Write it as host or host:port.")
        self.host = host
        base = f"{'http' if plain_http else 'https'}://{_api_host(host)}"
        if exchange is None:
            from helmkit.oci.http import HttpExchange

            exchange = HttpExchange(base, environ or {}, ca_file)
        self._base = base
        self._exchange = exchange
        self._sleep = sleep
        authenticator = Authenticator(exchange, host, credentials, secure=not plain_http)
        self._session = Session(exchange, base, host, authenticator, sleep=sleep)

    async def ping(self) -> None:
        """Make sure that it is a registry and lets us in."""
        purpose = Purpose(f"asking {self.host} whether it is a registry", "")
        try:
            await self._session.call(purpose, "GET", "/v2/")
        except ArtifactNotFoundError as error:
            message = f"{self.host} is not an OCI registry: it has no /v2/"
            raise RegistryError(message, hint="Check the address.") from error

    async def blob_exists(self, repository: str, digest: str) -> bool:
        """Tell whether the repository has a blob."""
        purpose = Purpose(f"looking for a blob in {self.host}/{repository}", repository)
        url = _path(repository, "blobs", digest)
        reply = await self._session.call(purpose, "HEAD", url, accept=frozenset({200, 404}))
        return reply.status == 200

    async def push_blob(self, repository: str, content: bytes) -> str:
        """Upload a blob, unless the repository has it, and return its digest."""
        digest = bytes_digest(content)
        if await self.blob_exists(repository, digest):
            return digest
        for pause in (*BACK_OFF, None):
            try:
                await self._upload(repository, content, digest)
            except (UnreachableError, ArtifactNotFoundError):
                # An upload that broke off cannot go on; its answer alone may have been lost.
                if pause is None:
                    raise
                await self._sleep(pause)
                if await self.blob_exists(repository, digest):
                    break
            else:
                break
        return digest

    async def fetch_blob(self, repository: str, digest: str, *, limit: int = BLOB_LIMIT) -> bytes:
        """Return a blob whose digest was verified.

        Raises:
            ArtifactNotFoundError: The repository has none.
            DigestMismatchError: Something else came.
        """
        purpose = Purpose(f"pulling a blob from {self.host}/{repository}", repository)
        reply = await self._session.call(purpose, "GET", _path(repository, "blobs", digest), limit=limit)
        _verify(reply.body, digest, f"blob of {self.host}/{repository}")
        return reply.body

    async def push_manifest(self, repository: str, reference: str, manifest: Manifest) -> str:
        """Store a manifest under a tag or its digest and return its digest. An existing tag moves."""
        content = render_manifest(manifest)
        purpose = Purpose(f"pushing {self._name(repository, reference)}", repository, write=True)
        headers = {"Content-Type": manifest.mediaType or MANIFEST}
        await self._session.call(
            purpose,
            "PUT",
            _path(repository, "manifests", reference),
            headers=headers,
            content=content,
            accept=frozenset({201}),
        )
        return bytes_digest(content)

    async def fetch_manifest(self, repository: str, reference: str) -> tuple[Manifest, str]:
        """Return a manifest and its digest, which is computed from what came.

        Raises:
            ArtifactNotFoundError: There is none.
            DigestMismatchError: It was asked for by digest, and another one came.
        """
        what = self._name(repository, reference)
        reply = await self._manifest(f"pulling {what}", "GET", repository, reference)
        if is_digest(reference):
            _verify(reply.body, reference, f"manifest of {self.host}/{repository}")
        try:
            return msgspec.json.decode(reply.body, type=Manifest), bytes_digest(reply.body)
        except msgspec.MsgspecError as error:
            message = f"pulling {what} failed: {self.host} sent something that is no manifest: {error}"
            raise RegistryError(message, hint="Is it the registry's address? A proxy may have answered.") from error

    async def resolve(self, repository: str, reference: str) -> str | None:
        """Return the digest of a manifest; None only when the registry itself says that there is none."""
        what = f"looking for {self._name(repository, reference)}"
        accept = frozenset({200, 404})
        reply = await self._manifest(what, "HEAD", repository, reference, accept=accept)
        digest = reply.headers.get("docker-content-digest", "")
        if reply.status == 200 and is_digest(digest):
            return digest
        if reply.status == 404 and "docker-distribution-api-version" in reply.headers:
            return None
        # An answer to HEAD has no body, and Harbor's no such header: anything on the way could have given this 404.
        reply = await self._manifest(what, "GET", repository, reference, accept=accept)
        if reply.status == 200:
            return bytes_digest(reply.body)
        if reply.errors and any(code in _UNKNOWN for code, _ in reply.errors):
            return None
        message = f"{what} failed: something answered 404, but not as a registry does"
        raise RegistryError(message, hint="Is it the registry's address? A proxy may have answered.")

    async def list_tags(self, repository: str) -> list[str]:
        """Return all tags of a repository, in the registry's order.

        Raises:
            ArtifactNotFoundError: There is no such repository.
        """
        purpose = Purpose(f"listing the tags of {self.host}/{repository}", repository)
        url = _path(repository, "tags", f"list?n={_PAGE}")
        tags: list[str] = []
        seen: set[str] = set()
        while url and url not in seen:
            seen.add(url)
            reply = await self._session.call(purpose, "GET", url)
            body = reply.json()
            if not isinstance(body, dict):
                message = f"{purpose.doing} failed: {self.host} sent something that is no list"
                raise RegistryError(message, hint="Is it the registry's address? A proxy may have answered.")
            tags += [str(tag) for tag in body.get("tags") or ()]
            following = _NEXT.search(reply.headers.get("link", ""))
            url = self._below(reply.url, following[1]) if following else ""
        return tags

    async def aclose(self) -> None:
        """Close all connections."""
        await self._exchange.aclose()

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        await self.aclose()

    async def _upload(self, repository: str, content: bytes, digest: str) -> None:
        purpose = Purpose(f"pushing a blob to {self.host}/{repository}", repository, write=True)
        path = _path(repository, "blobs", "uploads/")
        begun = await self._session.call(purpose, "POST", path, accept=frozenset({202}))
        location = self._location(begun, purpose)
        url = f"{location}{'&' if '?' in location else '?'}digest={quote(digest)}"
        headers = {"Content-Type": "application/octet-stream"}
        accept = frozenset({201})
        await self._session.call(purpose, "PUT", url, headers=headers, content=content, accept=accept, repeat=False)

    async def _manifest(
        self, doing: str, method: str, repository: str, reference: str, *, accept: frozenset[int] = frozenset({200})
    ) -> Reply:
        headers = {"Accept": ", ".join(ACCEPTED)}
        url = _path(repository, "manifests", reference)
        return await self._session.call(Purpose(doing, repository), method, url, headers=headers, accept=accept)

    def _location(self, reply: Reply, purpose: Purpose) -> str:
        location = reply.headers.get("location", "")
        if not location:
            message = f"{purpose.doing} failed: {self.host} does not say where to upload to"
            raise RegistryError(message, hint="Is it the registry's address? A proxy may have answered.")
        return self._below(reply.url, location)

    def _below(self, asked: str, location: str) -> str:
        """Return a URL that the registry names, whole.

        A registry behind a TLS proxy may name itself with plain http: its own scheme stays, or credentials would go
        over the wire in the clear.
        """
        url = urljoin(asked, location)
        parts = urlsplit(url)
        ours = urlsplit(self._base)
        if (parts.hostname, parts.port or ours.port) == (ours.hostname, ours.port):
            return parts._replace(scheme=ours.scheme, netloc=ours.netloc).geturl()
        return url

    def _name(self, repository: str, reference: str) -> str:
        return f"{self.host}/{repository}{'@' if is_digest(reference) else ':'}{reference}"


def _api_host(host: str) -> str:
    # Docker Hub's name is not where its API is.
    return "registry-1.docker.io" if host == "docker.io" else host


def _path(repository: str, what: str, last: str) -> str:
    if not is_repository(repository):
        message = f"{repository!r} is not the name of a repository"
        raise UsageError(message, hint="Use lower-case letters, digits and dashes, parted by slashes.")
    return f"/v2/{repository}/{what}/{last}"


def _verify(content: bytes, digest: str, what: str) -> None:
    found = bytes_digest(content)
    if found != digest:
        message = f"the {what} is not what was asked for: wanted {digest}, got {found}"
        raise DigestMismatchError(message, hint="Try again; if it stays so, the registry's storage is damaged.")
