"""Tokens: as few as can be, renewed once, and passwords only to whom they belong."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import pytest

from helmkit.http.exchange import Reply
from helmkit.oci import Credentials
from helmkit.oci.tokens import Authenticator, TokenRefusedError

HOST, BASE = "registry.example", "https://registry.example"
WHO = Credentials("robot$charts+ci", "s3cret")
REALM = "https://auth.example/token"


class TokenService:
    """Gives a new token for every request, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        """Host and path, and the scopes."""
        self.sizes: list[int] = []

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
        assert headers["Authorization"] == WHO.basic
        parts = urlsplit(url)
        scopes = tuple(value for key, value in parse_qsl(parts.query) if key == "scope")
        self.asked.append((f"{parts.scheme}://{parts.netloc}{parts.path}", scopes))
        self.sizes.append(len(url))
        return Reply(200, {}, f'{{"token":"t{len(self.asked)}","expires_in":300}}'.encode(), url)

    async def aclose(self) -> None:
        pass


def challenge(service: str = "registry", realm: str = REALM) -> Reply:
    return Reply(401, {"www-authenticate": f'Bearer realm="{realm}",service="{service}"'}, b"", "")


def made(service: str = "registry", realm: str = REALM, base: str = BASE) -> tuple[Authenticator, TokenService]:
    tokens = TokenService()
    authenticator = Authenticator(tokens, base, HOST, WHO)
    assert authenticator.learn(challenge(service, realm), scope("shop"), None)
    return authenticator, tokens


def scope(name: str, *, write: bool = True) -> str:
    return f"repository:charts/{name}:{'pull,push' if write else 'pull'}"


async def test_what_is_expected_shares_a_token() -> None:
    authenticator, tokens = made()
    names = [f"shop/service-{number}" for number in range(40)]
    authenticator.expect(scope(name) for name in names)
    proofs = {await authenticator.header(scope(name)) for name in names}
    # Who may push may pull.
    proofs |= {await authenticator.header(scope(name, write=False)) for name in names}
    assert proofs == {"Bearer t1"}
    assert tokens.asked == [(REALM, tuple(scope(name) for name in names))]
    assert await authenticator.header(scope("other")) == "Bearer t2"


async def test_a_thousand_repositories_do_not_fit_into_one_request() -> None:
    authenticator, tokens = made()
    names = [f"shop/a-service-with-a-long-name-{number}" for number in range(1000)]
    authenticator.expect(scope(name) for name in names)
    for name in names:
        await authenticator.header(scope(name))
    assert sum(len(scopes) for _, scopes in tokens.asked) == 1000
    # nginx refuses request lines and headers above 8 KiB, and a token names its scopes.
    assert max(tokens.sizes) < 8000
    assert 10 <= len(tokens.asked) <= 30


async def test_harbors_token_opens_the_project() -> None:
    authenticator, tokens = made("harbor-registry", "https://harbor.internal/service/token")
    for name in ("shop", "shop/gateway", "other"):
        for write in (True, False):
            assert await authenticator.header(scope(name, write=write)) == "Bearer t1"
    assert await authenticator.header("repository:stable/shop:pull") == "Bearer t2"
    # The password goes to the address that was named to us, not to the one that Harbor believes to have.
    assert {where for where, _ in tokens.asked} == {f"{BASE}/service/token"}


async def test_a_refused_token_is_renewed_once() -> None:
    authenticator, tokens = made()
    proof = await authenticator.header(scope("shop"))
    authenticator.learn(Reply(200, {}, b"", ""), scope("shop"), proof)
    # It was good and is no longer: once more. The new one is refused at once: that is an answer.
    assert authenticator.learn(challenge(), scope("shop"), proof)
    again = await authenticator.header(scope("shop"))
    assert again == "Bearer t2"
    assert authenticator.learn(challenge(), scope("shop"), proof)  # Another request still had the old one.
    assert not authenticator.learn(challenge(), scope("shop"), again)
    assert len(tokens.asked) == 2


async def test_who_asks_for_one_thing_too_many_asks_for_each_alone() -> None:
    authenticator, tokens = made()
    authenticator.expect([scope("shop"), scope("foreign")])
    proof = await authenticator.header(scope("shop"))
    assert authenticator.learn(challenge(), scope("shop"), proof)
    assert await authenticator.header(scope("shop")) == "Bearer t2"
    assert tokens.asked[-1] == (REALM, (scope("shop"),))


@pytest.mark.parametrize("realm", ["http://auth.example/token", "file:///etc/passwd", ""])
async def test_a_password_is_not_sent_in_the_clear_where_the_registry_has_tls(realm: str) -> None:
    authenticator, tokens = made(realm=realm)
    with pytest.raises(TokenRefusedError, match="cannot be trusted"):
        await authenticator.header(scope("shop"))
    assert tokens.asked == []
