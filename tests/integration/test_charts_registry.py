"""`chartgen push` and `lock` on a real registry, and what helm makes of what was pushed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from chartgen.cli import cli
from helmkit.charts import parse_archive
from helmkit.console import run_cli
from sandbox.cluster import Sandbox
from tests.builders.helm import run as run_program
from tests.builders.releases import EXTERNAL, HEAD, SPRING

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(sandbox: Sandbox, unique_name: str, tmp_path: Path) -> Path:
    """A platform whose charts go to a project of the test's own."""
    charts = f'[charts]\nrepository = "oci://{sandbox.registry}/{unique_name}"\nplain_http = true\n'
    (tmp_path / "values").mkdir()
    (tmp_path / "releases.toml").write_text(charts + HEAD + SPRING + EXTERNAL)
    (tmp_path / "values" / "dev.toml").write_text("")
    return tmp_path


@pytest.fixture
def chartgen(
    sandbox: Sandbox, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    for name, value in sandbox.environ.items():
        monkeypatch.setenv(name, value)

    def run(*args: str) -> tuple[int, str, str]:
        code = run_cli(cli, ["-C", str(folder), *args], prog_name="chartgen", environ=os.environ)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def actions(out: str) -> dict[str, str]:
    return {entry["name"]: entry["action"] for entry in json.loads(out)}


def test_push_is_idempotent_and_helm_pulls_the_same_bytes(
    sandbox: Sandbox, chartgen: Run, folder: Path, unique_name: str, tmp_path: Path
) -> None:
    chartgen("build")
    code, out, _ = chartgen("push", "--dry-run", "-o", "json")
    assert (code, set(actions(out).values())) == (0, {"push"})
    code, out, err = chartgen("push", "-o", "json")
    assert code == 0, err
    assert actions(out) == {"db": "pushed", "gateway": "pushed", "shop": "pushed"}
    urls = {entry["name"]: entry["url"] for entry in json.loads(out)}
    assert urls["gateway"] == f"oci://{sandbox.registry}/{unique_name}/shop/gateway:1.0.0"
    again = chartgen("push", "-o", "json")[1]
    assert set(actions(again).values()) == {"unchanged"}
    assert [one["digest"] for one in json.loads(again)] == [one["digest"] for one in json.loads(out)]

    for name, url in urls.items():
        options = ["--plain-http", f"--destination={tmp_path}"]
        done = run_program(sandbox, sandbox.helm, "pull", url, *options)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / f"{name}-1.0.0.tgz").read_bytes() == (folder / "dist" / f"{name}-1.0.0.tgz").read_bytes()


def test_a_published_version_never_changes(chartgen: Run, folder: Path) -> None:
    chartgen("build")
    assert chartgen("push")[0] == 0
    chartgen("set", "gateway=2")
    chartgen("build")
    code, out, err = chartgen("push", "--dry-run", "-o", "json")
    assert code == 0, err
    assert actions(out) == {
        "db": "unchanged",
        "gateway": "refused",
        "shop": "refused",
    }
    code, out, err = chartgen("push")
    assert (code, out) == (1, "")
    assert "nothing was pushed: 2 of 3 versions are published with other content" in err
    assert "/shop/gateway:1.0.0 is published" in err
    # The remedy that the error names works.
    assert "`chartgen bump patch && chartgen lock && chartgen build`" in err
    assert [chartgen(*command)[0] for command in (("bump", "patch"), ("lock",), ("build",))] == [0, 0, 0]
    assert actions(chartgen("push", "-o", "json")[1]) == {"db": "unchanged", "gateway": "pushed", "shop": "pushed"}


def test_what_another_zlib_packed_is_the_same(sandbox: Sandbox, chartgen: Run, folder: Path, unique_name: str) -> None:
    """helm push packs and annotates in its own way; the content decides."""
    chartgen("build")
    packed = folder / "packed"
    done = run_program(
        sandbox, sandbox.helm, "package", str(folder / "charts/shop/charts/db"), f"--destination={packed}"
    )
    assert done.returncode == 0, done.stderr
    target = f"oci://{sandbox.registry}/{unique_name}/shop"
    done = run_program(sandbox, sandbox.helm, "push", str(packed / "db-1.0.0.tgz"), target, "--plain-http")
    assert done.returncode == 0, done.stderr
    ours = parse_archive((folder / "dist" / "db-1.0.0.tgz").read_bytes(), "ours")[1]
    theirs = parse_archive((packed / "db-1.0.0.tgz").read_bytes(), "theirs")[1]
    if ours == theirs:
        assert actions(chartgen("push", "-o", "json")[1])["db"] == "unchanged"
    else:
        # helm package writes Chart.yaml anew, so this is other content and must be refused.
        assert {path for path in ours if ours[path] != theirs.get(path)} == {"Chart.yaml"}
        assert chartgen("push")[0] == 1


def test_a_lost_lock_comes_back_from_the_registry(chartgen: Run, folder: Path) -> None:
    chartgen("build")
    chartgen("push")
    chartgen("bump", "patch")
    chartgen("set", "gateway=2")
    chartgen("build")
    chartgen("push")
    lock = (folder / "releases.lock").read_text()
    (folder / "releases.lock").unlink()
    shutil.rmtree(folder / "charts")
    assert chartgen("lock")[0] == 0
    # Since when an environment uses a chart is not published; the chart's own version stands for it.
    assert (folder / "releases.lock").read_text().replace(
        'since = { dev = "1.0.1" }', 'since = { dev = "1.0.0" }'
    ) == lock
    assert chartgen("build", "--locked")[0] == 0


def test_an_archive_can_be_pushed_without_a_release_manifest(
    sandbox: Sandbox, chartgen: Run, folder: Path, unique_name: str
) -> None:
    chartgen("build")
    (folder / "releases.toml").unlink()
    code, out, err = chartgen("push", "--from", str(folder / "dist"), "--plain-http", "-o", "json")
    assert code == 0, err
    assert actions(out)["shop"] == "pushed"


def test_an_environment_may_have_a_registry_of_its_own(
    sandbox: Sandbox, chartgen: Run, folder: Path, unique_name: str
) -> None:
    repository = f"oci://{sandbox.registry}/{unique_name}-dev"
    (folder / "values" / "dev.toml").write_text(f'[charts]\nrepository = "{repository}"\nplain_http = true\n')
    chartgen("build")
    code, out, err = chartgen("push", "-e", "dev", "-o", "json")
    assert code == 0, err
    assert all(entry["url"].startswith(repository) for entry in json.loads(out))


def test_a_registry_that_is_not_there_is_told(chartgen: Run) -> None:
    chartgen("build")
    code, _, err = chartgen("push", "--to", "oci://127.0.0.1:1/charts", "--plain-http")
    assert code == 5
    assert "127.0.0.1:1" in err
