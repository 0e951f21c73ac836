"""Requests to one server over plain HTTP/1.1 connections that are kept: what nearly every request of a push is.

h11 speaks the protocol, asyncio the sockets. A general client does five times the work for a request (1.1 ms against
0.2 ms of CPU, measured), and takes a sixth of a second to import; a push of fifty charts is four hundred requests.
Proxies, redirects, other servers and bodies in pieces are the general client's (`pool`).
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import h11

from helmkit.http.exchange import ConnectionLostError, Reply

CONNECT_TIMEOUT = 10.0
"""Seconds until a connection must be made."""
_PIECE = 64 * 1024
_REPEATABLE = frozenset({"GET", "HEAD"})
_KEEP = 30.0
"""Seconds a connection may lie idle and be used again: what stands between forgets it at some point without a word."""


class ConnectError(Exception):
    """There is no connection; nothing was sent."""


class ConnectTimeout(ConnectError):  # noqa: N818 - the name by which HTTP libraries know it
    """There was none in time."""


class ReadError(Exception):
    """The connection ended before the answer did."""


class ReadTimeout(ReadError):  # noqa: N818 - the name by which HTTP libraries know it
    """The answer did not come in time."""


class _Connection:
    """One connection, between two requests or in the middle of one."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT)
        self._last_used = _now()
        self.used = False

    @property
    def usable(self) -> bool:
        """Whether another request may be sent."""
        fresh = _now() - self._last_used < _KEEP
        return fresh and self._http.our_state is h11.IDLE and not self._reader.at_eof()

    async def ask(self, request: h11.Request, content: bytes | None, limit: int, silence: float) -> Reply:
        """Send a request and read its answer.

        Raises:
            ReadError: The connection ended, or what came is no HTTP. `silence` seconds without a byte are too many.
            ConnectionLostError: The answer is longer than `limit` bytes.
        """
        try:
            async with asyncio.timeout(silence) as patience:

                def heard() -> None:
                    patience.reschedule(_now() + silence)

                # Who refuses a body may answer and hang up before it has all of it; the answer counts.
                with contextlib.suppress(ConnectionError):
                    await self._write(request, content or b"", heard)
                return await self._read(limit, heard)
        except TimeoutError as error:
            msg = f"no answer within {silence:g} s"
            raise ReadTimeout(msg) from error
        except (OSError, h11.RemoteProtocolError) as error:
            raise ReadError(str(error) or type(error).__name__) from error

    async def _write(self, request: h11.Request, content: bytes, heard: Callable[[], None]) -> None:
        waiting = self._http.send(request) or b""
        for start in range(0, len(content), _PIECE):
            waiting += self._http.send(h11.Data(content[start : start + _PIECE])) or b""
            if len(waiting) >= _PIECE:
                self._writer.write(waiting)
                # Long blobs on slow lines take their time: only standing still is too slow.
                await self._writer.drain()
                heard()
                waiting = b""
        self._writer.write(waiting + (self._http.send(h11.EndOfMessage()) or b""))
        await self._writer.drain()

    async def _read(self, limit: int, heard: Callable[[], None]) -> Reply:
        status, headers, body = 0, dict[str, str](), bytearray()
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(await self._reader.read(_PIECE))
                heard()
            elif isinstance(event, h11.Response):
                status = event.status_code
                for name, value in event.headers:
                    key, text = name.decode("latin-1"), value.decode("latin-1")
                    headers[key] = f"{headers[key]}, {text}" if key in headers else text
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > limit:
                    msg = f"the answer is longer than {limit} bytes"
                    raise ConnectionLostError(msg)
            elif isinstance(event, h11.EndOfMessage):
                break
            elif isinstance(event, h11.ConnectionClosed):
                raise ReadError("the server closed the connection without an answer")
        self.used, self._last_used = True, _now()
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        return Reply(status, headers, bytes(body), "")

    async def close(self) -> None:
        """End it."""
        self._writer.close()
        with contextlib.suppress(OSError, ssl.SSLError, TimeoutError):
            async with asyncio.timeout(1.0):
                await self._writer.wait_closed()


class DirectPool:
    """Connections to one server.

    Args:
        base: Its scheme, host and port.
        tls: How to check it; called when the first connection is made, and only where the scheme is https.
        connections: At most so many.
        headers: Sent with every request.
    """

    def __init__(
        self, base: str, tls: Callable[[], ssl.SSLContext], connections: int, headers: Mapping[str, str]
    ) -> None:
        parts = urlsplit(base)
        self._base = base
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._secure = parts.scheme == "https"
        self._tls = tls
        self._context: ssl.SSLContext | None = None
        self._headers = {"Host": parts.netloc, "Accept": "*/*", **headers}
        self._room = asyncio.Semaphore(connections)
        self._free: list[_Connection] = []

    def serves(self, url: str) -> bool:
        """Tell whether a URL is one of this server's."""
        return url.startswith(f"{self._base}/")

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None, limit: int, silence: float
    ) -> Reply:
        """Send one request and read its answer; redirects are answers.

        Raises:
            ConnectionLostError: There is none; its cause tells whether the request was sent.
        """
        sent = {**self._headers, **headers}
        if content is not None or method in {"POST", "PUT", "PATCH"}:
            sent["Content-Length"] = str(len(content or b""))
        target = url[len(self._base) :]
        async with self._room:
            while True:
                connection = await self._take() or await self._connect()
                fresh = not connection.used
                try:
                    request = h11.Request(method=method, target=target, headers=list(sent.items()))
                    reply = await connection.ask(request, content, limit, silence)
                except ReadError as error:
                    await connection.close()
                    # A kept connection may have ended while nobody looked.
                    if fresh or method not in _REPEATABLE or isinstance(error, ReadTimeout):
                        raise ConnectionLostError(str(error)) from error
                except (h11.LocalProtocolError, UnicodeError) as error:
                    await connection.close()
                    # The error's own words repeat the header, which may be the one with the password.
                    msg = "this is no request that can be sent: its URL or a header holds what HTTP does not allow"
                    raise ConnectionLostError(msg) from error
                except BaseException:
                    await asyncio.shield(connection.close())
                    raise
                else:
                    if connection.usable:
                        self._free.append(connection)
                    else:
                        await connection.close()
                    return Reply(reply.status, reply.headers, reply.body, url)

    async def _take(self) -> _Connection | None:
        while self._free:
            connection = self._free.pop()
            if connection.usable:
                return connection
            await connection.close()
        return None

    async def _connect(self) -> _Connection:
        if self._secure and self._context is None:
            self._context = self._tls()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                streams = await asyncio.open_connection(self._host, self._port, ssl=self._context)
        except TimeoutError:
            cause: ConnectError = ConnectTimeout(f"no connection within {CONNECT_TIMEOUT:g} s")
            raise ConnectionLostError(str(cause)) from cause
        except OSError as error:
            cause = ConnectError(str(error) or type(error).__name__)
            raise ConnectionLostError(str(cause)) from cause
        return _Connection(*streams)

    async def aclose(self) -> None:
        """Close all connections."""
        free, self._free = self._free, []
        await asyncio.gather(*(connection.close() for connection in free))


def _now() -> float:
    return asyncio.get_running_loop().time()
