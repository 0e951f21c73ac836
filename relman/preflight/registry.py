"""Ask registries whether images exist and what they run on, with the rights the nodes will have.

TLS is spoken with every registry that was not declared `plain_http`. Only this machine itself is asked over HTTP as
well when it does not speak TLS, as container runtimes do: credentials go over no network in the clear.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import msgspec

from helmkit.errors import ForbiddenError, HelmkitError, UnreachableError
from helmkit.names import ImageReference, parse_image
from helmkit.oci import ArtifactNotFoundError, Credentials, RegistryClient
from relman.core.diagnosis import safe_text
from relman.core.preflight.facts import ImageSeen

_LIMIT = 5.0
"""Seconds for one image; a registry that takes longer is not waited for."""
_PAUSE = 0.1
"""Longest pause before asking again; what does not answer soon is reported."""
_UNKNOWN = "unknown"
_LATEST = "latest"

_Key = tuple[str, str, str, str, bool]


class Registries:
    """Registries, each with one connection pool for each account. Use it as an async context manager.

    Args:
        environ: Where proxies and SSL_CERT_FILE come from.
        limit: Seconds for one image.
    """

    def __init__(self, environ: Mapping[str, str], *, limit: float = _LIMIT) -> None:
        self._environ = environ
        self._limit = limit
        self._clients: dict[_Key, RegistryClient] = {}
        self._plain: set[str] = set()

    async def __call__(
        self, image: str, credentials: Sequence[Credentials], *, plain_http: bool, platforms: bool
    ) -> ImageSeen:
        """Return what the image's registry says; see `ImageLookup`. Raises nothing."""
        try:
            reference = parse_image(image)
        except ValueError as error:
            return ImageSeen("missing", text=str(error))
        try:
            async with asyncio.timeout(self._limit):
                return await self._ask(reference, credentials, plain_http=plain_http, platforms=platforms)
        except TimeoutError:
            return ImageSeen("unreachable", text=f"{reference.registry} did not answer within {self._limit:.0f} s")

    async def _ask(
        self, reference: ImageReference, credentials: Sequence[Credentials], *, plain_http: bool, platforms: bool
    ) -> ImageSeen:
        denied: HelmkitError | None = None
        for one in (*credentials, None):
            try:
                return await self._look(reference, one, plain_http=plain_http, platforms=platforms)
            except HelmkitError as error:
                if not is_denial(error):
                    return ImageSeen("unreachable", text=_first_line(error))
                denied = denied or error
        return ImageSeen("denied", text=_first_line(denied), anonymous=not credentials)

    async def _look(
        self, reference: ImageReference, credentials: Credentials | None, *, plain_http: bool, platforms: bool
    ) -> ImageSeen:
        host = reference.registry
        plain = plain_http or host in self._plain
        try:
            return await _find(self._client(host, credentials, plain=plain), reference, platforms=platforms)
        except UnreachableError as error:
            if plain or not _is_this_machine(host) or is_denial(error):
                raise
            found = await _find(self._client(host, credentials, plain=True), reference, platforms=platforms)
            self._plain.add(host)
            return found

    def _client(self, host: str, credentials: Credentials | None, *, plain: bool) -> RegistryClient:
        who = credentials or Credentials()
        key = (host, who.username, who.password, who.identity_token, plain)
        if key not in self._clients:
            self._clients[key] = RegistryClient(
                host, plain_http=plain, credentials=credentials, environ=self._environ, sleep=short_pause
            )
        return self._clients[key]

    async def aclose(self) -> None:
        """Close all connections."""
        clients, self._clients = list(self._clients.values()), {}
        await asyncio.gather(*(client.aclose() for client in clients))

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        await self.aclose()


async def _find(client: RegistryClient, reference: ImageReference, *, platforms: bool) -> ImageSeen:
    wanted = reference.digest or reference.tag or _LATEST
    # A HEAD first: registries that count pulls do not count it.
    digest = await client.resolve(reference.repository, wanted)
    if digest is None:
        return ImageSeen("missing")
    if not platforms:
        return ImageSeen("there")
    try:
        return ImageSeen("there", await _platforms(client, reference.repository, digest))
    except (ArtifactNotFoundError, msgspec.MsgspecError):
        return ImageSeen("there")


async def _platforms(client: RegistryClient, repository: str, digest: str) -> frozenset[str] | None:
    manifest, _ = await client.fetch_manifest(repository, digest)
    if manifest.manifests:
        entries = [one.platform for one in manifest.manifests if one.platform and one.platform.os != _UNKNOWN]
        return frozenset(f"{one.os}/{one.architecture}" for one in entries) or None
    if manifest.config is None:
        return None
    config: Any = msgspec.json.decode(await client.fetch_blob(repository, manifest.config.digest))
    names = (str(config.get("os") or ""), str(config.get("architecture") or "")) if isinstance(config, dict) else ()
    return frozenset({"/".join(names)}) if names and all(names) else None


def is_denial(error: HelmkitError) -> bool:
    """Tell whether a registry answered, and lets whoever asked not in."""
    return isinstance(error, ForbiddenError) or "does not let us in" in error.message


def _is_this_machine(host: str) -> bool:
    name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _first_line(error: HelmkitError | None) -> str:
    return safe_text(error.message).partition("\n")[0] if error else ""


async def short_pause(seconds: float) -> None:
    """Sleep for a registry client whose user waits: what does not answer soon is reported."""
    await asyncio.sleep(min(seconds, _PAUSE))
