"""Charts of third parties are fetched once: from a repository with an index, from a URL, and never twice."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chartgen.manifest.load import load_platform
from chartgen.vendoring.fetch import fetch_charts
from helmkit.charts import build_archive, bytes_digest
from helmkit.errors import HelmkitError, UnreachableError, UsageError
from helmkit.yaml import dump_yaml
from tests.builders.releases import HEAD

CHART = {"Chart.yaml": b"apiVersion: v2\nname: harbor\nversion: 1.15.0\n", "templates/a.yaml": b"a: 1\n"}
ARCHIVE = build_archive("harbor", CHART)
DIGEST = bytes_digest(ARCHIVE)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    site = tmp_path / "site" / "charts"
    site.mkdir(parents=True)
    entry = {"version": "1.15.0", "urls": ["files/harbor-1.15.0.tgz"], "digest": DIGEST.removeprefix("sha256:")}
    (site / "index.yaml").write_text(dump_yaml({"apiVersion": "v1", "entries": {"harbor": [entry]}}))
    (site / "files").mkdir()
    (site / "files" / "harbor-1.15.0.tgz").write_bytes(ARCHIVE)
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            asked.append(self.path)

    http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path / "site")))
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}", asked
    http.shutdown()
    thread.join()
    http.server_close()


def fetch(folder: Path, chart: str, *, version: str = "1.15.0", digest: str = DIGEST) -> tuple[str, ...]:
    platform = folder / "platform"
    platform.mkdir(exist_ok=True)
    pin = f'digest = "{digest}"\n' if digest else ""
    service = '[services.hub]\narchetype = "vendor-chart"\nnamespace = "data"\n'
    (platform / "releases.toml").write_text(
        f'{HEAD}{service}chart = "{chart}"\nversion = "{version}"\n{pin}'.replace('default_environment = "dev"', "")
    )
    return asyncio.run(fetch_charts(load_platform(platform), platform, {}))


@pytest.mark.parametrize("path", ["/charts/harbor", "/charts/files/harbor-1.15.0.tgz"])
def test_it_is_fetched_once_and_kept(tmp_path: Path, server: tuple[str, list[str]], path: str) -> None:
    url, asked = server
    new = fetch(tmp_path, url + path)
    assert len(new) == 1
    assert (tmp_path / "platform" / new[0]).read_bytes() == ARCHIVE
    asked.clear()
    assert fetch(tmp_path, url + path) == ()
    assert asked == []


def test_what_is_not_pinned_or_another_is_not_kept(tmp_path: Path, server: tuple[str, list[str]]) -> None:
    url = server[0] + "/charts/harbor"
    with pytest.raises(UsageError, match="is not pinned") as unpinned:
        fetch(tmp_path, url, digest="")
    assert DIGEST in str(unpinned.value.hint)
    with pytest.raises(UsageError, match="not what is pinned"):
        fetch(tmp_path, url, digest="sha256:" + "0" * 64)
    assert not (tmp_path / "platform" / "vendor").exists()


def test_what_is_not_there(tmp_path: Path, server: tuple[str, list[str]]) -> None:
    url = server[0]
    with pytest.raises(HelmkitError, match=r"has no harbor 1\.16\.0; newest: 1\.15\.0"):
        fetch(tmp_path, f"{url}/charts/harbor", version="1.16.0")
    with pytest.raises(HelmkitError, match="the server answered 404"):
        fetch(tmp_path, f"{url}/nowhere/harbor")
    (tmp_path / "site" / "charts" / "index.yaml").write_text("- 1\n")
    with pytest.raises(HelmkitError, match="is not the index of a chart repository"):
        fetch(tmp_path, f"{url}/charts/harbor")
    with pytest.raises(UnreachableError, match="fetching"):
        fetch(tmp_path, "http://127.0.0.1:9/charts/harbor")
