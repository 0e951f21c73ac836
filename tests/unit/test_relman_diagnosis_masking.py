"""No secret, and nothing a terminal would obey, in anything a cluster or a container said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relman.core.diagnosis import Cause, safe_text

SECRET = "hunter2-Zq"  # what must not come through

MASKED = [
    f"spring.datasource.password={SECRET}",
    f"spring.datasource.password: {SECRET}",
    f"DB_PASSWORD={SECRET} next",
    f'MYSQL_SERVICE_PASSWORD="{SECRET} with blanks"',
    f'{{"client-secret": "{SECRET}", "user": "x"}}',
    f"token='{SECRET}'",
    f"apiKey={SECRET}",
    f"access_key: {SECRET}",
    f'{{"auth":"{SECRET}"}}',
    f"jdbc:mysql://app:{SECRET}@db.example/elk?useSSL=false",
    f"jdbc:mysql://db.example/elk?user=app&password={SECRET}&x=1",
    f"mongodb+srv://app:{SECRET}@mongo.example/db",
    f"Authorization: Bearer {SECRET}",
    f"authorization=Basic {SECRET}==",
    f"sent Bearer {SECRET}_token",
    f"Set-Cookie: session={SECRET}; Path=/",
    f"java -jar app.jar --db-password {SECRET} --port 80",
    f"password=\x1b[31m{SECRET}\x1b[0m",
    f"-----BEGIN RSA PRIVATE KEY-----\nMII{SECRET}\nabc\n-----END RSA PRIVATE KEY-----",
    f"-----BEGIN PRIVATE KEY-----\nMII{SECRET}",
    f'password="{SECRET}',
]


@pytest.mark.parametrize("text", MASKED)
def test_masks(text: str) -> None:
    shown = safe_text(text)
    assert SECRET not in shown
    assert "***" in shown


def test_masks_tokens_by_their_shape() -> None:
    assert safe_text("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl back") == "got *** back"
    assert safe_text("key AKIAIOSFODNN7EXAMPLE used") == "key *** used"


@pytest.mark.parametrize(
    "text",
    [
        'secret "db-creds" not found',
        "couldn't find key password in Secret shop/db-creds",
        "references non-existent secret key: password",
        'MountVolume.SetUp failed for volume "tls" : secret "web-tls" not found',
        "exceeded quota: compute, requested: secrets=1, used: secrets=5, limited: secrets=5",
        'error looking up service account shop/web: serviceaccount "web" not found',
        "pull access denied, authorization failed: no basic auth credentials",
        "failed to authorize: 401 Unauthorized",
        "token expired",
        "Back-off pulling image \"harbor.example/a@sha256:0d1e2f\": not found",
        "0/3 nodes are available: 3 Insufficient cpu.",
        "basic authentication is not configured",
        "line one\n\tat com.example.Main(Main.java:12)",
    ],
)  # fmt: skip
def test_leaves_alone(text: str) -> None:
    assert safe_text(text) == text


def test_terminal_escapes_and_direction_marks_are_removed() -> None:
    hostile = "\x1b]0;title\x07\x1b[2J\x1b[1;31mERROR\x1b[0m \u202eabc\r\nnext\x00\x9b31m"
    assert safe_text(hostile) == "ERROR abc\nnext31m"


@given(st.text())
def test_twice_is_once(text: str) -> None:
    assert safe_text(safe_text(text)) == safe_text(text)


@given(st.text(max_size=200))
def test_nothing_a_terminal_obeys_is_left(text: str) -> None:
    assert not any((ord(char) < 32 and char not in "\n\t") or 0x7F <= ord(char) <= 0x9F for char in safe_text(text))


def test_a_cause_cannot_hold_a_secret() -> None:
    cause = Cause(
        "crash", f"exits: password={SECRET}", f"token={SECRET}", ("Pod/web",), f"curl -u x:{SECRET} password={SECRET}"
    )
    assert SECRET not in cause.summary + cause.detail
    assert "password=***" in cause.hint
