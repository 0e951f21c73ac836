"""HTTP/1.1 on asyncio streams: just enough of it, and faults on demand."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

REASONS = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content", 304: "Not Modified"}


@dataclass
class Request:
    method: str
    target: str
    """As it stood on the request line: still percent-encoded, with its query."""
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def raw_path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def raw_query(self) -> str:
        return self.target.partition("?")[2]


@dataclass
class Response:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cookie: bool = True
    """Harbor sets a session cookie on every answer but those that come before its session handling."""


def json_response(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(status, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})


def error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    body = {"errors": [{"code": code, "message": message}]}
    kept = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    return Response(status, json.dumps(body).encode(), kept)


@dataclass
class Fault:
    """Something that goes wrong with requests it matches, `times` times, after letting `skip` of them through.

    `status` answers in place of Harbor (with `body` and `headers`); `cut` closes the connection after that many bytes
    of the request's body (0: before an answer); `delay` waits first, in seconds; `close_after` lets Harbor do the work
    and loses the answer.
    """

    path: str
    """A regular expression searched in `METHOD path?query`."""
    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    delay: float = 0.0
    close_after: bool = False
    times: int = 1
    skip: int = 0

    def matches(self, line: str) -> bool:
        if self.times <= 0 or not re.search(self.path, line):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


Handler = Callable[[Request], Awaitable[Response]]


class _CutError(Exception):
    """The connection must end here."""


@dataclass
class Server:
    """Serves `handler` on a free port of 127.0.0.1."""

    handler: Handler
    latency: float = 0.0
    """Seconds every request waits before it is answered: one round trip of a slow network."""
    faults: list[Fault] = field(default_factory=list)
    seen: list[tuple[str, str, int]] = field(default_factory=list)
    """Method, target and status of every answered request."""
    connections: int = 0
    port: int = 0
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (_CutError, asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await _read_head(reader)
        if head is None:
            return False
        method, target, headers = head
        fault = next((f for f in self.faults if f.matches(f"{method} {target}")), None)
        if fault and fault.cut is not None:
            await reader.read(fault.cut)
            raise _CutError
        request = Request(method, target, headers, await _read_body(reader, headers))
        delay = self.latency + (fault.delay if fault else 0.0)
        if delay:
            await asyncio.sleep(delay)
        if fault and fault.status:
            response = Response(fault.status, fault.body, dict(fault.headers))
        else:
            response = await self.handler(request)
        if fault and fault.close_after:
            raise _CutError
        self.seen.append((method, target, response.status))
        writer.write(_render(request, response))
        await writer.drain()
        return headers.get("connection", "").lower() != "close"


async def _read_head(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str]] | None:
    line = await reader.readline()
    if not line:
        return None
    words = line.decode("latin-1").split(" ", 2)
    if len(words) < 3:
        return None  # Somebody tries TLS first.
    method, target, _ = words
    headers: dict[str, str] = {}
    while (line := await reader.readline()) not in {b"\r\n", b""}:
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return method, target, headers


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        parts = []
        while size := int((await reader.readline()).strip() or b"0", 16):
            parts.append(await reader.readexactly(size))
            await reader.readline()
        await reader.readline()
        return b"".join(parts)
    return await reader.readexactly(int(headers.get("content-length", 0) or 0))


def _render(request: Request, response: Response) -> bytes:
    headers = {"X-Request-Id": request.headers.get("x-request-id") or str(uuid.uuid4())}
    headers |= response.headers
    if response.cookie and "Set-Cookie" not in headers:
        headers["Set-Cookie"] = f"sid={uuid.uuid4().hex}; Path=/; HttpOnly"
    if response.status not in {204, 304} and "Content-Length" not in headers:
        headers["Content-Length"] = str(len(response.body))
    lines = [f"HTTP/1.1 {response.status} {REASONS.get(response.status, 'Error')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    body = b"" if request.method == "HEAD" or response.status in {204, 304} else response.body
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
