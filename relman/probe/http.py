"""One request of a probe over HTTP."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import httpx2

TIMEOUT = 5.0
"""Seconds for one request."""
_FIRST_ERROR = 400


class HttpAsker:
    """Asks URLs, each request over what connections there are: a client that stays connected sees what users see."""

    def __init__(self) -> None:
        # Where relman runs, and nothing of its environment: a proxy would be measured instead.
        self._client = httpx2.AsyncClient(
            timeout=TIMEOUT, trust_env=False, headers={"User-Agent": "relman-probe"}, limits=_LIMITS
        )

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def __call__(self, url: str) -> str:
        """Ask once and return what was wrong; nothing when the answer's status is below 400."""
        try:
            response = await self._client.get(url)
        except httpx2.TimeoutException:
            return f"no answer within {TIMEOUT:g} s"
        except httpx2.HTTPError as error:
            return str(error) or type(error).__name__
        return f"status {response.status_code}" if response.status_code >= _FIRST_ERROR else ""


_LIMITS = httpx2.Limits(max_connections=64, max_keepalive_connections=8)
