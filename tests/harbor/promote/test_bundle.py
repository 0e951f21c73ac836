"""`chartgen bundle` and publishing what it wrote on the other side of an air gap."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chartgen.cli.bundle import bundle, push_archive
from chartgen.cli.options import App
from chartgen.cli.push import push as push_command
from chartgen.harbor.connection import Access
from helmkit.console import Console
from helmkit.errors import HelmkitError, UsageError
from helmkit.oci import AlreadyPublishedError
from tests.harbor.commands import Run, log_in, runner
from tests.harbor.double import Fault, HarborDouble
from tests.harbor.double.seeding import chart_files, seed_chart
from tests.harbor.platforms import digests, seed_image, seed_platform, sign
from tests.harbor.threaded import running_double

SERVICES = {"gateway": "1.4.2", "nacos": "1.3.0"}


@pytest.fixture
def double() -> Iterator[HarborDouble]:
    with running_double() as harbor:
        seed_platform(harbor.state, harbor.add_project("charts"), "1.4.2", SERVICES)
        yield harbor


@pytest.fixture
def run(
    double: HarborDouble, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    repository = f'[charts]\nrepository = "oci://{double.host}/charts"\nplain_http = true\n'
    (tmp_path / "releases.toml").write_text(repository)
    log_in(tmp_path, double.host, "admin", "Harbor-12345")
    return runner(bundle, tmp_path, capsys, monkeypatch)


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[HarborDouble]:
    with running_double() as harbor:
        harbor.add_project("charts")
        yield harbor


def push(inside: HarborDouble, folder: Path, archive: Path, *, dry_run: bool = False) -> list[str]:
    log_in(folder, inside.host, "admin", "Harbor-12345")
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        app = App(folder, Console(nowhere, nowhere), {"HELM_REGISTRY_CONFIG": str(folder / "config.json")})
        access = Access(app.environ, plain_http=True)
        done = push_archive(app, access, archive, f"oci://{inside.host}/charts", dry_run=dry_run)
    return [f"{one.kind} {one.action}" for one in done]


def test_what_comes_out_is_what_went_in(run: Run, double: HarborDouble, inside: HarborDouble, tmp_path: Path) -> None:
    archive = tmp_path / "shop.tar"
    signature = sign(double.state, double.state.projects["charts"], "shop", "1.4.2")
    code, out, err = run("shop:1.4.2", str(archive))
    assert code == 0, err
    assert out.splitlines()[-1].split()[1] == "umbrella"
    assert push(inside, tmp_path, archive) == ["subchart copied", "subchart copied", "umbrella copied"]
    assert digests(inside.state.projects["charts"]) == digests(double.state.projects["charts"])
    assert signature in inside.state.projects["charts"].repositories["shop"].artifacts
    assert push(inside, tmp_path, archive) == ["subchart unchanged", "subchart unchanged", "umbrella unchanged"]


def test_the_command_pushes_a_bundle(
    run: Run,
    inside: HarborDouble,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    archive = tmp_path / "shop.tar"
    run("shop:1.4.2", str(archive))
    log_in(tmp_path, inside.host, "admin", "Harbor-12345")
    type_push = runner(push_command, tmp_path, capsys, monkeypatch)
    code, out, err = type_push("--bundle", str(archive), "--to", f"oci://{inside.host}/charts", "--plain-http")
    assert code == 0, err
    assert out.splitlines()[-1].split()[1] == "umbrella"
    code, _, err = type_push("--bundle", str(archive), "--from", "charts")
    assert code == 2
    assert "both say" in err


def test_the_same_version_gives_the_same_bytes(run: Run, tmp_path: Path) -> None:
    run("shop:1.4.2", str(tmp_path / "one.tar"))
    run("shop:1.4.2", str(tmp_path / "two.tar"))
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_it_is_an_oci_layout(run: Run, tmp_path: Path) -> None:
    archive = tmp_path / "shop.tar"
    run("shop:1.4.2", str(archive))
    with tarfile.open(archive) as tar:
        names = tar.getnames()
        index = json.loads(tar.extractfile("index.json").read())  # type: ignore[union-attr]
        layout = json.loads(tar.extractfile("oci-layout").read())  # type: ignore[union-attr]
    assert (names[0], names[-1]) == ("oci-layout", "index.json")
    assert layout == {"imageLayoutVersion": "1.0.0"}
    assert len(names) == len(set(names))
    references = [one["annotations"]["org.opencontainers.image.ref.name"] for one in index["manifests"]]
    assert references == ["shop/gateway:1.4.2", "shop/nacos:1.3.0", "shop:1.4.2"]


def test_images_come_along_with_all_architectures(
    run: Run, double: HarborDouble, inside: HarborDouble, tmp_path: Path
) -> None:
    index = seed_image(double.state, double.add_project("images"), "nacos-server", "1.2.0")
    image = f"{double.host}/images/nacos-server:1.2.0"
    seed_platform(double.state, double.state.projects["charts"], "1.5.0", SERVICES, images=(image,))
    archive = tmp_path / "shop.tar"
    code, _, err = run("shop:1.5.0", str(archive), "--images", "--plain-http-for", double.host)
    assert code == 0, err
    assert push(inside, tmp_path, archive)[-2:] == ["image copied", "umbrella copied"]
    held = inside.state.projects["charts"].repositories["images/images/nacos-server"]
    assert held.find("1.2.0").digest == index.digest  # type: ignore[union-attr]


def test_other_content_on_the_other_side_is_refused_before_anything_moves(
    run: Run, inside: HarborDouble, tmp_path: Path
) -> None:
    archive = tmp_path / "shop.tar"
    run("shop:1.4.2", str(archive))
    seed_chart(inside.state, inside.state.projects["charts"], "shop/nacos", chart_files("nacos", "1.3.0", home="h"))
    with pytest.raises(AlreadyPublishedError, match=r"charts/shop/nacos:1\.3\.0: there"):
        push(inside, tmp_path, archive)
    assert not [target for method, target, _ in inside.seen if method in {"POST", "PUT"}]


def test_a_dry_run_pushes_nothing(run: Run, inside: HarborDouble, tmp_path: Path) -> None:
    archive = tmp_path / "shop.tar"
    run("shop:1.4.2", str(archive))
    assert push(inside, tmp_path, archive, dry_run=True) == ["subchart would copy"] * 2 + ["umbrella would copy"]
    assert digests(inside.state.projects["charts"]) == {}


def test_an_archive_that_broke_off_is_not_left_behind(run: Run, double: HarborDouble, tmp_path: Path) -> None:
    double.fail(Fault("GET .*nacos/blobs", status=404, times=99))
    code, _, _ = run("shop:1.4.2", str(tmp_path / "shop.tar"))
    assert code == 1
    assert list(tmp_path.glob("*.tar*")) == list(tmp_path.glob(".*part")) == []


def test_a_blob_that_broke_off_is_fetched_again(run: Run, double: HarborDouble, tmp_path: Path) -> None:
    run("shop:1.4.2", str(tmp_path / "one.tar"))
    double.fail(Fault("GET .*nacos/blobs", close_after=True, times=2))
    code, _, err = run("shop:1.4.2", str(tmp_path / "two.tar"))
    assert code == 0, err
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


@pytest.mark.parametrize("keep", [0, 100, 5000, -1])
def test_a_damaged_archive_is_refused(run: Run, inside: HarborDouble, tmp_path: Path, keep: int) -> None:
    archive = tmp_path / "shop.tar"
    run("shop:1.4.2", str(archive))
    content = archive.read_bytes()
    if keep < 0:
        # One bit in the middle of a layer.
        position = content.index(b"\x1f\x8b") + 40
        content = content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]
    archive.write_bytes(content[:keep] if keep >= 0 else content)
    with pytest.raises(HelmkitError, match=r"not a complete OCI layout archive|instead of sha256|is damaged"):
        push(inside, tmp_path, archive)
    assert "shop:1.4.2" not in digests(inside.state.projects["charts"])


def test_a_file_that_cannot_be_written_is_told_first(run: Run, tmp_path: Path) -> None:
    code, _, err = run("shop:1.4.2", str(tmp_path / "no" / "such" / "shop.tar"))
    assert code == UsageError.exit_code
    assert "cannot be written" in err
