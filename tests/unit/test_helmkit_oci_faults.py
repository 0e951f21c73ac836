"""A registry that misbehaves: retries where they help, clear errors where not, and no secret anywhere."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from helmkit.charts import bytes_digest
from helmkit.errors import ForbiddenError, HelmkitError, UnreachableError, UsageError
from helmkit.oci import (
    ArtifactNotFoundError,
    Credentials,
    DigestMismatchError,
    ImmutableTagError,
    Manifest,
    RegistryClient,
    RegistryError,
)
from tests.contract.fake_registry import CUT, Answer, Asked, FakeRegistry, error, page, times

REPOSITORY = "charts/shop"
MISSING = bytes_digest(b"missing")


class Pauses:
    """Stands in for sleeping."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


@pytest.fixture
async def fake() -> AsyncIterator[FakeRegistry]:
    async with FakeRegistry() as registry:
        yield registry


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
async def client(fake: FakeRegistry, pauses: Pauses) -> AsyncIterator[RegistryClient]:
    async with RegistryClient(fake.host, plain_http=True, sleep=pauses) as made:
        yield made


def reads_manifest(asked: Asked) -> bool:
    return "/manifests/" in asked.path


@pytest.mark.parametrize(
    "answer", [error(503, "UNAVAILABLE"), error(500, "UNKNOWN"), error(429, "TOOMANYREQUESTS"), CUT]
)
async def test_what_passes_is_tried_again(
    fake: FakeRegistry, client: RegistryClient, pauses: Pauses, answer: Answer
) -> None:
    fake.faults.append(times(2, answer))
    await client.ping()
    assert pauses.taken == [0.3, 0.7]


async def test_the_server_says_how_long_to_wait(fake: FakeRegistry, client: RegistryClient, pauses: Pauses) -> None:
    busy = error(429, "TOOMANYREQUESTS")
    fake.faults.append(times(1, Answer(429, {**busy.headers, "Retry-After": "3"}, busy.body)))
    fake.faults.append(times(1, Answer(429, {**busy.headers, "Retry-After": "9999"}, busy.body)))
    await client.ping()
    assert pauses.taken == [3.0, 15.0]


async def test_what_stays_broken_is_given_up(fake: FakeRegistry, client: RegistryClient, pauses: Pauses) -> None:
    fake.faults.append(times(99, error(503, "UNAVAILABLE", "down for maintenance")))
    with pytest.raises(UnreachableError, match="down for maintenance") as caught:
        await client.fetch_manifest(REPOSITORY, "1.0.0")
    assert f"pulling {fake.host}/charts/shop:1.0.0 failed" in caught.value.message
    assert len(pauses.taken) == 4


async def test_a_registry_that_is_not_there() -> None:
    async with RegistryClient("127.0.0.1:1", plain_http=True, sleep=Pauses()) as client:
        with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1 does not answer over plain HTTP"):
            await client.ping()


async def test_tls_asked_of_a_plain_registry(fake: FakeRegistry) -> None:
    async with RegistryClient(fake.host, sleep=Pauses()) as client:
        with pytest.raises(UnreachableError) as caught:
            await client.ping()
    assert "--plain-http" in str(caught.value.hint)


@pytest.mark.parametrize("status", [200, 404, 502])
async def test_a_web_page_is_no_registry(fake: FakeRegistry, client: RegistryClient, status: int) -> None:
    fake.faults.append(times(99, page(status)))
    for deed in (client.ping(), client.resolve(REPOSITORY, "1.0.0"), client.blob_exists(REPOSITORY, MISSING)):
        with pytest.raises(UnreachableError, match="web page"):
            await deed


async def test_a_missing_tag_counts_only_when_the_registry_says_so(fake: FakeRegistry, client: RegistryClient) -> None:
    assert await client.resolve(REPOSITORY, "1.0.0") is None
    assert [asked.method for asked in fake.requests] == ["HEAD"]
    # Harbor's answer to HEAD does not say that it is a registry's; its answer to GET does.
    bare = error(404, "NOT_FOUND")
    fake.faults.append(times(2, Answer(404, {"Content-Type": "application/json"}, bare.body), reads_manifest))
    assert await client.resolve(REPOSITORY, "1.0.0") is None
    fake.faults.append(times(99, Answer(404, {"Content-Type": "text/plain"}, b"no route"), reads_manifest))
    with pytest.raises(RegistryError, match="not as a registry does"):
        await client.resolve(REPOSITORY, "1.0.0")


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (error(403, "DENIED", "no right to push"), ForbiddenError, "no right to push"),
        (error(404, "NAME_UNKNOWN"), ArtifactNotFoundError, "NAME_UNKNOWN"),
        (error(412, "PRECONDITION", "tag is immutable"), ImmutableTagError, "immutable"),
        (error(400, "MANIFEST_INVALID"), RegistryError, "MANIFEST_INVALID"),
        (error(401, "UNAUTHORIZED", "who are you"), UnreachableError, "who are you"),
    ],
)
async def test_refusals_name_the_registry_the_tag_and_a_remedy(
    fake: FakeRegistry, client: RegistryClient, answer: Answer, kind: type[HelmkitError], said: str
) -> None:
    fake.faults.append(times(99, answer))
    with pytest.raises(kind, match=said) as caught:
        await client.push_manifest(REPOSITORY, "1.0.0", Manifest(2))
    assert type(caught.value) is kind
    assert f"pushing {fake.host}/{REPOSITORY}:1.0.0 failed" in caught.value.message
    assert caught.value.hint


async def test_content_is_verified(fake: FakeRegistry, client: RegistryClient) -> None:
    digest = await client.push_blob(REPOSITORY, b"content")
    fake.blobs[digest] = b"other"
    with pytest.raises(DigestMismatchError, match="is not what was asked for"):
        await client.fetch_blob(REPOSITORY, digest)
    manifest = await client.push_manifest(REPOSITORY, "v1", Manifest(2))
    kind, content = fake.manifests[REPOSITORY, manifest]
    fake.manifests[REPOSITORY, manifest] = (kind, content + b" ")
    with pytest.raises(DigestMismatchError):
        await client.fetch_manifest(REPOSITORY, manifest)


async def test_endless_blobs_are_refused(fake: FakeRegistry, client: RegistryClient) -> None:
    digest = await client.push_blob(REPOSITORY, b"x" * 5000)
    with pytest.raises(UnreachableError, match="longer than 1000 bytes"):
        await client.fetch_blob(REPOSITORY, digest, limit=1000)


async def test_an_upload_that_breaks_off_begins_anew(fake: FakeRegistry, client: RegistryClient) -> None:
    fake.faults.append(times(1, CUT, lambda asked: asked.method == "PUT"))
    digest = await client.push_blob(REPOSITORY, b"content")
    assert fake.blobs[digest] == b"content"
    assert fake.count("POST", "/uploads/") == 2


async def test_an_upload_whose_answer_was_lost_is_not_sent_twice(fake: FakeRegistry, client: RegistryClient) -> None:
    def store_and_cut(asked: Asked) -> Answer | None:
        if asked.method == "PUT" and not fake.blobs:
            fake.blobs[asked.query["digest"]] = asked.body
            return CUT
        return None

    fake.faults.append(store_and_cut)
    await client.push_blob(REPOSITORY, b"content")
    assert fake.count("PUT") == 1


async def test_uploads_stay_on_the_scheme_we_chose(fake: FakeRegistry, client: RegistryClient) -> None:
    """A registry behind a proxy names itself with another scheme; credentials must not follow."""
    location = f"https://{fake.host}/v2/{REPOSITORY}/blobs/uploads/session?state=x"
    fake.faults.append(times(1, Answer(202, {"Location": location}), lambda asked: asked.method == "POST"))
    assert await client.push_blob(REPOSITORY, b"content")


async def test_one_token_serves_all_requests_of_a_scope() -> None:
    async with FakeRegistry(auth="bearer") as fake:
        login = Credentials(fake.user, fake.password)
        async with RegistryClient(fake.host, plain_http=True, credentials=login) as client:
            await client.resolve(REPOSITORY, "1.0.0")
            await asyncio.gather(*(client.blob_exists(REPOSITORY, MISSING) for _ in range(20)))
            await client.push_blob(REPOSITORY, b"content")
            await client.push_blob(REPOSITORY, b"other")
        assert fake.tokens_given == [
            "token-0-repository:charts/shop:pull",
            "token-1-repository:charts/shop:pull,push",
        ]


async def test_an_expired_token_is_fetched_anew() -> None:
    async with FakeRegistry(auth="bearer") as fake:
        login = Credentials(fake.user, fake.password)
        async with RegistryClient(fake.host, plain_http=True, credentials=login) as client:
            await client.resolve(REPOSITORY, "1.0.0")
            fake.tokens_given[:] = ["withdrawn"]
            assert await client.resolve(REPOSITORY, "1.0.0") is None


async def test_identity_tokens_are_exchanged() -> None:
    async with FakeRegistry(auth="bearer") as fake:
        login = Credentials(identity_token=fake.password)
        async with RegistryClient(fake.host, plain_http=True, credentials=login) as client:
            await client.ping()
        assert fake.count("POST", "/token") == 1


@pytest.mark.parametrize("auth", ["bearer", "basic"])
@pytest.mark.parametrize("known", [True, False])
async def test_who_is_not_let_in_is_told_and_no_secret_shows(
    auth: str, known: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    login = Credentials("joe", "wr0ng-secret") if known else None
    async with (
        FakeRegistry(auth=auth) as fake,
        RegistryClient(fake.host, plain_http=True, credentials=login, sleep=Pauses()) as client,
    ):
        with pytest.raises(UnreachableError, match="does not let us in") as caught:
            await client.push_blob(REPOSITORY, b"content")
    assert f"helm registry login {fake.host}" in str(caught.value.hint)
    secret = ("wr0ng-secret", "d3Iwbmctc2VjcmV0", "am9lOndyMG5n")
    said = f"{caught.value!r} {caught.value.hint} {login!r} {caplog.text}"
    assert not any(part in said for part in secret)


async def test_a_token_service_over_plain_http_is_not_trusted_by_a_tls_registry(fake: FakeRegistry) -> None:
    from helmkit.http.exchange import Reply
    from helmkit.http.pool import HttpExchange
    from helmkit.oci.tokens import Authenticator, TokenRefusedError

    exchange = HttpExchange(f"https://{fake.host}", {}, None)
    secure = Authenticator(exchange, f"https://{fake.host}", fake.host, Credentials("joe", "s3cret"))
    header = f'Bearer realm="http://{fake.host}/token",service="x"'
    assert secure.learn(Reply(401, {"www-authenticate": header}, b"", ""), "scope", None)
    with pytest.raises(TokenRefusedError, match="cannot be trusted"):
        await secure.header("scope")
    assert fake.requests == []
    await exchange.aclose()


async def test_credentials_do_not_follow_a_redirect(fake: FakeRegistry) -> None:
    login = Credentials("joe", "s3cret")
    async with (
        FakeRegistry(auth="basic") as origin,
        RegistryClient(origin.host, plain_http=True, credentials=login) as client,
    ):
        fake.blobs[bytes_digest(b"content")] = b"content"
        target = f"http://{fake.host}/v2/{REPOSITORY}/blobs/{bytes_digest(b'content')}"
        await client.ping()
        origin.faults.append(times(1, Answer(307, {"Location": target})))
        assert await client.fetch_blob(REPOSITORY, bytes_digest(b"content")) == b"content"
    [seen] = fake.requests
    assert "authorization" not in seen.headers


async def test_cookies_are_not_kept(fake: FakeRegistry, client: RegistryClient) -> None:
    await client.ping()
    await client.ping()
    assert all("cookie" not in asked.headers for asked in fake.requests)


@pytest.mark.parametrize("host", ["", "joe:pw@host", "host/path", "https://host"])
def test_hosts_are_checked(host: str) -> None:
    with pytest.raises(UsageError):
        RegistryClient(host)


async def test_repositories_are_checked(client: RegistryClient) -> None:
    with pytest.raises(UsageError):
        await client.list_tags("Not/Valid")


async def test_a_private_ca_that_cannot_be_read() -> None:
    with pytest.raises(UsageError, match=r"/nonexistent\.pem"):
        RegistryClient("registry.example.org", environ={"SSL_CERT_FILE": "/nonexistent.pem"})


@pytest.mark.parametrize("auth", ["basic", "bearer"])
async def test_many_requests_learn_how_to_log_in_at_once(auth: str) -> None:
    async with FakeRegistry(auth=auth) as registry:
        login = Credentials(registry.user, registry.password)
        async with RegistryClient(registry.host, plain_http=True, credentials=login) as client:
            found = await asyncio.gather(*(client.resolve(f"charts/shop-{n}", "1.0.0") for n in range(8)))
    assert found == [None] * 8
