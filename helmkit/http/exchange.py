"""One request to a server and its answer: the seam between protocols and HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec


class ConnectionLostError(Exception):
    """There is no answer, or not all of it."""

    @property
    def reason(self) -> str:
        """Return the name of the HTTP library's error behind it: only that tells whether the request was sent."""
        return type(self.__cause__).__name__

    @property
    def never_sent(self) -> bool:
        """Whether the request surely did not reach the server."""
        return self.reason in {"ConnectError", "ConnectTimeout", "PoolTimeout"}

    @property
    def hopeless(self) -> bool:
        """Whether the next attempt must end like this one: the server's certificate, or that it speaks no TLS."""
        return any(words in str(self) for words in ("CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER"))

    @property
    def timed_out(self) -> bool:
        """Whether the server had the request and was too slow."""
        return self.reason.endswith("Timeout") and not self.never_sent


@dataclass(frozen=True)
class Reply:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    url: str
    """Where it came from in the end."""

    @property
    def errors(self) -> tuple[tuple[str, str], ...] | None:
        """Return code and message of each error, or None when the body is not a registry's error document."""
        try:
            errors = msgspec.json.decode(self.body)["errors"]
            return tuple((str(one.get("code", "")), str(one.get("message", ""))) for one in errors)
        except (msgspec.DecodeError, TypeError, KeyError, AttributeError):
            return None

    @property
    def is_page(self) -> bool:
        """Whether a web page came, with whatever status: from a portal, a proxy or Harbor's own front."""
        return "text/html" in self.headers.get("content-type", "")

    def json(self) -> Any:
        """Return the decoded body; None when it is no JSON."""
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return None


class Exchange(Protocol):
    """Sends requests."""

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
        """Send one request; redirects of reading requests are followed.

        Raises:
            ConnectionLostError: There is no answer, or it is longer than `limit` bytes.
        """
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...


class StreamingExchange(Exchange, Protocol):
    """Sends requests, and reads and writes bodies piece by piece on the same connections."""

    def download(
        self, url: str, *, headers: Mapping[str, str]
    ) -> AbstractAsyncContextManager[tuple[Reply, AsyncIterator[bytes]]]:
        """Give an answer and its body in pieces; registries may send us elsewhere for it.

        Raises:
            ConnectionLostError: There is no answer.
        """
        ...

    async def upload(self, url: str, *, headers: Mapping[str, str], content: AsyncIterator[bytes], size: int) -> Reply:
        """Send a body of `size` bytes in pieces (PUT).

        Raises:
            ConnectionLostError: It broke off.
        """
        ...
