"""HTTP to a registry: the only module here that knows httpx2. One connection pool, no cookies, no retries."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path

import httpx2

from helmkit.errors import UsageError
from helmkit.oci.exchange import ConnectionLostError, Reply
from helmkit.proxies import find_proxy

_TIMEOUT = httpx2.Timeout(60.0, connect=10.0)
_LIMITS = httpx2.Limits(max_connections=16, max_keepalive_connections=16)
"""More connections gained nothing against a real Harbor."""


class HttpExchange:
    """Sends requests to one registry, its token service and its blob storage.

    Args:
        base: The registry's URL, to choose a proxy for.
        environ: Where proxies and SSL_CERT_FILE come from.
        ca_file: Certificates to trust instead.
    """

    def __init__(self, base: str, environ: Mapping[str, str], ca_file: Path | None) -> None:
        self._client = httpx2.AsyncClient(
            verify=_context(environ, ca_file),
            proxy=find_proxy(base, environ),
            trust_env=False,
            timeout=_TIMEOUT,
            limits=_LIMITS,
            headers={"User-Agent": "chartgen-relman"},
        )
        # Harbor demands a CSRF token of everybody who sends its session cookie back.
        self._client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))

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
        # Registries send readers of blobs elsewhere; httpx2 then leaves the credentials at home.
        follow = method in {"GET", "HEAD"}
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
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ConnectionLostError(str(error) or type(error).__name__) from error
        lowered = {key.lower(): value for key, value in response.headers.items()}
        return Reply(response.status_code, lowered, bytes(body), str(response.url))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()


def _context(environ: Mapping[str, str], ca_file: Path | None) -> ssl.SSLContext:
    chosen = str(ca_file) if ca_file else environ.get("SSL_CERT_FILE")
    if not chosen:
        return httpx2.create_ssl_context(trust_env=False)
    try:
        return ssl.create_default_context(cafile=chosen)
    except (OSError, ssl.SSLError) as error:
        message = f"the certificates in {chosen} cannot be used: {error}"
        raise UsageError(message, hint="Name a PEM file with --ca-file or SSL_CERT_FILE.") from error
