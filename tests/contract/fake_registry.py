"""A registry in this process: answers as distribution does, and fails on request."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

_ROUTE = re.compile(r"/v2/(?P<name>.+)/(?P<kind>manifests|blobs|tags)/(?P<rest>.+)")
JSON = {"Content-Type": "application/json", "Docker-Distribution-Api-Version": "registry/2.0"}


@dataclass(frozen=True)
class Asked:
    """A request that arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """An answer to send."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


CUT = Answer(0)
"""Closes the connection instead of answering."""
Fault = Callable[[Asked], Answer | None]


def error(status: int, code: str, message: str = "") -> Answer:
    body = json.dumps({"errors": [{"code": code, "message": message or code.lower()}]})
    return Answer(status, dict(JSON), body.encode())


def page(status: int) -> Answer:
    return Answer(status, {"Content-Type": "text/html"}, b"<html>Welcome to the portal</html>")


def times(count: int, answer: Answer, when: Callable[[Asked], bool] = lambda _: True) -> Fault:
    """Give `answer` to the next `count` requests for which `when` holds."""
    left = [count]

    def fault(asked: Asked) -> Answer | None:
        if left[0] <= 0 or not when(asked):
            return None
        left[0] -= 1
        return answer

    return fault


def own_certificate() -> tuple[ssl.SSLContext, Path]:
    """Return what a registry with TLS needs, and the file that clients must trust: nobody else signed it."""
    folder = Path(__file__).parent / "tls"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context, folder / "certificate.pem"


class FakeRegistry:
    """Use as an async context manager."""

    def __init__(self, *, auth: str = "none", page_size: int = 1000, tls: ssl.SSLContext | None = None) -> None:
        self.auth = auth
        self.user, self.password = "joe", "s3cret"
        self.page_size = page_size
        self.requests: list[Asked] = []
        self.faults: list[Fault] = []
        self.tokens_given: list[str] = []
        self.repositories: set[str] = set()
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.token_life = 300
        self.host = ""
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.host = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._connections:
            writer.close()
        await asyncio.sleep(0)

    def count(self, method: str, part: str = "") -> int:
        return sum(asked.method == method and part in asked.path for asked in self.requests)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            while (asked := await _read(reader)) is not None:
                self.requests.append(asked)
                answer = self._answer(asked)
                if answer is CUT:
                    return
                await _write(writer, asked, answer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            self._connections.discard(writer)
            writer.close()

    def _answer(self, asked: Asked) -> Answer:
        for fault in self.faults:
            answer = fault(asked)
            if answer is not None:
                return answer
        if asked.path == "/token":
            return self._give_token(asked)
        if not self._let_in(asked):
            challenge = (
                f'Bearer realm="http://{self.host}/token",service="fake"'
                if self.auth == "bearer"
                else 'Basic realm="x"'
            )
            refused = error(401, "UNAUTHORIZED", "authentication required")
            return Answer(401, {**refused.headers, "WWW-Authenticate": challenge}, refused.body)
        if asked.path == "/v2/":
            return Answer(200, {**JSON, "Set-Cookie": "sid=abc; Path=/"}, b"{}")
        match = _ROUTE.fullmatch(asked.path)
        if match is None:
            return error(404, "NOT_FOUND")
        name, kind, rest = match["name"], match["kind"], match["rest"]
        if kind == "tags":
            return self._list_tags(asked, name)
        return self._manifest(asked, name, rest) if kind == "manifests" else self._blob(asked, name, rest)

    def _let_in(self, asked: Asked) -> bool:
        sent = asked.headers.get("authorization", "")
        if self.auth == "basic":
            return sent == self._basic()
        if self.auth == "bearer":
            return sent.removeprefix("Bearer ") in self.tokens_given
        return True

    def _basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()

    def _give_token(self, asked: Asked) -> Answer:
        form = {key: value[0] for key, value in parse_qs(asked.body.decode()).items()}
        if asked.headers.get("authorization") != self._basic() and form.get("refresh_token") != self.password:
            return error(401, "UNAUTHORIZED")
        token = f"token-{len(self.tokens_given)}-{asked.query.get('scope', form.get('scope', ''))}"
        self.tokens_given.append(token)
        return Answer(200, JSON, json.dumps({"token": token, "expires_in": self.token_life}).encode())

    def _list_tags(self, asked: Asked, name: str) -> Answer:
        if name not in self.repositories:
            return error(404, "NAME_UNKNOWN")
        tags = sorted(tag for repository, tag in self.manifests if repository == name and ":" not in tag)
        size = min(self.page_size, int(asked.query.get("n", "1000")))
        after = [tag for tag in tags if tag > asked.query.get("last", "")]
        headers = dict(JSON)
        if len(after) > size:
            headers["Link"] = f'</v2/{name}/tags/list?n={size}&last={after[size - 1]}>; rel="next"'
        return Answer(200, headers, json.dumps({"name": name, "tags": after[:size]}).encode())

    def _manifest(self, asked: Asked, name: str, reference: str) -> Answer:
        if asked.method == "PUT":
            digest = _digest(asked.body)
            for key in (reference, digest):
                self.manifests[name, key] = (asked.headers.get("content-type", ""), asked.body)
            self.repositories.add(name)
            return Answer(201, {**JSON, "Docker-Content-Digest": digest})
        found = self.manifests.get((name, reference))
        if found is None or found[0] not in asked.headers.get("accept", ""):
            return error(404, "MANIFEST_UNKNOWN")
        return Answer(200, {"Content-Type": found[0], "Docker-Content-Digest": _digest(found[1])}, found[1])

    def _blob(self, asked: Asked, name: str, rest: str) -> Answer:
        if asked.method == "POST" and asked.query.get("mount") in self.blobs:
            return Answer(201, {"Docker-Content-Digest": asked.query["mount"]})
        if asked.method == "POST":
            return Answer(202, {"Location": f"/v2/{name}/blobs/uploads/session?state=x"})
        if asked.method == "PUT":
            digest = asked.query["digest"]
            if _digest(asked.body) != digest:
                return error(400, "DIGEST_INVALID")
            self.blobs[digest] = asked.body
            return Answer(201, {"Docker-Content-Digest": digest})
        if rest not in self.blobs:
            return error(404, "BLOB_UNKNOWN")
        return Answer(200, {"Content-Type": "application/octet-stream"}, self.blobs[rest])


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    line = await reader.readline()
    if not line:
        return None
    method, target, _ = line.decode().split()
    headers = {}
    while (line := await reader.readline()).strip():
        key, _, value = line.decode().partition(":")
        headers[key.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    return Asked(method, parts.path, {k: v[0] for k, v in parse_qs(parts.query).items()}, headers, body)


async def _write(writer: asyncio.StreamWriter, asked: Asked, answer: Answer) -> None:
    lines = [f"HTTP/1.1 {answer.status} X", f"Content-Length: {len(answer.body)}"]
    lines += [f"{key}: {value}" for key, value in answer.headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    if asked.method != "HEAD":
        writer.write(answer.body)
    await writer.drain()


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()
