"""Plain requests to an API server: which kubeconfigs they serve, and what becomes of an answer."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from helmkit.kube.direct import DirectTransport, is_plain
from helmkit.kube.kubeconfig import Settings
from helmkit.kube.transport import (
    METADATA_LIST,
    Answer,
    ConnectionFailedError,
    LoginFailedError,
    Request,
    Transport,
)

LIST = Request("GET", "/api/v1/pods", {"labelSelector": "a=b,c in (d)"})


def settings(server: str, cluster: dict[str, Any] | None = None, **user: Any) -> Settings:
    return Settings("one", "shop", server, "me", cluster or {}, user, "a kubeconfig")


@pytest.mark.parametrize(
    ("cluster", "user", "plain"),
    [
        ({"certificate-authority-data": "eA=="}, {"client-certificate": "a", "client-key-data": "b"}, True),
        ({"certificate-authority": "ca"}, {"tokenFile": "t"}, True),
        ({"certificate-authority": "ca"}, {"client-certificate": "a"}, False),
        ({"certificate-authority": "ca", "proxy-url": "http://p"}, {}, False),
        ({"certificate-authority": "ca", "tls-server-name": "other"}, {}, False),
        ({"certificate-authority": "ca", "insecure-skip-tls-verify": True}, {}, False),
        ({"certificate-authority": "ca"}, {"exec": {"command": "login"}}, False),
        ({"certificate-authority": "ca"}, {"username": "a", "password": "b"}, False),
        ({"certificate-authority": "ca"}, {"as": "somebody"}, False),
        ({"certificate-authority": "ca"}, {"something-new": "x"}, False),
        ({}, {"token": "t"}, False),
    ],
)
def test_only_what_is_understood_is_plain(cluster: dict[str, Any], user: dict[str, Any], plain: bool) -> None:
    assert is_plain(settings("https://one:6443", cluster, **user), {}) is plain


def test_a_proxy_is_left_to_the_general_client() -> None:
    one = settings("https://one.example", {"certificate-authority": "ca"})
    assert is_plain(one, {})
    assert not is_plain(one, {"HTTPS_PROXY": "http://proxy:3128"})
    assert is_plain(settings("http://one.example/k8s/clusters/c-1"), {})
    assert not is_plain(settings("https://["), {})


async def test_path_query_and_token_arrive() -> None:
    async with answering([(200, b"{}", {})]) as (url, seen):
        await ask(settings(f"{url}/k8s/clusters/c-1", token="abc"), LIST)
    assert seen[0][0] == "GET /k8s/clusters/c-1/api/v1/pods?labelSelector=a%3Db%2Cc+in+%28d%29 HTTP/1.1"
    assert seen[0][1]["authorization"] == "Bearer abc"


async def test_a_packed_answer_is_unpacked_and_a_damaged_one_is_no_answer() -> None:
    raw = json.dumps({"items": []}).encode()
    packed = {"Content-Encoding": "gzip"}
    async with answering([(200, gzip.compress(raw), packed), (200, b"no gzip", packed)]) as (url, _):
        answer = await ask(settings(url), Request("GET", "/x", accept=METADATA_LIST))
        assert (answer.raw, answer.body) == (raw, None)
        with pytest.raises(ConnectionFailedError, match="damaged") as caught:
            await ask(settings(url), LIST)
    assert caught.value.sent


async def test_a_token_that_was_renewed_is_read_again(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old\n")
    async with answering([(200, b"{}", {}), (401, b"{}", {}), (200, b"{}", {})]) as (url, seen):
        transport = DirectTransport(settings(url, tokenFile=str(token)), no_general)
        assert (await transport.send(LIST)).status == 200
        token.write_text("new\n")
        assert (await transport.send(LIST)).status == 200
        await transport.aclose()
    assert [one[1]["authorization"] for one in seen] == ["Bearer old", "Bearer old", "Bearer new"]
    with pytest.raises(LoginFailedError, match="cannot be read"):
        await ask(settings("http://127.0.0.1:1", tokenFile=str(tmp_path / "none")), LIST)


async def test_whether_a_request_was_sent_is_known() -> None:
    with pytest.raises(ConnectionFailedError) as refused:
        await ask(settings("http://127.0.0.1:1"), LIST)
    assert not refused.value.sent
    async with answering([]) as (url, _):
        with pytest.raises(ConnectionFailedError) as cut:
            await ask(settings(url), Request("POST", "/x", body=b"{}"))
    assert cut.value.sent


def no_general() -> Transport:
    raise AssertionError


async def ask(one: Settings, request: Request) -> Answer:
    transport = DirectTransport(one, no_general)
    try:
        return await transport.send(request)
    finally:
        await transport.aclose()


Scripted = tuple[int, bytes, dict[str, str]]
Seen = list[tuple[str, dict[str, str]]]


@asynccontextmanager
async def answering(answers: list[Scripted]) -> AsyncIterator[tuple[str, Seen]]:
    """Serve these answers one after the other; then only cut connections."""
    seen: Seen = []

    async def requests(reader: asyncio.StreamReader) -> AsyncGenerator[None, None]:
        while line := await reader.readline():
            headers = {}
            while (field := await reader.readline()).strip():
                name, _, value = field.decode().partition(":")
                headers[name.lower()] = value.strip()
            await reader.readexactly(int(headers.get("content-length", "0")))
            seen.append((line.decode().strip(), headers))
            yield

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for _ in requests(reader):
            if not answers:
                break
            status, body, extra = answers.pop(0)
            lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *(f"{k}: {v}" for k, v in extra.items())]
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", seen
    finally:
        listening.close()
