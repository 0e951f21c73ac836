"""Blobs in pieces: images have layers that should not be held in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx2

from helmkit.oci.exchange import ConnectionLostError, Reply
from helmkit.oci.http import HttpExchange

_PIECE = 256 * 1024
_ERROR_LIMIT = 1 << 20


class StreamingExchange(HttpExchange):
    """An exchange that can also read and write bodies piece by piece, on the same connections."""

    @asynccontextmanager
    async def download(
        self, url: str, *, headers: Mapping[str, str]
    ) -> AsyncIterator[tuple[Reply, AsyncIterator[bytes]]]:
        """Give an answer and its body in pieces; registries may send us elsewhere for it.

        Raises:
            ConnectionLostError: There is no answer.
        """
        request = self._client.build_request("GET", url, headers=dict(headers))
        try:
            response = await self._client.send(request, stream=True, follow_redirects=True)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ConnectionLostError(str(error) or type(error).__name__) from error
        try:
            body = b"" if response.status_code < 300 else (await _read(response))[:_ERROR_LIMIT]
            lowered = {key.lower(): value for key, value in response.headers.items()}
            yield Reply(response.status_code, lowered, body, str(response.url)), _pieces(response)
        finally:
            await response.aclose()

    async def upload(self, url: str, *, headers: Mapping[str, str], content: AsyncIterator[bytes], size: int) -> Reply:
        """Send a body in pieces (PUT).

        Raises:
            ConnectionLostError: It broke off.
        """
        sent = {**headers, "Content-Length": str(size), "Content-Type": "application/octet-stream"}
        try:
            response = await self._client.put(url, headers=sent, content=content)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ConnectionLostError(str(error) or type(error).__name__) from error
        lowered = {key.lower(): value for key, value in response.headers.items()}
        return Reply(response.status_code, lowered, response.content, str(response.url))


async def _read(response: httpx2.Response) -> bytes:
    try:
        return await response.aread()
    except httpx2.HTTPError as error:
        raise ConnectionLostError(str(error) or type(error).__name__) from error


async def _pieces(response: httpx2.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in response.aiter_raw(_PIECE):
            yield piece
    except httpx2.HTTPError as error:
        raise ConnectionLostError(str(error) or type(error).__name__) from error
