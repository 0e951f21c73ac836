"""The general client of a real cluster: the only module that knows lightkube. `direct` has the plain requests.

lightkube turns a kubeconfig's cluster and user into an HTTP client with the right certificates and credentials
(`lightkube.config.client_adapter`, its public seam). Its resource classes are not used: they decode whole objects
into dataclasses, have no metadata-only lists and end a watch at every error.
"""

from __future__ import annotations

import base64
import ssl
import tempfile
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import msgspec
from lightkube.config import client_adapter, kubeconfig, models
from lightkube.core.exceptions import ConfigError

from helmkit.errors import UsageError
from helmkit.kube.kubeconfig import Settings
from helmkit.kube.login import ExecLogin
from helmkit.kube.transport import (
    METADATA_LIST,
    TEXT,
    Answer,
    ConnectionFailedError,
    LoginFailedError,
    Request,
    StreamRefusedError,
)
from helmkit.proxies import find_proxy

_TIMEOUT = httpx2.Timeout(30.0, connect=10.0, pool=60.0)
_WATCH_TIMEOUT = httpx2.Timeout(30.0, connect=10.0, pool=60.0, read=90.0)
"""Bookmarks come about once a minute: a longer silence is a connection that died without a word."""


def open_general(settings: Settings, environ: Mapping[str, str]) -> HttpTransport:
    """Prepare the general client for a kubeconfig's context; nothing is sent yet.

    Raises:
        UsageError: Its certificates, credentials or proxy cannot be used.
    """
    return HttpTransport(_client(settings, environ), tls_name=settings.cluster.get("tls-server-name"))


def _client(settings: Settings, environ: Mapping[str, str]) -> httpx2.AsyncClient:
    try:
        proxy = settings.cluster.get("proxy-url") or find_proxy(settings.server, environ)
        # trust_env off: proxies come from the environment that was passed in, not from this process's.
        parameters = client_adapter.ConnectionParams(timeout=_TIMEOUT, trust_env=False, proxy=proxy)
        # Certificates are read while the client is made; not even a killed process leaves a key behind for long.
        with tempfile.TemporaryDirectory(prefix="helmkit-") as folder:
            cluster = msgspec.convert(_with_files(settings.cluster, Path(folder)), models.Cluster)
            user = msgspec.convert(_with_files(settings.user, Path(folder)), models.User)
            config = kubeconfig.SingleConfig(settings.context, models.Context(settings.context), cluster, user)
            client = client_adapter.AsyncClient(config, parameters)
    except (ConfigError, msgspec.ValidationError, OSError, ssl.SSLError, ValueError, httpx2.InvalidURL) as error:
        message = f"the context {settings.context} in {settings.source} cannot be used: {error}"
        raise UsageError(message, hint="Correct the kubeconfig; `kubectl cluster-info` must work with it.") from error
    if settings.user.get("exec"):
        client.auth = ExecLogin(settings.user["exec"], environ)
    client.headers.update(_impersonation(settings.user))
    return client


def _impersonation(user: Mapping[str, Any]) -> httpx2.Headers:
    """Return the headers for a kubeconfig that acts as somebody else, as helm does then; lightkube ignores it."""
    extra = user.get("as-user-extra") or {}
    pairs = [("Impersonate-User", user.get("as")), ("Impersonate-Uid", user.get("as-uid"))]
    pairs += [("Impersonate-Group", group) for group in user.get("as-groups") or ()]
    pairs += [(f"Impersonate-Extra-{quote(key, safe='')}", value) for key, values in extra.items() for value in values]
    return httpx2.Headers([(name, str(value)) for name, value in pairs if value])


def _with_files(fields: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the fields with embedded certificates and keys (`…-data`) as files, which beat those that are named.

    lightkube would make the files itself, and leave it to the garbage collector to remove them.
    """
    changed = dict(fields)
    for field in [name for name in fields if name.endswith("-data") and fields[name]]:
        path = folder / field
        path.write_bytes(base64.b64decode(changed.pop(field)))
        changed[field.removesuffix("-data")] = str(path)
    return changed


class HttpTransport:
    """Sends requests over HTTP, one connection pool for all."""

    def __init__(self, client: httpx2.AsyncClient, *, tls_name: str | None = None) -> None:
        self._client = client
        self._extensions = {"sni_hostname": tls_name} if tls_name else {}

    async def send(self, request: Request) -> Answer:
        """Send one request; see `Transport`."""
        try:
            response = await self._client.send(self._build(request, _TIMEOUT))
        except (httpx2.HTTPError, httpx2.InvalidURL, ConfigError) as error:
            raise _translate(error) from error
        return _answer(response, wants_raw=request.accept in (METADATA_LIST, TEXT))

    async def stream(self, request: Request) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the events of a watch; see `Transport`."""
        try:
            response = await self._client.send(self._build(request, _WATCH_TIMEOUT), stream=True)
            try:
                if response.status_code != 200:
                    await response.aread()
                    raise StreamRefusedError(_answer(response, wants_raw=False))
                async for line in response.aiter_lines():
                    if line:
                        yield msgspec.json.decode(line)
            except httpx2.ReadTimeout:
                # Nothing happened, or the connection died in silence; the next one will tell.
                return
            finally:
                await response.aclose()
        except (httpx2.HTTPError, httpx2.InvalidURL, ConfigError) as error:
            raise _translate(error) from error
        except msgspec.DecodeError as error:
            # A line was cut off with the connection.
            raise ConnectionFailedError("the connection broke", sent=True) from error

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    def _build(self, request: Request, timeout: httpx2.Timeout) -> httpx2.Request:
        headers = {"Accept": request.accept}
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        return self._client.build_request(
            request.method,
            request.path,
            params=dict(request.params),
            content=request.body,
            headers=headers,
            timeout=timeout,
            extensions=self._extensions,
        )


def _answer(response: httpx2.Response, *, wants_raw: bool) -> Answer:
    raw = response.content
    retry_after = response.headers.get("Retry-After", "")
    pause = float(retry_after) if retry_after.isdecimal() else None
    if wants_raw and response.is_success:
        return Answer(response.status_code, None, raw, pause)
    try:
        return Answer(response.status_code, msgspec.json.decode(raw), b"", pause)
    except msgspec.DecodeError:
        return Answer(response.status_code, None, raw, pause)


def _translate(error: Exception) -> ConnectionFailedError | LoginFailedError:
    if isinstance(error, ConfigError):
        return LoginFailedError(str(error))
    certainly_unsent = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
    return ConnectionFailedError(str(error) or type(error).__name__, sent=not certainly_unsent)
