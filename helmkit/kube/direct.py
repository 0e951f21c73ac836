"""Plain requests to an API server over kept connections: for the kubeconfigs that nearly everybody has.

A general HTTP client takes a quarter of a second of CPU to import, and several times the work for each request. It
stays in charge of everything else (`helmkit.kube.connection`): watches, exec plugins, proxies, impersonation, basic
authentication, and servers whose certificate is checked by the system's own authorities.
"""

from __future__ import annotations

import base64
import ssl
import tempfile
import zlib
from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from helmkit.http.direct import DirectPool
from helmkit.http.exchange import ConnectionLostError, Reply
from helmkit.kube.kubeconfig import Settings
from helmkit.kube.transport import (
    METADATA_LIST,
    TEXT,
    Answer,
    ConnectionFailedError,
    LoginFailedError,
    Request,
    Transport,
)
from helmkit.proxies import find_proxy

CONNECTIONS = 16
_SILENCE = 30.0
"""Seconds without a byte of an answer."""
_LIMIT = 1 << 30
_GZIP = 31
"""zlib's word for gzip."""
_PATH = "/:%@!$&'()*+,;=~"
_AUTHORITY = frozenset({"certificate-authority", "certificate-authority-data"})
_CERTIFICATE = frozenset({"client-certificate", "client-certificate-data"})
_KEY = frozenset({"client-key", "client-key-data"})
_CLUSTER = _AUTHORITY | {"server", "extensions"}
_USER = _CERTIFICATE | _KEY | {"token", "tokenFile", "extensions"}
_HEADERS = {"User-Agent": "chartgen-relman", "Accept-Encoding": "gzip"}


def is_plain(settings: Settings, environ: Mapping[str, str]) -> bool:
    """Tell whether a kubeconfig asks for nothing that `DirectTransport` leaves to the general client."""
    cluster = {key for key, value in settings.cluster.items() if value}
    user = {key for key, value in settings.user.items() if value}
    try:
        parts = urlsplit(settings.server)
    except ValueError:
        return False
    known = cluster <= _CLUSTER and user <= _USER and bool(parts.hostname) and not parts.query
    trusted = parts.scheme == "http" or (parts.scheme == "https" and bool(cluster & _AUTHORITY))
    paired = bool(user & _CERTIFICATE) == bool(user & _KEY)
    return known and trusted and paired and not find_proxy(settings.server, environ)


class DirectTransport:
    """Sends requests over connections of its own, and opens watches on the general client.

    Args:
        settings: Of a kubeconfig that `is_plain`.
        general: Makes the general client, when it is first needed.

    Raises:
        OSError: A certificate or key cannot be read or used (also ssl.SSLError, which is one).
        ValueError: Embedded data is no base64, or no certificate.
    """

    def __init__(self, settings: Settings, general: Callable[[], Transport]) -> None:
        parts = urlsplit(settings.server)
        self._base = f"{parts.scheme}://{parts.netloc}"
        self._prefix = parts.path.rstrip("/")
        context = _build_context(settings.cluster, settings.user) if parts.scheme == "https" else None
        self._pool = DirectPool(self._base, lambda: context or ssl.create_default_context(), CONNECTIONS, _HEADERS)
        self._token_file = str(settings.user.get("tokenFile") or "")
        self._token = "" if self._token_file else str(settings.user.get("token") or "")
        self._make_general = general
        self._general: Transport | None = None

    async def send(self, request: Request) -> Answer:
        """Send one request; see `Transport`."""
        used = self._token = self._token or self._read_token()
        reply = await self._ask(request, used)
        if reply.status == 401 and self._token_file:
            # The kubelet renews it now and then; another request may have read the new one meanwhile.
            if self._token == used:
                self._token = self._read_token()
            reply = await self._ask(request, self._token)
        return _answer(reply, wants_raw=request.accept in (METADATA_LIST, TEXT))

    def stream(self, request: Request) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the events of a watch; see `Transport`."""
        if self._general is None:
            self._general = self._make_general()
        return self._general.stream(request)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()
        if self._general is not None:
            await self._general.aclose()

    async def _ask(self, request: Request, token: str) -> Reply:
        headers = {"Accept": request.accept}
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        if token:
            headers["Authorization"] = f"Bearer {token}"
        url = f"{self._base}{self._prefix}{quote(request.path, safe=_PATH)}"
        if request.params:
            url += "?" + urlencode(request.params)
        try:
            return await self._pool.send(request.method, url, headers, request.body, _LIMIT, _SILENCE)
        except ConnectionLostError as error:
            raise ConnectionFailedError(str(error) or error.reason, sent=not error.never_sent) from error

    def _read_token(self) -> str:
        if not self._token_file:
            return ""
        try:
            return Path(self._token_file).read_text().strip()
        except OSError as error:
            msg = f"the token file {self._token_file} cannot be read: {error.strerror}"
            raise LoginFailedError(msg) from error


def _build_context(cluster: Mapping[str, Any], user: Mapping[str, Any]) -> ssl.SSLContext:
    # A named file is beaten by embedded data, as with kubectl.
    embedded = cluster.get("certificate-authority-data")
    if embedded:
        context = ssl.create_default_context(cadata=base64.b64decode(embedded).decode())
    else:
        context = ssl.create_default_context(cafile=str(cluster["certificate-authority"]))
    context.set_alpn_protocols(["http/1.1"])
    # OpenSSL takes keys from files alone; not even a killed process leaves one behind for long.
    with tempfile.TemporaryDirectory(prefix="helmkit-") as folder:
        pair = [_as_file(user, name, Path(folder)) for name in ("client-certificate", "client-key")]
        if all(pair):
            context.load_cert_chain(*pair)
    return context


def _as_file(user: Mapping[str, Any], name: str, folder: Path) -> str:
    embedded = user.get(f"{name}-data")
    if not embedded:
        return str(user.get(name) or "")
    path = folder / name
    path.write_bytes(base64.b64decode(embedded))
    return str(path)


def _answer(reply: Reply, *, wants_raw: bool) -> Answer:
    raw = reply.body
    if reply.headers.get("content-encoding") == "gzip":
        try:
            raw = zlib.decompress(raw, wbits=_GZIP)
        except zlib.error as error:
            raise ConnectionFailedError("the answer arrived damaged", sent=True) from error
    retry_after = reply.headers.get("retry-after", "")
    pause = float(retry_after) if retry_after.isdecimal() else None
    if wants_raw and 200 <= reply.status < 300:
        return Answer(reply.status, None, raw, pause)
    try:
        return Answer(reply.status, msgspec.json.decode(raw), b"", pause)
    except msgspec.DecodeError:
        return Answer(reply.status, None, raw, pause)
