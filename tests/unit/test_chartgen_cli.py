"""The chartgen command line, without helm and without a registry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from chartgen.cli import cli
from helmkit.console import run_cli
from tests.builders.releases import EXTERNAL, HEAD, SPRING, STATEFUL

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A platform's folder with two environments."""
    (tmp_path / "values").mkdir()
    (tmp_path / "releases.toml").write_text(HEAD + SPRING + STATEFUL + EXTERNAL)
    (tmp_path / "values" / "dev.toml").write_text("")
    (tmp_path / "values" / "prod.toml").write_text("services.gateway.replicas = 5\n")
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*args: str) -> tuple[int, str, str]:
        code = run_cli(cli, ["-C", str(folder), *args], prog_name="chartgen", environ=os.environ)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "releases.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_build_writes_charts_lock_and_archives(folder: Path, run: Run) -> None:
    code, out, err = run("build")
    assert code == 0
    assert out.splitlines()[0].split() == ["PLATFORM", "CHART", "VERSION", "STATE"]
    assert "3 of 3 charts new or changed" in err
    assert (folder / "charts" / "shop" / "charts" / "gateway" / "templates" / "deployment.yaml").is_file()
    assert sorted(path.name for path in (folder / "dist").iterdir()) == [
        "db-1.0.0.tgz",
        "gateway-1.0.0.tgz",
        "shop-1.0.0.tgz",
        "zk-1.0.0.tgz",
    ]
    assert "[charts.gateway]" in (folder / "releases.lock").read_text()


def test_a_second_build_touches_nothing(folder: Path, run: Run) -> None:
    run("build")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert run("build")[1] == "No chart changed.\n"
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_build_tells_programs_what_it_did(folder: Path, run: Run) -> None:
    run("build", "--no-dist")
    edit(folder, 'version = "1"', 'version = "2"')
    report = json.loads(run("build", "--no-dist", "-o", "json")[1])
    assert {chart["name"]: chart["state"] for chart in report["charts"]} == {
        "db": "unchanged",
        "gateway": "changed",
        "zk": "unchanged",
    }
    assert report["lock"] == "written"
    assert "charts/gateway/values.yaml" in report["written"]
    assert not (folder / "dist").exists()


def test_check_names_stale_files(folder: Path, run: Run) -> None:
    assert run("build", "--check")[0] == 3
    run("build")
    assert run("build", "--check", "--locked")[0] == 0
    (folder / "charts" / "shop" / "extra.txt").write_text("")
    (folder / "charts" / "shop" / "values.yaml").write_text("")
    code, _, err = run("build", "--check")
    assert code == 3
    assert "shop/extra.txt: should not be there" in err
    assert "shop/values.yaml: differs" in err
    run("build")
    assert not (folder / "charts" / "shop" / "extra.txt").exists()


def test_locked_refuses_what_would_change_the_lock(folder: Path, run: Run) -> None:
    run("build")
    edit(folder, 'version = "1"', 'version = "2"')
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    code, _, err = run("build", "--locked")
    assert code == 3
    assert "releases.lock would change for gateway" in err
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_pre_release_leaves_the_lock_alone(folder: Path, run: Run) -> None:
    run("build")
    lock = (folder / "releases.lock").read_text()
    assert run("bump", "pre")[1] == "1.0.1-rc.1\n"
    run("set", "gateway=7")
    code, out, err = run("build", "--locked", "-o", "json")
    assert code == 0
    assert {chart["name"]: chart["version"] for chart in json.loads(out)["charts"]}["gateway"] == "1.0.1-rc.1"
    assert "releases.lock kept" in err
    assert (folder / "releases.lock").read_text() == lock


def test_an_immutable_change_fails_before_anything_is_written(folder: Path, run: Run) -> None:
    run("build")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    run("bump", "patch")
    edit(folder, 'size = "2Gi"', 'size = "3Gi"')
    code, _, err = run("build")
    assert code == 2
    assert 'StatefulSet/zk spec.volumeClaimTemplates: "data 2Gi' in err
    del before[folder / "releases.toml"]
    assert all(path.read_bytes() == content for path, content in before.items())


def test_several_platforms_at_once(folder: Path, run: Run, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "releases.toml").write_text(HEAD.replace("shop", name) + SPRING)
        (tmp_path / name / "values").mkdir()
        (tmp_path / name / "values" / "dev.toml").write_text("")
    code, out, _ = run(
        "build", str(tmp_path / "one"), str(tmp_path / "two"), "--charts", str(tmp_path / "all"), "-o", "json"
    )
    assert code == 0
    assert [report["platform"] for report in json.loads(out)] == ["one", "two"]
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == ["one", "two"]


def test_wrong_input_is_told_with_its_place(folder: Path, run: Run) -> None:
    edit(folder, "ports.http = 8080", "prots.http = 8080")
    code, out, err = run("build")
    assert (code, out) == (2, "")
    assert "releases.toml:" in err
    assert "ports" in err
    assert not (folder / "charts").exists()


def test_a_broken_lock_is_told_with_its_remedy(folder: Path, run: Run) -> None:
    (folder / "releases.lock").write_text("<<<<<<< HEAD\n")
    code, _, err = run("build")
    assert code == 1
    assert "releases.lock cannot be read" in err
    assert "merge conflict" in err


def test_set_changes_the_versions_and_nothing_else(folder: Path, run: Run) -> None:
    before = (folder / "releases.toml").read_text()
    code, _, err = run("set", "gateway=build-77")
    assert code == 0
    assert 'services.gateway.version = "build-77"' in err
    assert (folder / "releases.toml").read_text() == before.replace('version = "1"', 'version = "build-77"')


def test_a_dry_run_of_an_edit_writes_nothing(folder: Path, run: Run) -> None:
    before = (folder / "releases.toml").read_bytes()
    code, _, err = run("set", "gateway=7", "--dry-run")
    assert (code, "releases.toml would change" in err) == (0, True)
    assert run("bump", "minor", "--dry-run")[:2] == (0, "1.1.0\n")
    assert (folder / "releases.toml").read_bytes() == before


@pytest.mark.parametrize("args", [("gateway",), ("gateway=2", "gateway=3"), ("nope=1",), ("gateway=a b",), ()])
def test_set_refuses_what_is_wrong(folder: Path, run: Run, args: tuple[str, ...]) -> None:
    before = (folder / "releases.toml").read_bytes()
    assert run("set", *args)[0] == 2
    assert (folder / "releases.toml").read_bytes() == before


def test_check_without_helm(folder: Path, run: Run) -> None:
    assert run("check", "--no-helm")[0] == 0
    edit(folder, "ports.http = 8080", 'ports.http = 8080\nenv.DB = "10.1.2.3:3306"')
    code, out, _ = run("check", "--no-helm", "-o", "json")
    assert code == 0
    (finding,) = json.loads(out)["findings"]
    assert (finding["rule"], finding["environment"]) == ("literal-ip", "dev, prod")
    assert run("check", "--no-helm", "--strict")[0] == 1
    assert run("check", "--no-helm", "--strict", "-e", "nope")[0] == 2


def test_check_needs_helm_and_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("HELM_BINARY", raising=False)
    code, _, err = run("check")
    assert code == 2
    assert "helm is not on the PATH" in err


def test_render_refuses_what_is_not_there(run: Run) -> None:
    code, _, err = run("render", "gatewey")
    assert code == 2
    assert "Did you mean 'gateway'?" in err
    assert run("render", "-e", "nope")[0] == 2
    assert run("render", "-n", "nope")[0] == 2


def test_explain_names_the_place(run: Run) -> None:
    code, out, _ = run("explain", "services.gateway.replicas", "-e", "prod", "-o", "json")
    assert code == 0
    first, *_ = json.loads(out)
    assert (first["value"], first["where"]) == (5, "values/prod.toml:1:29")


def test_schema_is_json(run: Run) -> None:
    assert json.loads(run("schema")[1])["title"] == "Release manifest"
    assert json.loads(run("schema", "--layer")[1])["title"] == "Environment layer"


def test_push_needs_charts_and_a_repository(folder: Path, run: Run) -> None:
    code, _, err = run("push")
    assert code == 2
    assert "chartgen build" in err
    run("build", "--no-dist")
    code, _, err = run("push")
    assert code == 2
    assert "[charts].repository" in err


def test_push_refuses_charts_changed_by_hand(folder: Path, run: Run) -> None:
    run("build", "--no-dist")
    (folder / "charts" / "shop" / "charts" / "zk" / "values.yaml").write_text("name: zk\n")
    code, _, err = run("push", "--to", "oci://localhost:1/charts")
    assert code == 1
    assert "zk was changed" in err


def test_a_lock_is_made_from_an_archive(folder: Path, run: Run) -> None:
    run("build")
    lock = (folder / "releases.lock").read_text()
    (folder / "releases.lock").unlink()
    assert run("lock", "--from", str(folder / "dist" / "shop-1.0.0.tgz"))[0] == 0
    assert (folder / "releases.lock").read_text() == lock


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_for_chartgen(run: Run, shell: str) -> None:
    assert "_CHARTGEN_COMPLETE" in run("completion", shell)[1]


def test_every_command_has_help_with_an_example() -> None:
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        assert len(command.short_help or "") <= 62
        text = command.get_help(click.Context(command, info_name=name))
        assert isinstance(command, click.Group) or f"chartgen {name}" in text, name
        assert all(option.help for option in command.params if isinstance(option, click.Option)), name


def test_every_option_has_a_variable(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHARTGEN_DIRECTORY", str(folder))
    monkeypatch.setenv("CHARTGEN_BUILD_NO_DIST", "1")
    monkeypatch.setitem(cli.context_settings, "auto_envvar_prefix", "CHARTGEN")
    assert run_cli(cli, ["build", "-q"], prog_name="chartgen", environ=os.environ) == 0
    assert (folder / "charts" / "shop").is_dir()
    assert not (folder / "dist").exists()


_HEAVY = ("pydantic", "yaml", "msgspec", "jinja2", "rich", "lightkube", "httpx2", "pyhelm3", "asyncio", "helmkit")


def test_help_imports_click_alone() -> None:
    program = "import sys; from chartgen.cli import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program, "--help"], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert loaded.isdisjoint(_HEAVY), loaded.intersection(_HEAVY)
    assert "build " in done.stdout


def test_help_is_fast() -> None:
    """150 ms on an idle machine; measured as processor time, because tests share theirs."""
    times = []
    for _ in range(3):
        before = os.times()
        subprocess.run([sys.executable, "-m", "chartgen", "--help"], capture_output=True, check=True)
        after = os.times()
        times.append(after.children_user + after.children_system - before.children_user - before.children_system)
    assert min(times) < 0.25, times
