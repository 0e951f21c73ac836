"""What a pull error is about: a wrong name, missing rights, or a bad network."""

from __future__ import annotations

import pytest

from relman.core.diagnosis.images import classify_pull_error

IMAGE = "harbor.example/shop/web:3"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        # containerd, CRI-O, Docker; the registries' own codes
        (f'rpc error: code = NotFound desc = failed to resolve reference "{IMAGE}": {IMAGE}: not found', "not-found"),
        (f"reading manifest 3 in harbor.example/shop/web: manifest unknown: manifest {IMAGE} not found", "not-found"),
        ("Error response from daemon: manifest for shop/web:3 not found: manifest unknown", "not-found"),
        ("no match for platform in manifest: not found", "not-found"),
        ("name unknown: repository shop/web not found", "not-found"),
        (
            "pull access denied, repository does not exist or may require authorization: insufficient_scope: "
            "authorization failed",
            "denied",
        ),
        ("unexpected status from HEAD request to https://harbor.example/v2/shop/web: 403 Forbidden", "denied"),
        ("failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized", "denied"),
        ("no basic auth credentials", "denied"),
        ('Head "https://harbor.example/v2/": dial tcp: lookup harbor.example: no such host', "error"),
        ("dial tcp 10.0.0.1:443: connect: connection refused", "error"),
        ("unexpected status from HEAD request: 503 Service Unavailable", "error"),
        ("502 Bad Gateway: upstream not found", "error"),
        ("toomanyrequests: You have reached your pull rate limit", "error"),
        ("tls: failed to verify certificate: x509: certificate signed by unknown authority", "error"),
        ("http: server gave HTTP response to HTTPS client", "error"),
        ("net/http: TLS handshake timeout", "error"),
        ("image pull failed because the registry is unavailable: connection reset", "error"),
        (f'Back-off pulling image "{IMAGE}"', "error"),
        ("", "error"),
    ],
)
def test_classify_pull_error(text: str, kind: str) -> None:
    expected = {"not-found": "image-not-found", "denied": "image-pull-denied", "error": "image-pull-error"}[kind]
    assert classify_pull_error(text, IMAGE) == expected


@pytest.mark.parametrize(
    "image", ["docker.io/library/denied:404", "unauthorized/not-found:503", "harbor.example:5000/x509/eof:timeout"]
)
def test_words_in_the_images_name_are_no_verdict(image: str) -> None:
    assert classify_pull_error(f'Back-off pulling image "{image}"', image) == "image-pull-error"
    assert classify_pull_error(f"{image}: not found", image) == "image-not-found"
    # Runtimes complete short names.
    assert classify_pull_error(f"docker.io/{image}: not found", image) == "image-not-found"
