"""HTTP to a registry and what belongs to it. No cookies, no retries. The only module of these that knows httpx2."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from helmkit.errors import UsageError
from helmkit.http.direct import CONNECT_TIMEOUT, DirectPool
from helmkit.http.exchange import ConnectionLostError, Reply
from helmkit.proxies import find_proxy

if TYPE_CHECKING:
    import httpx2

CONNECTIONS = 16
"""More gained nothing against a real Harbor."""

TIMEOUT = 60.0
"""Seconds without a byte of an answer."""

_HEADERS = {"User-Agent": "chartgen-relman"}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PIECE = 256 * 1024
_ERROR_LIMIT = 1 << 20


class HttpExchange:
    """Sends requests to one registry, its token service, its blob storage and its management API.

    Args:
        base: The registry's URL.
        environ: Where proxies and SSL_CERT_FILE come from.
        ca_file: Certificates to trust instead.

    Raises:
        UsageError: Certificates or a proxy that were named cannot be used.
    """

    def __init__(self, base: str, environ: Mapping[str, str], ca_file: Path | None) -> None:
        self.timeout = TIMEOUT
        """Seconds without a byte of an answer."""
        self._trust = _Trust(environ, ca_file)
        self._proxy = find_proxy(base, environ)
        self._direct = None if self._proxy else DirectPool(base, self._trust.context, CONNECTIONS, _HEADERS)
        self._general: httpx2.AsyncClient | None = None

    @property
    def _client(self) -> httpx2.AsyncClient:
        """The client for all that is no plain request to the registry itself, made when it is needed."""
        if self._general is None:
            from http.cookiejar import DefaultCookiePolicy

            import httpx2

            self._general = httpx2.AsyncClient(
                verify=self._trust.context(),
                proxy=self._proxy,
                trust_env=False,
                timeout=httpx2.Timeout(self.timeout, connect=CONNECT_TIMEOUT),
                limits=httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
                headers=_HEADERS,
            )
            # Harbor demands a CSRF token of everybody who sends its session cookie back.
            self._general.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        return self._general

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
        form: Mapping[str, str] | None = None,
        limit: int,
    ) -> Reply:
        """Send one request and read its answer, at most `limit` bytes of it; see `Exchange`."""
        follow = method in {"GET", "HEAD"}
        if self._direct is not None and form is None and self._direct.serves(url):
            reply = await self._direct.send(method, url, headers, content, limit, self.timeout)
            location = reply.headers.get("location", "") if follow and reply.status in _REDIRECTS else ""
            if not location:
                return reply
            # Registries send readers of blobs elsewhere; the credentials stay at home.
            url = urljoin(url, location)
            if not self._direct.serves(url):
                headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
        try:
            request = self._client.build_request(
                method, url, headers=dict(headers), content=content, data=dict(form) if form else None
            )
            response = await self._client.send(request, stream=True, follow_redirects=follow)
            try:
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > limit:
                        msg = f"the answer is longer than {limit} bytes"
                        raise ConnectionLostError(msg)
            finally:
                await response.aclose()
        except _general_errors() as error:
            raise _lost(error) from error
        return _reply(response, bytes(body))

    @asynccontextmanager
    async def download(
        self, url: str, *, headers: Mapping[str, str]
    ) -> AsyncIterator[tuple[Reply, AsyncIterator[bytes]]]:
        """Give an answer and its body in pieces; see `Exchange`."""
        request = self._client.build_request("GET", url, headers=dict(headers))
        try:
            response = await self._client.send(request, stream=True, follow_redirects=True)
        except _general_errors() as error:
            raise _lost(error) from error
        try:
            body = b"" if response.status_code < 300 else await _read_error(response)
            yield _reply(response, body), _pieces(response)
        finally:
            await response.aclose()

    async def upload(self, url: str, *, headers: Mapping[str, str], content: AsyncIterator[bytes], size: int) -> Reply:
        """Send a body in pieces (PUT); see `Exchange`."""
        sent = {**headers, "Content-Length": str(size), "Content-Type": "application/octet-stream"}
        try:
            response = await self._client.put(url, headers=sent, content=content)
        except _general_errors() as error:
            raise _lost(error) from error
        return _reply(response, response.content)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._direct is not None:
            await self._direct.aclose()
        if self._general is not None:
            await self._general.aclose()


class _Trust:
    """Whom to trust; read once, when the first connection with TLS is made."""

    def __init__(self, environ: Mapping[str, str], ca_file: Path | None) -> None:
        self._chosen = str(ca_file) if ca_file else environ.get("SSL_CERT_FILE", "")
        # What somebody named must be usable, also where it is not needed after all.
        self._context = _load(self._chosen) if self._chosen else None

    def context(self) -> ssl.SSLContext:
        """Return what checks certificates."""
        if self._context is None:
            import httpx2

            self._context = httpx2.create_ssl_context(trust_env=False)
        return self._context


def _general_errors() -> tuple[type[Exception], ...]:
    import httpx2

    return httpx2.HTTPError, httpx2.InvalidURL


def _lost(error: Exception) -> ConnectionLostError:
    return ConnectionLostError(str(error) or type(error).__name__)


def _reply(response: httpx2.Response, body: bytes) -> Reply:
    headers = {key.lower(): value for key, value in response.headers.items()}
    return Reply(response.status_code, headers, body, str(response.url))


async def _read_error(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for piece in _pieces(response):
        body += piece
        if len(body) >= _ERROR_LIMIT:
            break
    return bytes(body[:_ERROR_LIMIT])


async def _pieces(response: httpx2.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in response.aiter_raw(_PIECE):
            yield piece
    except _general_errors() as error:
        raise _lost(error) from error


def _load(chosen: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=chosen)
    except (OSError, ssl.SSLError) as error:
        message = f"the certificates in {chosen} cannot be used: {error}"
        raise UsageError(message, hint="Name a PEM file with --ca-file or SSL_CERT_FILE.") from error
