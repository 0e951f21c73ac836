"""What is read without a registry: references, challenges, credentials, manifests."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmkit.errors import UsageError
from helmkit.oci import ChartReference, Credentials, load_credentials, parse_oci_url, tag_for
from helmkit.oci.manifest import render_manifest
from helmkit.oci.package import build_manifest
from helmkit.oci.tokens import parse_challenge

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("oci://harbor.example/charts", ChartReference("harbor.example", "charts")),
        ("oci://harbor.example/charts/", ChartReference("harbor.example", "charts")),
        ("oci://localhost:5000/a/b/c:1.4.2", ChartReference("localhost:5000", "a/b/c", "1.4.2")),
        (f"oci://h/a@{DIGEST}", ChartReference("h", "a", None, DIGEST)),
        (f"oci://h/a:1@{DIGEST}", ChartReference("h", "a", "1", DIGEST)),
    ],
)
def test_urls_are_taken_apart_and_put_together(url: str, expected: ChartReference) -> None:
    assert parse_oci_url(url) == expected
    assert str(expected) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    ["", "https://h/a", "oci://", "oci://h", "oci://h/", "oci://h/A", "oci://h/a:", "oci://h/a@sha256:1", "oci:///a"],
)
def test_what_is_no_url_is_refused_with_a_hint(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_oci_url(url)
    assert "oci://host/project" in str(caught.value.hint)


@pytest.mark.parametrize("url", ["oci://joe:hunter2@h/a", "https://joe:hunter2@h/a"])
def test_passwords_in_urls_are_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_oci_url(url)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_children_and_tags() -> None:
    assert str(parse_oci_url("oci://h/charts").child("shop")) == "oci://h/charts/shop"
    assert tag_for("1.2.0+build.7") == "1.2.0_build.7"


def test_challenges() -> None:
    challenge = parse_challenge('Bearer realm="https://a/token?x=1,2",service="a b", scope="repository:x:pull,push"')
    assert challenge is not None
    assert challenge.scheme == "bearer"
    assert challenge.parameters == {
        "realm": "https://a/token?x=1,2",
        "service": "a b",
        "scope": "repository:x:pull,push",
    }
    assert parse_challenge("Basic realm=harbor") is not None
    assert parse_challenge("Negotiate abc") is None
    assert parse_challenge("") is None


def write(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def auth(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


async def test_helms_own_file_comes_first(tmp_path: Path) -> None:
    write(tmp_path / ".docker/config.json", {"auths": {"h": auth("docker", "d"), "other": auth("o", "p:q")}})
    write(tmp_path / ".config/helm/registry/config.json", {"auths": {"h": auth("helm", "h")}})
    environ = {"HOME": str(tmp_path)}
    assert await load_credentials("h", environ) == Credentials("helm", "h")
    assert await load_credentials("other", environ) == Credentials("o", "p:q")
    assert await load_credentials("nowhere", environ) is None
    named = write(tmp_path / "mine.json", {"auths": {"https://h/v1/": {"username": "u", "password": "p"}}})
    assert await load_credentials("h", environ, registry_config=named) == Credentials("u", "p")
    assert await load_credentials("h", {**environ, "HELM_REGISTRY_CONFIG": str(named)}) == Credentials("u", "p")


async def test_docker_hub_has_another_name(tmp_path: Path) -> None:
    write(tmp_path / "config.json", {"auths": {"https://index.docker.io/v1/": auth("u", "p")}})
    assert await load_credentials("docker.io", {"DOCKER_CONFIG": str(tmp_path)}) == Credentials("u", "p")


async def test_identity_tokens(tmp_path: Path) -> None:
    write(tmp_path / "config.json", {"auths": {"h": {"auth": "", "identitytoken": "t"}}})
    assert await load_credentials("h", {"DOCKER_CONFIG": str(tmp_path)}) == Credentials(identity_token="t")


@pytest.mark.parametrize("config", [{"credHelpers": {"h": "fake"}}, {"auths": {"h": {}}, "credsStore": "fake"}])
async def test_credential_helpers(tmp_path: Path, config: dict[str, object]) -> None:
    write(tmp_path / "config.json", config)
    environ = {"DOCKER_CONFIG": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    with pytest.raises(UsageError, match="docker-credential-fake"):
        await load_credentials("h", environ)
    helper = write(
        tmp_path / "docker-credential-fake",
        '#!/bin/sh\nread host\ntest "$1" = get && echo "{\\"Username\\":\\"$host\\",\\"Secret\\":\\"s\\"}"\n',
    )
    helper.chmod(0o755)
    assert await load_credentials("h", environ) == Credentials("h", "s")


@pytest.mark.parametrize("content", ["{", '{"auths": {"h": {"auth": "c2VjcmV0"}}}', '{"auths": {"h": {"auth": "§"}}}'])
async def test_damaged_files_are_told_without_their_content(tmp_path: Path, content: str) -> None:
    write(tmp_path / "config.json", content)
    with pytest.raises(UsageError) as caught:
        await load_credentials("h", {"DOCKER_CONFIG": str(tmp_path)})
    assert str(tmp_path) in caught.value.message
    assert "c2VjcmV0" not in caught.value.message
    assert "secret" not in caught.value.message


def test_credentials_do_not_show() -> None:
    shown = repr(Credentials("joe", "hunter2", "tok3n"))
    assert not any(secret in shown for secret in ("joe", "hunter2", "tok3n"))


@given(
    st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=20), max_size=5),
    st.binary(max_size=100),
)
def test_manifests_depend_on_their_input_alone(annotations: dict[str, str], archive: bytes) -> None:
    one = json.dumps({"name": "a", "annotations": annotations}).encode()
    first = render_manifest(build_manifest("a", "1.0.0", archive, one))
    second = render_manifest(build_manifest("a", "1.0.0", archive, one))
    assert first == second
    assert json.loads(first)["annotations"]["org.opencontainers.image.title"] == "a"
    assert b"created" not in first or "created" in str(annotations)


async def test_a_store_without_a_login_before_is_asked_and_need_not_know(tmp_path: Path) -> None:
    write(tmp_path / "config.json", {"credsStore": "cloud"})
    environ = {"DOCKER_CONFIG": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    # On a machine without that store registries for everybody must still work.
    assert await load_credentials("h", environ) is None
    helper = write(tmp_path / "docker-credential-cloud", '#!/bin/sh\necho "credentials not found"; exit 1\n')
    helper.chmod(0o755)
    assert await load_credentials("h", environ) is None
    write(helper, '#!/bin/sh\nread host\necho "{\\"Username\\":\\"$host\\",\\"Secret\\":\\"s\\"}"\n')
    assert await load_credentials("h", environ) == Credentials("h", "s")


@pytest.mark.parametrize("script", ["echo hunter2; exit 1", "echo hunter2", "echo [1]"])
async def test_a_helper_that_fails_is_told_without_its_words(tmp_path: Path, script: str) -> None:
    write(tmp_path / "config.json", {"credHelpers": {"h": "broken"}})
    write(tmp_path / "docker-credential-broken", f"#!/bin/sh\n{script}\n").chmod(0o755)
    environ = {"DOCKER_CONFIG": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    with pytest.raises(UsageError, match="docker-credential-broken was asked") as caught:
        await load_credentials("h", environ)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("config", [{"auths": None}, {"auths": []}, {"credHelpers": "x"}, []])
async def test_odd_files_have_no_credentials(tmp_path: Path, config: object) -> None:
    write(tmp_path / "config.json", config)
    assert await load_credentials("h", {"DOCKER_CONFIG": str(tmp_path)}) is None
