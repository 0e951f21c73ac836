"""Requests to a registry with proof of who we are, repeated where that helps; every failure an error of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from helmkit.errors import ForbiddenError, HelmkitError, UnreachableError
from helmkit.oci.errors import ArtifactNotFoundError, RegistryError
from helmkit.oci.exchange import ConnectionLostError, Exchange, Reply
from helmkit.oci.tokens import Authenticator, TokenRefusedError

BACK_OFF = (0.3, 0.7, 1.5, 3.0)
"""Seconds before each further attempt."""

_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_LONGEST_WAIT = 15.0
_LIMIT = 8 << 20
"""Longest answer that is no blob, in bytes; registries take manifests up to 4 MiB."""

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class Purpose:
    """What a request is for, so that its failure can be explained."""

    doing: str
    """`pushing charts/shop:1.4.2`."""
    repository: str
    write: bool = False

    @property
    def scope(self) -> str:
        """Return the right it needs, as token services name it; empty for none in particular."""
        return f"repository:{self.repository}:{'pull,push' if self.write else 'pull'}" if self.repository else ""


class Session:
    """Sends requests to one registry.

    Nearly all of them may be repeated: reads, manifests, and the start of an upload, which leaves nothing behind when
    it is forgotten. The upload itself may not: a server that kept half of it would add the second try to that.

    Args:
        exchange: Sends requests.
        base: The registry's URL.
        host: Its host and port, for messages.
        authenticator: Proves who we are.
        sleep: Replaced in tests.
    """

    def __init__(
        self, exchange: Exchange, base: str, host: str, authenticator: Authenticator, *, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._exchange = exchange
        self._base = base
        self._host = host
        self._authenticator = authenticator
        self._sleep = sleep

    async def call(
        self,
        purpose: Purpose,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        limit: int = _LIMIT,
        accept: frozenset[int] = frozenset({200}),
        repeat: bool = True,
    ) -> Reply:
        """Return the answer, whose status is one of `accept`.

        Args:
            purpose: What it is for.
            method: HTTP's.
            url: Below the registry's URL, or a whole one of the same registry.
            headers: Besides `Authorization`.
            content: The body.
            limit: Longest answer, in bytes.
            accept: Statuses that are no failure.
            repeat: Whether the request may be sent again.

        Raises:
            HelmkitError: As `helmkit.oci.errors` says.
        """
        for pause in (*(BACK_OFF if repeat else ()), None):
            try:
                reply = await self._authorised(purpose, method, self._whole(url), headers or {}, content, limit)
            except ConnectionLostError as error:
                if pause is None:
                    raise self._unreachable(purpose, error) from error
            except TokenRefusedError as error:
                raise self._unknown(purpose, str(error)) from error
            else:
                if reply.status in accept and not _is_page(reply):
                    return reply
                if pause is None or reply.status not in _PASSING:
                    raise self._translate(reply, purpose)
                pause = _wait(reply, pause)
            await self._sleep(pause)
        raise AssertionError  # the last attempt returns or raises

    async def _authorised(
        self, purpose: Purpose, method: str, url: str, headers: Mapping[str, str], content: bytes | None, limit: int
    ) -> Reply:
        """Send once, and again when the registry asks who we are."""
        for attempt in range(3):
            # Nothing is proved to servers that an answer sent us to.
            trusted = url.startswith(f"{self._base}/")
            proof = await self._authenticator.header(purpose.scope) if trusted else None
            sent = {**headers, "Authorization": proof} if proof else headers
            reply = await self._exchange.send(method, url, headers=sent, content=content, limit=limit)
            if reply.status != 401 or attempt == 2 or not self._authenticator.learn(reply, purpose.scope, proof):
                return reply
        raise AssertionError

    def _whole(self, url: str) -> str:
        return url if "://" in url else f"{self._base}{url}"

    def _translate(self, reply: Reply, purpose: Purpose) -> HelmkitError:
        errors = reply.errors
        if reply.status == 401:
            return self._unknown(purpose, _said(reply))
        if errors is None and _is_page(reply):
            message = f"{purpose.doing} failed: {self._host} answered with a web page (status {reply.status})"
            return UnreachableError(message, hint="Is it the registry's address? A proxy or portal may have answered.")
        message = f"{purpose.doing} failed: {self._host} says: {_said(reply)}"
        match reply.status:
            case 403:
                hint = "Ask for the right to do so in the registry's project; its quota may also be used up."
                return ForbiddenError(message, hint=hint)
            case 404:
                return ArtifactNotFoundError(message, hint="Check the repository, the version, and what was pushed.")
            case 412:
                return RegistryError(message, hint="The tag is immutable there; publish under a new version.")
            case code if code in _PASSING:
                return UnreachableError(message, hint="The registry is overloaded or restarting; try again later.")
        return RegistryError(message, hint="The message is the registry's own; its logs may say more.")

    def _unknown(self, purpose: Purpose, said: str) -> UnreachableError:
        message = f"{purpose.doing} failed: {self._host} does not let us in: {said}"
        # Harbor answers 401 for a project that does not exist and for a push without the right to push, too.
        hint = (
            f"Log in with `helm registry login {self._host}`; check that the project of {purpose.repository or 'it'}"
            " exists and that the account may do this."
        )
        return UnreachableError(message, hint=hint)

    def _unreachable(self, purpose: Purpose, error: ConnectionLostError) -> UnreachableError:
        scheme = "plain HTTP" if self._base.startswith("http://") else "HTTPS"
        message = f"{purpose.doing} failed: {self._host} does not answer over {scheme}: {error}"
        return UnreachableError(message, hint="Check the address; a registry without TLS needs --plain-http.")


def _is_page(reply: Reply) -> bool:
    """Tell whether a web page came, with whatever status: from a portal, a proxy or Harbor's own front."""
    return "text/html" in reply.headers.get("content-type", "")


def _said(reply: Reply) -> str:
    said = "; ".join(f"{code}: {message}" if message else code for code, message in reply.errors or ())
    return said or f"status {reply.status}"


def _wait(reply: Reply, pause: float) -> float:
    after = reply.headers.get("retry-after", "")
    return min(float(after), _LONGEST_WAIT) if after.isdecimal() else pause
