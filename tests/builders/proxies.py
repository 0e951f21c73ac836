"""A proxy before an API server: it counts what is asked, and can answer, cut, delay or kill in the server's place.

It speaks plain HTTP to the client and adds the admin's token itself, so relman and the helm under it go through the
same one with a kubeconfig that knows no credentials.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.cluster import Sandbox
from sandbox.components import CERTIFICATE
from sandbox.credentials import ADMIN_CONTEXT

_HOP = frozenset({"host", "authorization", "connection", "content-length", "transfer-encoding"})
_JOURNAL = "/configmaps"


@dataclass(frozen=True)
class Call:
    """One request that came through."""

    number: int
    """From 1."""
    method: str
    target: str
    """Path and query."""
    agent: str
    """`helm`, or `relman` for everything else."""

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        return self.method != "GET" and "dryRun=" not in self.target and "subjectaccessreviews" not in self.target

    @property
    def watches(self) -> bool:
        """Whether it is a watch."""
        return "watch=" in self.target

    @property
    def journals(self) -> bool:
        """Whether it writes a record."""
        return self.writes and self.agent == "relman" and _JOURNAL in self.target


@dataclass(frozen=True)
class Reply:
    """An answer that the server never gave."""

    status: int
    message: str = "injected"
    reason: str = "InternalError"
    retry_after: int | None = None

    def render(self) -> bytes:
        """Return it as it goes over the wire."""
        body = json.dumps({
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": self.reason, "code": self.status,
            "message": self.message,
        }).encode()  # fmt: skip
        wait = "" if self.retry_after is None else f"Retry-After: {self.retry_after}\r\n"
        head = f"HTTP/1.1 {self.status} Injected\r\nContent-Type: application/json\r\n{wait}"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@dataclass(frozen=True)
class Cut:
    """A broken connection."""

    where: str
    """`before` the server hears of it, `after` it acted and nothing was told, or in the `middle` of its answer."""


Fault = Reply | Cut
Rule = Callable[[Call], Awaitable[Fault | None]]


async def no_fault(call: Call) -> Fault | None:
    """Let everything pass."""
    return None


@dataclass
class ApiProxy:
    """A proxy for one client; use it as an async context manager.

    Args:
        sandbox: Whose API server stands behind it.
        folder: For its kubeconfig.
    """

    sandbox: Sandbox
    folder: Path
    rule: Rule = no_fault
    calls: list[Call] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _watches: set[asyncio.StreamWriter] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=1 << 20)
        config = json.loads(self.sandbox.kubeconfig.read_text())
        self._token = config["users"][0]["user"]["token"]
        self._tls = ssl.create_default_context(cadata=(self.sandbox.folder.path / CERTIFICATE).read_text())
        self.kubeconfig.write_text(json.dumps(self._config(self._server.sockets[0].getsockname()[1])))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig that leads through it."""
        return self.folder / "proxied.json"

    @property
    def environ(self) -> dict[str, str]:
        """The sandbox's variables, through the proxy."""
        return {**self.sandbox.environ, "KUBECONFIG": str(self.kubeconfig)}

    def drop_watches(self) -> int:
        """Break every watch that is open, and return how many there were."""
        dropped = list(self._watches)
        for writer in dropped:
            writer.transport.abort()
        return len(dropped)

    def _config(self, port: int) -> dict[str, object]:
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": ADMIN_CONTEXT,
            "clusters": [{"name": "proxied", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
            "users": [{"name": "nobody", "user": {}}],
            "contexts": [{"name": ADMIN_CONTEXT, "context": {"cluster": "proxied", "user": "nobody"}}],
        }

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        upstream: list[asyncio.StreamWriter] = []
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
                await self._serve(reader, writer, upstream)
        except asyncio.CancelledError:
            pass
        finally:
            self._tasks.discard(task)
            self._watches.discard(writer)
            for one in (writer, *upstream):
                one.transport.abort()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, upstream: list[asyncio.StreamWriter]
    ) -> None:
        server: asyncio.StreamReader | None = None
        while True:
            line, headers = await _read_head(reader)
            body = b"".join([part async for part in _body(reader, headers, raw=False)])
            method, target, _ = line.split(" ", 2)
            agent = "helm" if headers.get("user-agent", "").startswith("Helm/") else "relman"
            call = Call(len(self.calls) + 1, method, target, agent)
            self.calls.append(call)
            fault = await self.rule(call)
            if isinstance(fault, Reply):
                writer.write(fault.render())
                await writer.drain()
                continue
            if fault == Cut("before"):
                return
            if server is None:
                port = self.sandbox.description.ports.api
                server, to_server = await asyncio.open_connection("127.0.0.1", port, ssl=self._tls, limit=1 << 20)
                upstream.append(to_server)
            upstream[0].write(self._forwarded(line, headers, body))
            await upstream[0].drain()
            if call.watches:
                self._watches.add(writer)
            await _relay(server, writer, fault)
            self._watches.discard(writer)
            if fault is not None:
                return

    def _forwarded(self, line: str, headers: dict[str, str], body: bytes) -> bytes:
        kept = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if name not in _HOP)
        own = f"Host: 127.0.0.1\r\nAuthorization: Bearer {self._token}\r\nContent-Length: {len(body)}\r\n"
        return f"{line}\r\n{kept}{own}\r\n".encode() + body


async def _read_head(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *rest = text.rstrip("\r\n").split("\r\n")
    pairs = (one.partition(":") for one in rest)
    return line, {name.strip().lower(): value.strip() for name, _, value in pairs}


async def _body(reader: asyncio.StreamReader, headers: dict[str, str], *, raw: bool) -> AsyncGenerator[bytes, None]:
    """Yield a message's body as it comes; `raw` keeps the framing of chunks."""
    if headers.get("transfer-encoding") == "chunked":
        while True:
            head = await reader.readline()
            size = int(head, 16)
            chunk = await reader.readexactly(size + 2)
            yield head + chunk if raw else chunk[:-2]
            if size == 0:
                return
    length = int(headers.get("content-length", "0"))
    if length:
        yield await reader.readexactly(length)


async def _relay(server: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault | None) -> None:
    line, headers = await _read_head(server)
    head = "\r\n".join([line, *(f"{name}: {value}" for name, value in headers.items())])
    if fault is None:
        writer.write(f"{head}\r\n\r\n".encode("latin-1"))
        async for part in _body(server, headers, raw=True):
            writer.write(part)
            await writer.drain()
        await writer.drain()
        return
    whole = b"".join([part async for part in _body(server, headers, raw=True)])
    if fault == Cut("middle"):
        writer.write(f"{head}\r\n\r\n".encode("latin-1") + whole[: len(whole) // 2])
        await writer.drain()
        await asyncio.sleep(0.02)
