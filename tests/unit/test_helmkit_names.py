"""Names and image references."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmkit.names import (
    ImageReference,
    is_digest,
    is_dns_label,
    is_dns_name,
    is_port_name,
    is_registry_host,
    is_release_name,
    is_repository,
    is_service_name,
    is_tag,
    parse_image,
)

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (is_dns_label, ["a", "0", "a-b", "a" * 63], ["", "-a", "a-", "A", "a.b", "a_b", "a" * 64, "a\n", "é"]),
        (is_service_name, ["a", "a-0"], ["0a", "-a", ""]),
        (is_dns_name, ["a", "a.b-c.d", "0.1"], ["", "a..b", ".a", "a.", "A", "a" * 254]),
        (is_release_name, ["a", "a" * 53], ["a" * 54, "a.b", "--help"]),
        (is_port_name, ["http", "a1", "h2c-x"], ["", "80", "a--b", "-a", "a" * 16, "Http"]),
        (is_registry_host, ["h", "h:5000", "192.168.88.159:5000", "[::1]:5000"], ["", "h:", "h:123456", "a/b", "a b"]),
        (is_repository, ["a", "a/b/c", "a__b", "a-b.c"], ["", "/a", "a/", "A", "a//b", "a..b"]),
        (is_tag, ["1", "v1.2.3_build", "_x", "a" * 128], ["", ".a", "-a", "a b", "a" * 129, "a+b"]),
        (is_digest, [DIGEST], ["", "sha256:0", DIGEST.upper(), "sha512:" + "0" * 128]),
    ],
)
def test_checks(check: object, good: list[str], bad: list[str]) -> None:
    assert callable(check)
    assert [text for text in good if not check(text)] == []
    assert [text for text in bad if check(text)] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nginx", ImageReference("docker.io", "library/nginx")),
        ("nacos/nacos-server:1.2.0", ImageReference("docker.io", "nacos/nacos-server", "1.2.0")),
        ("192.168.88.159:5000/gateway-k8s:1", ImageReference("192.168.88.159:5000", "gateway-k8s", "1")),
        ("localhost/a", ImageReference("localhost", "a")),
        ("h.example/a/b/c", ImageReference("h.example", "a/b/c")),
        (f"h:5000/a:1@{DIGEST}", ImageReference("h:5000", "a", "1", DIGEST)),
        (f"a@{DIGEST}", ImageReference("docker.io", "library/a", None, DIGEST)),
    ],
)
def test_images_are_taken_apart(text: str, expected: ImageReference) -> None:
    assert parse_image(text) == expected
    assert parse_image(str(expected)) == expected


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "repository"),
        ("a:", "tag"),
        ("a@sha256:1", "digest"),
        ("a@", "digest"),
        ("A", "repository"),
        ("h:x/a", "registry"),
    ],
)
def test_what_is_no_image_is_named(text: str, part: str) -> None:
    with pytest.raises(ValueError, match=f"the {part} of image {re.escape(repr(text))}"):
        parse_image(text)


PARTS = st.from_regex(r"[a-z0-9]+([._-][a-z0-9]+)?", fullmatch=True)


@given(
    st.sampled_from(["docker.io", "h.example", "localhost:5000", "10.0.0.1:5000"]),
    st.lists(PARTS, min_size=2, max_size=3),
    st.none() | st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True),
)
def test_images_come_back(registry: str, parts: list[str], tag: str | None) -> None:
    reference = ImageReference(registry, "/".join(parts), tag)
    assert parse_image(str(reference)) == reference
