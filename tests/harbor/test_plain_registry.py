"""Browsing, promoting and bundling with a real registry that is no Harbor (distribution)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chartgen.cli.browse import browse
from chartgen.cli.bundle import bundle
from chartgen.cli.promote import promote
from sandbox.cluster import Sandbox
from tests.harbor.commands import Run, runner
from tests.harbor.double import HarborDouble
from tests.harbor.platforms import digests, seed_image, seed_platform, sign
from tests.harbor.threaded import running_double

SERVICES = {"gateway": "1.4.2", "nacos": "1.3.0"}


@pytest.fixture
def double() -> Iterator[HarborDouble]:
    with running_double() as harbor:
        seed_image(harbor.state, harbor.add_project("images"), "nacos", "1.2.0")
        images = (f"{harbor.host}/images/nacos:1.2.0",)
        seed_platform(harbor.state, harbor.add_project("charts"), "1.4.2", SERVICES, images=images)
        yield harbor


@pytest.fixture
def folder(double: HarborDouble, tmp_path: Path) -> Path:
    login = {"username": "admin", "password": "Harbor-12345"}
    (tmp_path / "config.json").write_text(json.dumps({"auths": {double.host: login}}))
    return tmp_path


def test_a_platform_goes_there_and_comes_back(
    sandbox: Sandbox,
    double: HarborDouble,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(command: object) -> Run:
        return runner(command, folder, capsys, monkeypatch)

    charts = double.state.projects["charts"]
    signature = sign(double.state, charts, "shop", "1.4.2")
    source, mirror = f"oci://{double.host}/charts/shop:1.4.2", f"oci://{sandbox.registry}/{folder.name.lower()}"
    for action in ("copied", "unchanged"):
        code, out, err = run(promote)(source, mirror, "--plain-http", "--images", "-o", "json")
        assert code == 0, err
        assert {one["action"] for one in json.loads(out)} == {action}
    code, out, err = run(browse)(f"{mirror}/shop", "--plain-http", "-o", "json")
    assert code == 0, err
    assert [v["digest"] for v in json.loads(out)["versions"]] == [digests(charts)["shop:1.4.2"]]
    assert f"{folder.name.lower()}/shop/gateway" in run(browse)(f"oci://{sandbox.registry}", "--plain-http")[1]
    # helm itself reads it.
    argv = [str(sandbox.helm), "pull", f"{mirror}/shop", "--version=1.4.2", "--plain-http", f"--destination={folder}"]
    subprocess.run(argv, check=True, capture_output=True)
    assert (folder / "shop-1.4.2.tgz").is_file()
    # The registry knows no referrers by itself; the signature is found through the tag that stands in for them.
    assert run(bundle)(f"{mirror}/shop:1.4.2", str(folder / "shop.tar"), "--plain-http")[0] == 0
    assert signature.removeprefix("sha256:").encode() in (folder / "shop.tar").read_bytes()
