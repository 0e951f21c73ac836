"""`chartgen push` as people and pipelines call it: what it prints, and where its credentials come from."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chartgen.cli.push import push
from tests.harbor.commands import Run, log_in, runner
from tests.harbor.double import HarborDouble
from tests.harbor.double.harbor import ADMIN, PASSWORD
from tests.harbor.platforms import digests, seed_image
from tests.harbor.push.umbrellas import make_umbrella, write_umbrella
from tests.harbor.threaded import running_double

SECRET = "Robot-Secret-12345"


@pytest.fixture
def double() -> Iterator[HarborDouble]:
    with running_double() as harbor:
        harbor.add_project("charts")
        yield harbor


@pytest.fixture
def folder(double: HarborDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A platform's folder with its charts built; nobody is logged in anywhere."""
    repository = f'[charts]\nrepository = "oci://{double.host}/charts"\nplain_http = true\n'
    (tmp_path / "releases.toml").write_text(repository)
    write_umbrella(tmp_path, make_umbrella({"gateway": "1.4.2", "nacos": "1.4.2"}))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("DOCKER_CONFIG", "HELM_CONFIG_HOME", "XDG_CONFIG_HOME", "SOURCE_DATE_EPOCH"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return runner(push, folder, capsys, monkeypatch)


def actions(out: str) -> dict[str, str]:
    return {entry["name"]: entry["action"] for entry in json.loads(out)}


def test_data_goes_to_stdout_and_a_line_for_each_chart_to_stderr(double: HarborDouble, folder: Path, run: Run) -> None:
    log_in(folder, double.host, ADMIN, PASSWORD)
    code, out, err = run("--dry-run", "-o", "json")
    assert (code, actions(out)) == (0, {"gateway": "push", "nacos": "push", "shop": "push"})
    assert not double.state.projects["charts"].repositories
    code, out, err = run("-o", "json")
    assert (code, actions(out)) == (0, {"gateway": "pushed", "nacos": "pushed", "shop": "pushed"})
    lines = err.splitlines()
    assert f"3 charts -> oci://{double.host}/charts/shop" in lines
    assert {"gateway: pushing", "gateway: pushed", "shop: pushed"} <= set(lines)
    assert lines.index("shop: pushing") > lines.index("nacos: pushed")
    code, out, _ = run()
    assert code == 0
    assert [line.split()[2] for line in out.splitlines()[1:]] == ["unchanged"] * 3


def test_exit_codes_tell_refused_from_unreachable(double: HarborDouble, folder: Path, run: Run) -> None:
    assert run()[0] == 5  # Nobody is logged in.
    log_in(folder, double.host, ADMIN, PASSWORD)
    assert run()[0] == 0
    write_umbrella(folder, make_umbrella({"gateway": "1.4.2", "nacos": "1.4.2"}, description="other"))
    code, out, err = run()
    assert (code, out) == (1, "")
    assert "nothing was pushed" in err
    code, out, _ = run("--dry-run", "-o", "json")
    refused = json.loads(out)
    assert code == 0
    assert all(one["action"] == "refused" and one["digest"] != one["refused_digest"] for one in refused)


def test_the_images_project_is_refused(double: HarborDouble, folder: Path, run: Run) -> None:
    log_in(folder, double.host, ADMIN, PASSWORD)
    seed_image(double.state, double.add_project("images"), "gateway", "1.4.2")
    code, _, err = run("--to", f"oci://{double.host}/images", "--plain-http")
    assert code == 1
    assert "images/gateway (chart images/shop/gateway)" in err
    assert "Give the charts a project of their own" in err
    assert set(digests(double.state.projects["images"])) == {"gateway:1.4.2"}


def test_charts_of_a_commit_name_it(double: HarborDouble, folder: Path, run: Run) -> None:
    log_in(folder, double.host, ADMIN, PASSWORD)
    (folder / ".gitignore").write_text("config.json\n")
    identity = {"GIT_COMMITTER_DATE": "2026-11-20T12:00:00+02:00", "GIT_CONFIG_GLOBAL": "/dev/null"}
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *words], cwd=folder, check=True, env={**os.environ, **identity})
    done = subprocess.run([*git, "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True)
    planned = json.loads(run("--dry-run", "-o", "json")[1])
    assert json.loads(run("-o", "json")[1])[0]["digest"] == planned[0]["digest"]
    [artifact] = double.state.projects["charts"].repositories["shop/gateway"].artifacts.values()
    told = artifact.manifest["annotations"]
    assert told["org.opencontainers.image.revision"] == done.stdout.strip()
    assert told["org.opencontainers.image.created"] == "2026-11-20T10:00:00Z"
    # What is not committed is of no commit; the charts are the same all the same.
    (folder / "releases.toml").write_text((folder / "releases.toml").read_text() + "\n# later\n")
    assert set(actions(run("-o", "json")[1]).values()) == {"unchanged"}


def test_source_date_epoch_is_the_date(
    double: HarborDouble, folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(folder, double.host, ADMIN, PASSWORD)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    assert run()[0] == 0
    [artifact] = double.state.projects["charts"].repositories["shop"].artifacts.values()
    assert artifact.manifest["annotations"]["org.opencontainers.image.created"] == "2026-01-01T00:00:00Z"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    code, _, err = run()
    assert code == 2
    assert "SOURCE_DATE_EPOCH is 'yesterday'" in err


def docker_config(folder: Path, host: str, name: str) -> None:
    place = folder / ".docker"
    place.mkdir()
    (place / "config.json").write_text(json.dumps({"auths": {host: {"username": name, "password": SECRET}}}))


def docker_helper(folder: Path, host: str, name: str) -> None:
    """A store that knows the registry without a login before, as those of clouds do."""
    place = folder / ".docker"
    place.mkdir()
    (place / "config.json").write_text(json.dumps({"credsStore": "cloud"}))
    program = folder / "bin" / "docker-credential-cloud"
    program.parent.mkdir()
    answer = json.dumps({"Username": name, "Secret": SECRET})
    unknown = 'echo "credentials not found in native keychain"; exit 1'
    program.write_text(f"#!/bin/sh\nread host\n[ \"$host\" = {host} ] || {{ {unknown}; }}\necho '{answer}'\n")
    program.chmod(0o755)


WAYS: dict[str, Callable[[Path, str, str], None]] = {
    "helm": lambda folder, host, name: log_in(folder, host, name, SECRET),
    "docker": docker_config,
    "helper": docker_helper,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_robot_logs_in_as_helm_and_docker_left_it(
    double: HarborDouble, folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    robot = double.add_robot("charts", "ci", SECRET)
    assert robot.name == "robot$charts+ci"
    WAYS[way](folder, double.host, robot.name)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
    assert run()[0] == 0
    assert {entry["username"] for entry in double.state.audit if entry["operation"] == "create"} == {robot.name}


@pytest.mark.parametrize("way", ["stdin", "environment", "environment alone"])
def test_credentials_by_hand_leave_no_trace(
    double: HarborDouble, folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """They are kept in memory alone: no file, no argument of any program, nothing that is printed."""
    robot = double.add_robot("charts", "ci", SECRET)
    started: list[str] = []

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event == "subprocess.Popen" and listening:
            started.append(str(arguments[1]))

    listening = [True]
    sys.addaudithook(note)
    before = {path for path in folder.rglob("*") if path.is_file()}
    arguments = ["--username", robot.name]
    if way == "stdin":
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
        arguments.append("--password-stdin")
    else:
        monkeypatch.setenv("CHARTGEN_REGISTRY_PASSWORD", SECRET)
    if way == "environment alone":
        arguments = []
        monkeypatch.setenv("CHARTGEN_REGISTRY_USERNAME", robot.name)
    code, out, err = run(*arguments)
    assert code == 0, err
    assert SECRET not in out + err
    assert {path for path in folder.rglob("*") if path.is_file()} == before
    listening.clear()
    assert not any(SECRET in words for words in started)


def test_a_name_without_a_password_is_refused(run: Run) -> None:
    code, _, err = run("--username", "robot$charts+ci")
    assert code == 2
    assert "--password-stdin" in err
