"""Connections: TLS with a private CA, plain HTTP only when it was asked for, and what passes is tried again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from helmkit.charts import bytes_digest
from helmkit.errors import UnreachableError
from helmkit.http.exchange import ConnectionLostError, Reply
from helmkit.http.pool import CONNECTIONS, HttpExchange
from helmkit.http.retry import Patience, send_patiently
from helmkit.oci import Credentials, RegistryClient
from tests.contract.fake_registry import Answer, FakeRegistry, own_certificate, times

PATIENCE = Patience((1.0, 2.0), 10.0, frozenset({503}))
BUSY, FINE = Reply(503, {}, b"", ""), Reply(200, {}, b"", "")


async def no_wait(seconds: float) -> None:
    pass


async def test_a_private_ca_is_trusted_when_it_is_named() -> None:
    context, certificate = own_certificate()
    async with FakeRegistry(auth="basic", tls=context) as fake:
        who = Credentials(fake.user, fake.password)
        async with RegistryClient(fake.host, credentials=who, ca_file=certificate) as client:
            await client.ping()
        environ = {"SSL_CERT_FILE": str(certificate)}
        async with RegistryClient(fake.host, credentials=who, environ=environ) as client:
            await client.ping()
        served = len(fake.requests)
        async with RegistryClient(fake.host, credentials=who, sleep=no_wait) as client:
            with pytest.raises(UnreachableError, match=r"(?i)certificate verify failed") as caught:
                await client.ping()
        assert "--ca-file" in (caught.value.hint or "")
        assert len(fake.requests) == served


async def test_a_plain_registry_that_sends_us_to_tls_is_not_trusted_blindly() -> None:
    context, certificate = own_certificate()
    async with FakeRegistry(tls=context) as storage, FakeRegistry() as fake:
        digest = bytes_digest(b"content")
        storage.blobs[digest] = b"content"
        url = f"https://{storage.host}/v2/charts/shop/blobs/{digest}"
        fake.faults.append(times(99, Answer(307, {"Location": url}), lambda asked: "/blobs/" in asked.path))
        async with RegistryClient(fake.host, plain_http=True, sleep=no_wait) as client:
            with pytest.raises(UnreachableError, match=r"(?i)certificate verify failed"):
                await client.fetch_blob("charts/shop", digest)
        environ = {"SSL_CERT_FILE": str(certificate)}
        async with RegistryClient(fake.host, plain_http=True, environ=environ) as client:
            assert await client.fetch_blob("charts/shop", digest) == b"content"


async def test_plain_http_is_never_guessed() -> None:
    async with FakeRegistry(auth="basic") as fake:
        who = Credentials(fake.user, fake.password)
        async with RegistryClient(fake.host, credentials=who, sleep=no_wait) as client:
            with pytest.raises(UnreachableError) as caught:
                await client.ping()
        assert "--plain-http" in (caught.value.hint or "")
        assert not any("authorization" in asked.headers for asked in fake.requests)


async def test_what_passes_is_tried_again_and_not_for_ever() -> None:
    waited: list[float] = []
    answers = [BUSY, BUSY, FINE]

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def send() -> Reply:
        return answers.pop(0)

    assert await send_patiently(send, PATIENCE, sleep=sleep) is FINE
    assert waited == [1.0, 2.0]
    answers[:] = [BUSY] * 9
    assert await send_patiently(send, PATIENCE, sleep=sleep) is BUSY
    assert len(answers) == 6
    assert await send_patiently(send, PATIENCE, repeat=False, sleep=sleep) is BUSY
    assert len(answers) == 5
    assert await send_patiently(send, PATIENCE, accept=frozenset({503}), sleep=sleep) is BUSY
    assert len(answers) == 4


@pytest.mark.parametrize(("cause", "attempts"), [("ReadTimeout", 2), ("ConnectTimeout", 3), ("ReadError", 3)])
async def test_a_server_that_is_slow_gets_one_more_chance_only(cause: str, attempts: int) -> None:
    tried = 0

    async def send() -> Reply:
        nonlocal tried
        tried += 1
        raise ConnectionLostError(cause) from type(cause, (Exception,), {})()

    with pytest.raises(ConnectionLostError):
        await send_patiently(send, PATIENCE, sleep=no_wait)
    assert tried == attempts
    # What was never sent may be sent again even if it must not be done twice.
    tried = 0
    with pytest.raises(ConnectionLostError):
        await send_patiently(send, PATIENCE, repeat=False, sleep=no_wait)
    assert tried == (3 if cause == "ConnectTimeout" else 1)


def test_pauses_follow_the_server_up_to_a_limit() -> None:
    assert [PATIENCE.pause(0, asked) for asked in ("", "7", "9999", "Wed, 21 Oct")] == [1.0, 7.0, 10.0, 1.0]
    jittered = Patience((4.0,), 10.0, frozenset(), jitter=0.5)
    assert all(2.0 <= jittered.pause(0) <= 4.0 for _ in range(50))


async def test_kept_connections_are_used_again_and_dead_ones_are_not() -> None:
    async with FakeRegistry() as fake:
        async with RegistryClient(fake.host, plain_http=True, sleep=no_wait) as client:
            for _ in range(20):
                await client.ping()
            assert len(fake._connections) == 1
            for writer in list(fake._connections):
                writer.close()
            await client.ping()
            assert await client.push_blob("charts/shop", b"x" * 300_000)
        assert len(fake.requests) == 23


async def test_many_requests_share_sixteen_connections() -> None:
    async with FakeRegistry() as fake, RegistryClient(fake.host, plain_http=True) as client:
        await asyncio.gather(*(client.ping() for _ in range(100)))
        assert len(fake._connections) == CONNECTIONS == 16


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
async def test_every_way_to_end_an_answer_is_understood(answer: bytes) -> None:
    async with raw_server(answer) as base:
        exchange = HttpExchange(base, {}, None)
        for _ in range(2):
            reply = await exchange.send("GET", f"{base}/v2/", headers={}, limit=100)
            assert (reply.status, reply.body, reply.url) == (200, b"{}", f"{base}/v2/")
        await exchange.aclose()


@pytest.mark.parametrize("answer", [b"", b"no http at all\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"])
async def test_what_is_no_whole_answer_is_a_lost_connection(answer: bytes) -> None:
    async with raw_server(answer) as base:
        exchange = HttpExchange(base, {}, None)
        with pytest.raises(ConnectionLostError) as caught:
            await exchange.send("POST", f"{base}/v2/", headers={}, content=b"body", limit=100)
        assert not caught.value.never_sent
        await exchange.aclose()


async def test_addresses_that_cannot_be_sent_are_told() -> None:
    async with FakeRegistry() as fake:
        exchange = HttpExchange(f"http://{fake.host}", {}, None)
        for path in ("/v2/a b", "/v2/ü", "/v2/a\r\nX: y"):
            with pytest.raises(ConnectionLostError, match="no request that can be sent"):
                await exchange.send("GET", f"http://{fake.host}{path}", headers={}, limit=100)
        await exchange.aclose()
        assert fake.requests == []


async def test_a_proxy_is_used_where_one_is_named() -> None:
    async with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as proxy:
        exchange = HttpExchange("http://registry.example", {"http_proxy": proxy}, None)
        reply = await exchange.send("GET", "http://registry.example/v2/", headers={}, limit=100)
        assert reply.body == b"{}"
        await exchange.aclose()


@asynccontextmanager
async def raw_server(answer: bytes) -> AsyncIterator[str]:
    """Give the address of a server that answers every request with these bytes and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def test_a_token_that_cannot_stand_in_a_header_is_not_repeated_in_the_message() -> None:
    async with FakeRegistry() as fake:
        exchange = HttpExchange(f"http://{fake.host}", {}, None)
        with pytest.raises(ConnectionLostError, match="no request that can be sent") as caught:
            await exchange.send("GET", f"http://{fake.host}/v2/", headers={"Authorization": "Bearer geheim\n"}, limit=9)
        await exchange.aclose()
    assert "geheim" not in str(caught.value)
