"""What publishing relies on in a registry, asked of the fake, of distribution and of a double of Harbor."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from helmkit.charts import build_archive, bytes_digest
from helmkit.oci import (
    AlreadyPublishedError,
    ArtifactNotFoundError,
    Credentials,
    RegistryClient,
    RegistryError,
    pull_chart,
    push_chart,
)
from helmkit.oci.manifest import CHART_CONFIG, CHART_LAYER, Descriptor, Manifest, render_manifest
from helmkit.oci.package import build_manifest
from helmkit.process import Completed, run_process
from helmkit.yaml import parse_yaml
from tests.contract.conftest import REAL
from tests.contract.fake_registry import FakeRegistry
from tests.harbor.double import HarborDouble
from tests.harbor.double.harbor import ADMIN, PASSWORD

if TYPE_CHECKING:
    from sandbox.cluster import Sandbox

CHART_YAML = """\
apiVersion: v2
name: shop
version: VERSION
appVersion: "1e3"
description: Everything a shop needs, with ünïcödé 🚀
home: https://example.org/shop
sources: [https://git.example.org/shop, https://second.example.org]
maintainers:
  - {name: Joe, email: joe@example.org}
  - {name: Ann}
annotations:
  relman.internal/platform: shop
  org.opencontainers.image.title: not the title
"""


@dataclass(frozen=True)
class Shelf:
    """A registry, and a repository of the test's own in it."""

    client: RegistryClient
    repository: str
    environ: Mapping[str, str] | None = None


def chart_files(version: str = "1.0.0", value: str = "a: 1\n") -> dict[str, bytes]:
    return {
        "Chart.yaml": CHART_YAML.replace("VERSION", version).encode(),
        "values.yaml": value.encode(),
        "templates/x.yaml": b"kind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\n",
    }


def pack(version: str = "1.0.0", value: str = "a: 1\n") -> tuple[bytes, bytes]:
    files = chart_files(version, value)
    return build_archive("shop", files), files["Chart.yaml"]


async def push(shelf: Shelf, version: str = "1.0.0", value: str = "a: 1\n", created: str | None = None) -> Any:
    archive, chart_yaml = pack(version, value)
    return await push_chart(shelf.client, shelf.repository, "shop", version, archive, chart_yaml, created=created)


@pytest.fixture(params=["fake", "fake-bearer", "fake-basic", "harbor", pytest.param("real", marks=REAL)])
async def shelf(request: pytest.FixtureRequest) -> AsyncIterator[Shelf]:
    repository = f"charts/{secrets.token_hex(4)}/shop"
    if request.param == "real":
        sandbox: Sandbox = request.getfixturevalue("sandbox")
        async with RegistryClient(sandbox.registry, plain_http=True) as client:
            yield Shelf(client, repository, {**os.environ, **sandbox.environ})
    elif request.param == "harbor":
        async with HarborDouble() as harbor:
            harbor.add_project("charts")
            login = Credentials(ADMIN, PASSWORD)
            async with RegistryClient(harbor.host, plain_http=True, credentials=login) as client:
                yield Shelf(client, repository)
    else:
        auth = request.param.partition("-")[2] or "none"
        async with FakeRegistry(auth=auth, page_size=3) as fake:
            login = Credentials(fake.user, fake.password)
            async with RegistryClient(fake.host, plain_http=True, credentials=login) as client:
                yield Shelf(client, repository)


async def test_it_is_a_registry(shelf: Shelf) -> None:
    await shelf.client.ping()


async def test_blobs_come_back_and_are_sent_once(shelf: Shelf) -> None:
    client, repository = shelf.client, shelf.repository
    content = secrets.token_bytes(100_000)
    assert not await client.blob_exists(repository, bytes_digest(content))
    digest = await client.push_blob(repository, content)
    assert digest == bytes_digest(content)
    assert await client.blob_exists(repository, digest)
    assert await client.push_blob(repository, content) == digest
    assert await client.fetch_blob(repository, digest) == content
    with pytest.raises(ArtifactNotFoundError):
        await client.fetch_blob(repository, bytes_digest(b"never"))


async def test_manifests_by_tag_and_by_digest(shelf: Shelf) -> None:
    client, repository = shelf.client, shelf.repository
    config = await client.push_blob(repository, b"{}")
    manifest = Manifest(
        schemaVersion=2,
        mediaType="application/vnd.oci.image.manifest.v1+json",
        config=Descriptor("application/vnd.oci.image.config.v1+json", config, 2),
        annotations={"a": "ü"},
    )
    digest = await client.push_manifest(repository, "v1", manifest)
    assert await client.resolve(repository, "v1") == digest
    assert await client.resolve(repository, digest) == digest
    assert await client.fetch_manifest(repository, "v1") == (manifest, digest)
    assert await client.fetch_manifest(repository, digest) == (manifest, digest)


async def test_what_is_missing_is_told_by_the_registry_itself(shelf: Shelf) -> None:
    assert await shelf.client.resolve(shelf.repository, "1.0.0") is None
    await push(shelf)
    assert await shelf.client.resolve(shelf.repository, "2.0.0") is None
    assert await shelf.client.resolve(shelf.repository, bytes_digest(b"never")) is None
    with pytest.raises(ArtifactNotFoundError, match=r"2\.0\.0"):
        await shelf.client.fetch_manifest(shelf.repository, "2.0.0")


async def test_all_tags_are_listed(shelf: Shelf) -> None:
    with pytest.raises(ArtifactNotFoundError):
        await shelf.client.list_tags(shelf.repository)
    versions = [f"1.0.{number}" for number in range(8)]
    await asyncio.gather(*(push(shelf, version) for version in versions))
    assert sorted(await shelf.client.list_tags(shelf.repository)) == versions


async def test_a_chart_comes_back_as_it_was_pushed(shelf: Shelf) -> None:
    result = await push(shelf, created="2026-11-21T00:00:00Z")
    assert result.action == "pushed"
    for reference in ("1.0.0", result.digest):
        assert await pull_chart(shelf.client, shelf.repository, reference) == (pack()[0], result.digest)
    manifest, _ = await shelf.client.fetch_manifest(shelf.repository, "1.0.0")
    assert manifest.config is not None
    assert (manifest.config.mediaType, [one.mediaType for one in manifest.layers]) == (CHART_CONFIG, [CHART_LAYER])
    assert manifest.annotations == {
        "org.opencontainers.image.authors": "Joe (joe@example.org), Ann",
        "org.opencontainers.image.created": "2026-11-21T00:00:00Z",
        "org.opencontainers.image.description": "Everything a shop needs, with ünïcödé 🚀",
        "org.opencontainers.image.source": "https://git.example.org/shop",
        "org.opencontainers.image.title": "shop",
        "org.opencontainers.image.url": "https://example.org/shop",
        "org.opencontainers.image.version": "1.0.0",
        "relman.internal/platform": "shop",
    }
    config = json.loads(await shelf.client.fetch_blob(shelf.repository, manifest.config.digest))
    assert (config["name"], config["appVersion"]) == ("shop", "1e3")


async def test_pushing_again_changes_nothing(shelf: Shelf) -> None:
    first = await push(shelf)
    again = await push(shelf)
    assert (again.digest, again.action) == (first.digest, "unchanged")
    # Packed at another time, or by another hand: the content counts.
    stamped = await push(shelf, created="2026-11-21T00:00:00Z")
    assert (stamped.digest, stamped.action) == (first.digest, "unchanged")


async def test_a_published_version_never_changes(shelf: Shelf) -> None:
    first = await push(shelf)
    with pytest.raises(AlreadyPublishedError) as caught:
        await push(shelf, value="a: 2\n")
    assert first.digest in caught.value.message
    assert caught.value.message.count("sha256:") == 2
    assert "chartgen bump" in str(caught.value.hint)
    assert await shelf.client.resolve(shelf.repository, "1.0.0") == first.digest


async def test_build_metadata_in_versions(shelf: Shelf) -> None:
    result = await push(shelf, "1.2.0+build.7")
    assert await shelf.client.list_tags(shelf.repository) == ["1.2.0_build.7"]
    assert (await pull_chart(shelf.client, shelf.repository, "1.2.0+build.7"))[1] == result.digest


async def test_what_is_no_chart_is_said_to_be_none(shelf: Shelf) -> None:
    config = await shelf.client.push_blob(shelf.repository, b"{}")
    image = Manifest(
        schemaVersion=2,
        mediaType="application/vnd.oci.image.manifest.v1+json",
        config=Descriptor("application/vnd.oci.image.config.v1+json", config, 2),
    )
    await shelf.client.push_manifest(shelf.repository, "v1", image)
    with pytest.raises(RegistryError, match=r"not a Helm chart but application/vnd\.oci\.image\.config"):
        await pull_chart(shelf.client, shelf.repository, "v1")


async def helm(shelf: Shelf, program: Path, *arguments: str) -> Completed:
    assert shelf.environ is not None
    return await run_process([str(program), *arguments], environ=shelf.environ, limit=60)


@pytest.mark.sandbox
@pytest.mark.parametrize("name", ["helm", "helm3"])
async def test_helm_reads_what_we_pushed(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    program = getattr(sandbox, name)
    repository = f"charts/{secrets.token_hex(4)}/shop"
    async with RegistryClient(sandbox.registry, plain_http=True) as client:
        shelf = Shelf(client, repository, {**os.environ, **sandbox.environ})
        result = await push(shelf, "1.2.0+build.7")
        url = f"oci://{sandbox.registry}/{repository}"
        version = ("--version", "1.2.0+build.7", "--plain-http")
        pulled = await helm(shelf, program, "pull", url, *version, "-d", str(tmp_path))
        assert pulled.returncode == 0, pulled.stderr
        assert result.digest.encode() in pulled.stdout + pulled.stderr
        assert (tmp_path / "shop-1.2.0+build.7.tgz").read_bytes() == pack("1.2.0+build.7")[0]
        shown = await helm(shelf, program, "show", "chart", url, *version)
        assert parse_yaml(shown.stdout) == parse_yaml(pack("1.2.0+build.7")[1])
        rendered = await helm(shelf, program, "template", "x", url, *version)
        assert b"kind: ConfigMap" in rendered.stdout


@pytest.mark.sandbox
@pytest.mark.parametrize("name", ["helm", "helm3"])
async def test_our_manifest_is_helms_manifest(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    archive, chart_yaml = pack()
    file = tmp_path / "shop-1.0.0.tgz"
    file.write_bytes(archive)
    os.utime(file, (1_700_000_000, 1_700_000_000))
    parent = f"charts/{secrets.token_hex(4)}"
    async with RegistryClient(sandbox.registry, plain_http=True) as client:
        shelf = Shelf(client, f"{parent}/shop", {**os.environ, **sandbox.environ})
        url = f"oci://{sandbox.registry}/{parent}"
        pushed = await helm(shelf, getattr(sandbox, name), "push", str(file), url, "--plain-http")
        assert pushed.returncode == 0, pushed.stderr
        theirs, digest = await client.fetch_manifest(shelf.repository, "1.0.0")
        assert theirs.config is not None
        config = await client.fetch_blob(shelf.repository, theirs.config.digest)
        key = "org.opencontainers.image.created"
        ours = build_manifest("shop", "1.0.0", archive, config, annotations={key: theirs.annotations[key]})
        assert ours == theirs
        assert bytes_digest(render_manifest(ours)) == digest
        # What helm pushed counts as published, whatever time stands in it.
        result = await push_chart(client, shelf.repository, "shop", "1.0.0", archive, chart_yaml, created=None)
        assert (result.digest, result.action) == (digest, "unchanged")
