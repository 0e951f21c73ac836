"""Archives on disk: written once, and again only when they hold something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from chartgen.build import BuiltPlatform, build_platform
from chartgen.manifest.load import parse_platform
from chartgen.package import write_packages
from helmkit.charts import build_archive

MANIFEST = """\
[platform]
name = "shop"
version = "1.0.0"
[registries.company]
host = "registry.example"
[namespaces.web]
[services.front]
archetype = "spring-service"
namespace = "web"
image = { registry = "company", repository = "shop/front" }
version = "1"
ports.http = 8080
resources = { memory = "512Mi" }
"""


@pytest.fixture(scope="module")
def built() -> BuiltPlatform:
    return build_platform(parse_platform({"releases.toml": MANIFEST, "values/dev.toml": ""}))


def test_every_chart_has_an_archive(built: BuiltPlatform, tmp_path: Path) -> None:
    written = write_packages(built, tmp_path / "dist")
    assert written == tuple(str(tmp_path / "dist" / name) for name in ("front-1.0.0.tgz", "shop-1.0.0.tgz"))
    (front,) = built.charts
    assert Path(written[0]).read_bytes() == build_archive("front", front.files)
    assert Path(written[1]).read_bytes() == build_archive("shop", built.files)


def test_what_is_right_is_not_packed_again(
    built: BuiltPlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = write_packages(built, tmp_path)
    Path(written[0]).write_bytes(b"damaged")
    packed = []

    def watched(name: str, files: dict[str, bytes]) -> bytes:
        packed.append(name)
        return build_archive(name, files)

    monkeypatch.setattr("chartgen.package.build_archive", watched)
    assert write_packages(built, tmp_path) == written
    assert packed == ["front"]
    assert Path(written[0]).read_bytes() != b"damaged"
