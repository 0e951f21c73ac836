"""`chartgen browse` as a person or a CI job uses it, against a Harbor and a plain registry."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helmkit.console import run_cli
from sandbox.cluster import Sandbox
from tests.harbor.double import Fault, HarborDouble
from tests.harbor.double.seeding import chart_files, seed_chart
from tests.harbor.threaded import running_double

IMAGES = "- image: docker.io/nacos/nacos-server:1.2.0\n  name: nacos\n"


@pytest.fixture
def double() -> Iterator[HarborDouble]:
    with running_double() as harbor:
        project = harbor.add_project("charts")
        harbor.add_project("secret")
        for version in ("1.4.0", "1.4.1", "1.5.0-rc.1"):
            files = chart_files("gateway", version, appVersion="7.4", annotations={"artifacthub.io/images": IMAGES})
            seed_chart(harbor.state, project, "platform/gateway", files, by="robot$charts+ci")
        changed = chart_files("gateway", "1.4.2", values="replicaCount: 2\nextra: true\n", appVersion="7.5")
        seed_chart(harbor.state, project, "platform/gateway", changed)
        seed_chart(harbor.state, project, "platform", chart_files("platform", "1.4.2+build.7"))
        yield harbor


@pytest.fixture
def run(
    double: HarborDouble, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Run a chartgen command and return its exit code, stdout and stderr."""
    repository = f'[charts]\nrepository = "oci://{double.host}/charts"\nplain_http = true\n'
    (tmp_path / "releases.toml").write_text(repository)
    log_in(tmp_path, double.host, "admin", "Harbor-12345")
    monkeypatch.setenv("HELM_REGISTRY_CONFIG", str(tmp_path / "config.json"))

    def invoke(*args: str) -> tuple[int, str, str]:
        from chartgen.cli.browse import browse

        capsys.readouterr()
        code = run_cli(browse, ["-C", str(tmp_path), *args], prog_name="chartgen browse", environ=os.environ)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return invoke


def log_in(folder: Path, host: str, username: str, password: str) -> None:
    config = {"auths": {host: {"username": username, "password": password}}}
    (folder / "config.json").write_text(json.dumps(config))


def lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_without_a_name_it_lists_projects_and_charts(run: Callable[..., Any]) -> None:
    code, out, _ = run()
    assert code == 0
    assert [line[:3] for line in lines(out)] == [
        ["CHART", "LATEST", "APP"],
        ["charts/platform", "1.4.2+build.7", "-"],
        ["charts/platform/gateway", "1.4.2", "7.5"],
    ]


def test_a_chart_lists_its_versions_with_all_that_harbor_knows(run: Callable[..., Any], double: HarborDouble) -> None:
    code, out, _ = run("platform/gateway", "-o", "json")
    found = json.loads(out)
    assert code == 0
    assert [v["version"] for v in found["versions"]] == ["1.4.2", "1.5.0-rc.1", "1.4.1", "1.4.0"]
    first = found["versions"][0]
    assert (first["pushed_by"], first["immutable"], first["signed"], first["pulled"]) == ("admin", False, False, None)
    assert found["versions"][2]["pushed_by"] == "robot$charts+ci"
    # One page, one log; whoever asks is told in the same breath.
    assert len(double.seen) <= 4


def test_a_version_shows_its_chart_and_its_images(run: Callable[..., Any]) -> None:
    code, out, _ = run("platform/gateway:1.4.1")
    assert code == 0
    rows = {line.split(None, 1)[0]: line.split(None, 1)[1].strip() for line in out.splitlines()}
    assert rows["image"] == "docker.io/nacos/nacos-server:1.2.0"
    assert rows["version"] == "1.4.1"
    assert rows["digest"].startswith("sha256:")


def test_values_and_readme_are_printed_as_they_are_and_count_as_no_pull(
    run: Callable[..., Any], double: HarborDouble
) -> None:
    assert run("platform/gateway:1.4.2", "--values")[1] == "# Values of gateway\nreplicaCount: 2\nextra: true\n"
    assert run("platform:1.4.2+build.7", "--readme")[1] == "# platform 1.4.2+build.7\n"
    assert double.state.projects["charts"].repositories["platform/gateway"].pull_count == 0


def test_a_bill_of_materials_is_only_in_umbrellas(run: Callable[..., Any]) -> None:
    code, _, err = run("platform/gateway:1.4.2", "--bom")
    assert code == 1
    assert "has no bill of materials" in err


def test_two_versions_are_compared(run: Callable[..., Any], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{sandbox.helm.parent}:{os.environ['PATH']}")
    code, out, err = run("--diff", "platform/gateway:1.4.1", "platform/gateway:1.4.2")
    assert code == 0, err
    assert "~ replicaCount: 1 -> 2" in out
    assert "+ extra: True" in out
    assert "- docker.io/nacos/nacos-server (docker.io/nacos/nacos-server:1.2.0)" in out
    assert "~ ConfigMap default/gateway" in out
    assert "    -  replicas: '1'" in out
    code, out, _ = run("--diff", "platform/gateway:1.4.1", "platform/gateway:1.4.1")
    assert "are the same, bit by bit" in out


def test_search_looks_into_names_and_descriptions(run: Callable[..., Any]) -> None:
    assert "charts/platform/gateway" in run("-s", "The gateway chart")[1]
    assert "No charts in" in run("-s", "nothing-like-it")[1]


def test_the_whole_address_needs_no_release_manifest(
    run: Callable[..., Any], double: HarborDouble, tmp_path: Path
) -> None:
    (tmp_path / "releases.toml").unlink()
    code, out, err = run(f"oci://{double.host}/charts/platform/gateway:1.4.1", "--plain-http", "-o", "yaml")
    assert code == 0, err
    assert "version: '1.4.1'" in out
    code, _, err = run("platform/gateway")
    assert code == 2
    assert "--registry oci://harbor.example/charts" in err


def test_a_missing_chart_is_named(run: Callable[..., Any], double: HarborDouble) -> None:
    code, _, err = run("absent")
    assert code == 1
    assert f"there is no chart {double.host}/charts/absent" in err
    assert run("platform/gateway:9.9.9")[0] == 1


def test_a_wrong_password_does_not_pass_for_an_empty_registry(
    run: Callable[..., Any], double: HarborDouble, tmp_path: Path
) -> None:
    log_in(tmp_path, double.host, "admin", "Wrong-12345")
    code, out, err = run()
    assert (code, out) == (5, "")
    assert "does not accept the password of 'admin'" in err


def test_without_a_login_only_public_projects_are_shown_and_it_says_so(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    code, out, _ = run()
    assert code == 0
    assert "nobody is logged in: only public projects are shown" in out
    assert "charts/platform" not in out


def test_a_robot_without_the_right_to_list_artifacts_gets_names(
    run: Callable[..., Any], double: HarborDouble, tmp_path: Path
) -> None:
    robot = double.add_robot("charts", "cluster", "Secret12345", [("repository", "list"), ("repository", "pull")])
    log_in(tmp_path, double.host, robot.name, "Secret12345")
    code, out, _ = run()
    assert code == 0
    assert ["charts/platform/gateway", "-", "-", "-", "-"] in lines(out)
    assert "names alone, because this account lacks the right artifact:list there" in out
    code, _, err = run("platform/gateway")
    assert code == 1
    assert "It needs the right artifact:list in project 'charts'" in err


def test_who_pushed_is_left_out_when_the_log_is_not_for_us(
    run: Callable[..., Any], double: HarborDouble, tmp_path: Path
) -> None:
    robot = double.add_robot("charts", "ci", "Secret12345")
    log_in(tmp_path, double.host, robot.name, "Secret12345")
    code, out, _ = run("platform/gateway")
    assert code == 0
    assert "may not read the project's audit log" in out


def test_a_registry_that_is_no_harbor_tells_what_it_can(run: Callable[..., Any], double: HarborDouble) -> None:
    double.fail(Fault("/api/v2.0/", status=404, body=b"404 page not found", times=99))
    code, out, err = run("platform/gateway")
    assert code == 0, err
    assert [line[0] for line in lines(out)[:5]] == ["VERSION", "1.5.0-rc.1", "1.4.2", "1.4.1", "1.4.0"]
    assert "a plain OCI registry knows no pushes" in out
    assert "7.5" in run("platform/gateway:1.4.2")[1]
    assert run("platform/gateway:1.4.2", "--values")[1].startswith("# Values of gateway")


def test_credentials_by_hand_stay_out_of_the_command_line(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text("{}")
    monkeypatch.setenv("CHARTGEN_REGISTRY_PASSWORD", "Harbor-12345")
    code, out, _ = run("--username", "admin")
    assert code == 0
    assert "charts/platform" in out
    monkeypatch.delenv("CHARTGEN_REGISTRY_PASSWORD")
    assert run("--username", "admin")[0] == 2


def test_the_registry_option_moves_where_names_are_looked_up(run: Callable[..., Any], double: HarborDouble) -> None:
    base = f"oci://{double.host}/charts/platform"
    assert lines(run("gateway", "--registry", base, "--plain-http")[1])[1][0] == "1.4.2"
    out = run("--registry", base, "--plain-http")[1]
    assert [line[0] for line in lines(out)] == ["CHART", "charts/platform", "charts/platform/gateway"]
    assert run(f"oci://{double.host}/secret", "--plain-http")[1].startswith("No charts in")
