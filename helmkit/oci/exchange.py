"""One request to a registry and its answer: the seam between the protocol and HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec


class ConnectionLostError(Exception):
    """There is no answer, or not all of it."""


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
