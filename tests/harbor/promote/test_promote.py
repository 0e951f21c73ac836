"""`chartgen promote`, inside one Harbor and between registries: bit-identical, the umbrella last, nothing half-done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harbor.commands import Run, runner
from tests.harbor.double import Fault, HarborDouble
from tests.harbor.double.seeding import chart_files, seed_chart
from tests.harbor.platforms import digests, seed_image, seed_platform, sign
from tests.harbor.threaded import running_double

SERVICES = {"gateway": "1.4.2", "nacos": "1.3.0", "mysql": "1.0.0"}


@pytest.fixture
def double() -> Iterator[HarborDouble]:
    with running_double() as harbor:
        seed_platform(harbor.state, harbor.add_project("charts"), "1.4.2", SERVICES)
        harbor.add_project("stable")
        yield harbor


@pytest.fixture
def other() -> Iterator[HarborDouble]:
    with running_double() as harbor:
        harbor.add_project("inside")
        yield harbor


@pytest.fixture
def run(
    double: HarborDouble,
    other: HarborDouble,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    from chartgen.cli.promote import promote

    repository = f'[charts]\nrepository = "oci://{double.host}/charts"\nplain_http = true\n'
    (tmp_path / "releases.toml").write_text(repository)
    login = {"username": "admin", "password": "Harbor-12345"}
    (tmp_path / "config.json").write_text(json.dumps({"auths": {double.host: login, other.host: login}}))
    return runner(promote, tmp_path, capsys, monkeypatch)


def of(double: HarborDouble, project: str) -> dict[str, str]:
    return digests(double.state.projects[project])


def sent(double: HarborDouble, path: str) -> list[str]:
    return [target for method, target, _ in double.seen if method in {"POST", "PUT"} and path in target]


def test_inside_one_harbor_the_server_copies(run: Run, double: HarborDouble) -> None:
    code, out, err = run("shop:1.4.2", f"oci://{double.host}/stable", "-o", "json")
    assert code == 0, err
    assert of(double, "stable") == of(double, "charts")
    done = json.loads(out)
    assert [c["kind"] for c in done] == ["subchart", "subchart", "subchart", "umbrella"]
    assert {c["action"] for c in done} == {"copied"}
    assert sent(double, "blobs/uploads") == []
    copies = sent(double, "/artifacts?from=")
    assert "shop%3A1.4.2" in copies[-1]
    assert "shop%252Fgateway" in " ".join(copies)


def test_promoting_again_does_nothing(run: Run, double: HarborDouble) -> None:
    run("shop:1.4.2", f"oci://{double.host}/stable")
    before = len(sent(double, "/artifacts?from="))
    code, out, _ = run("shop:1.4.2", f"oci://{double.host}/stable")
    assert code == 0
    assert all(line.endswith("unchanged") for line in out.splitlines()[1:])
    assert len(sent(double, "/artifacts?from=")) == before


def test_between_registries_blobs_are_sent_and_the_umbrella_goes_last(
    run: Run, double: HarborDouble, other: HarborDouble
) -> None:
    code, _, err = run("shop:1.4.2", f"oci://{other.host}/inside", "--plain-http-for", other.host)
    assert code == 0, err
    assert of(other, "inside") == of(double, "charts")
    tags = [target for target in sent(other, "/manifests/") if "sha256:" not in target]
    assert tags[-1] == "/v2/inside/shop/manifests/1.4.2"


def test_other_content_is_refused_before_anything_moves(run: Run, double: HarborDouble) -> None:
    stable = double.state.projects["stable"]
    seed_chart(double.state, stable, "shop/nacos", chart_files("nacos", "1.3.0", description="another"))
    code, _, err = run("shop:1.4.2", f"oci://{double.host}/stable")
    assert code == 1
    assert "already published with other content" in err
    here = of(double, "charts")["shop/nacos:1.3.0"]
    assert f"stable/shop/nacos:1.3.0: there {of(double, 'stable')['shop/nacos:1.3.0']}, here {here}" in err
    assert sent(double, "/artifacts?from=") == []


def test_a_dry_run_moves_nothing(run: Run, double: HarborDouble) -> None:
    code, out, _ = run("shop:1.4.2", f"oci://{double.host}/stable", "--dry-run")
    assert code == 0
    assert out.count("would copy") == 4
    assert of(double, "stable") == {}


def test_a_missing_version_or_subchart_is_named(run: Run, double: HarborDouble) -> None:
    assert run("shop:9.9.9", f"oci://{double.host}/stable")[0] == 1
    del double.state.projects["charts"].repositories["shop/nacos"]
    code, _, err = run("shop:1.4.2", f"oci://{double.host}/stable")
    assert code == 1
    assert "charts/shop/nacos:1.3.0" in err
    assert of(double, "stable") == {}


def test_a_copy_that_fails_leaves_no_umbrella(run: Run, double: HarborDouble) -> None:
    double.fail(Fault("POST .*nacos/artifacts", status=500, times=9))
    code, _, _ = run("shop:1.4.2", f"oci://{double.host}/stable")
    assert code == 5
    assert "shop:1.4.2" not in of(double, "stable")
    double._server.faults.clear()
    assert run("shop:1.4.2", f"oci://{double.host}/stable")[0] == 0
    assert of(double, "stable") == of(double, "charts")


def test_a_blob_cut_in_the_middle_is_sent_again(run: Run, double: HarborDouble, other: HarborDouble) -> None:
    other.fail(Fault("PUT .*nacos/blobs/uploads", cut=100, times=2))
    code, _, err = run("shop:1.4.2", f"oci://{other.host}/inside", "--plain-http-for", other.host)
    assert code == 0, err
    assert of(other, "inside") == of(double, "charts")


def test_a_damaged_source_is_noticed(run: Run, double: HarborDouble, other: HarborDouble) -> None:
    layer = double.state.projects["charts"].repositories["shop/nacos"].find("1.3.0")
    assert layer is not None
    digest = layer.manifest["layers"][0]["digest"]
    double.state.blobs[digest] = b"x" * len(double.state.blobs[digest])
    code, _, err = run("shop:1.4.2", f"oci://{other.host}/inside", "--plain-http-for", other.host)
    assert code == 1
    assert f"instead of {digest}" in err
    assert "shop:1.4.2" not in of(other, "inside")


def test_a_full_project_is_told_and_nothing_is_half_published(
    run: Run, double: HarborDouble, other: HarborDouble
) -> None:
    other.state.projects["inside"].hard_limit = 1500
    code, _, err = run("shop:1.4.2", f"oci://{other.host}/inside", "--plain-http-for", other.host)
    assert code == 1
    assert "will exceed the configured upper limit" in err
    assert "shop:1.4.2" not in of(other, "inside")


def test_signatures_come_along(run: Run, double: HarborDouble, other: HarborDouble) -> None:
    charts = double.state.projects["charts"]
    signature = sign(double.state, charts, "shop", "1.4.2")
    run("shop:1.4.2", f"oci://{double.host}/stable")
    assert signature in double.state.projects["stable"].repositories["shop"].artifacts
    run("shop:1.4.2", f"oci://{other.host}/inside", "--plain-http-for", other.host)
    late = sign(double.state, charts, "shop/nacos", "1.3.0")
    code, _, err = run("shop:1.4.2", f"oci://{other.host}/inside", "--plain-http-for", other.host)
    assert code == 0, err
    assert late in other.state.projects["inside"].repositories["shop/nacos"].artifacts
    held = other.state.projects["inside"].repositories["shop"]
    assert held.artifacts[signature].subject == of(double, "charts")["shop:1.4.2"]


def test_images_come_along_on_request_with_all_architectures(
    run: Run, double: HarborDouble, other: HarborDouble
) -> None:
    images = double.add_project("images")
    index = seed_image(double.state, images, "nacos/nacos-server", "1.2.0")
    image = f"{double.host}/images/nacos/nacos-server:1.2.0"
    seed_platform(double.state, double.state.projects["charts"], "1.5.0", SERVICES, images=(image,))
    arguments = ("shop:1.5.0", f"oci://{other.host}/inside", "--plain-http-for", other.host, "--images")
    code, _, err = run(*arguments, "--plain-http-for", double.host)
    assert code == 0, err
    held = other.state.projects["inside"].repositories["images/nacos/nacos-server"]
    assert held.find("1.2.0").digest == index.digest  # type: ignore[union-attr]
    assert len(held.artifacts) == 3


def test_places_that_make_no_sense_are_refused(run: Run, double: HarborDouble) -> None:
    for arguments in (
        ("shop", f"oci://{double.host}/stable"),
        ("shop:1.4.2", f"oci://{double.host}"),
        ("shop:1.4.2", f"oci://{double.host}/charts"),
        ("shop:1.4.2", "stable"),
    ):
        assert run(*arguments)[0] == 2


def test_a_robot_without_the_right_to_copy_is_told_which(run: Run, double: HarborDouble, tmp_path: Path) -> None:
    allowed = [("repository", "pull"), ("artifact", "read"), ("repository", "list")]
    robot = double.add_robot("*", "reader", "Secret12345", allowed)
    login = {"username": robot.name, "password": "Secret12345"}
    (tmp_path / "config.json").write_text(json.dumps({"auths": {double.host: login}}))
    code, _, err = run("shop:1.4.2", f"oci://{double.host}/stable")
    assert code == 1
    assert "It needs the right artifact:create in project 'stable'" in err
