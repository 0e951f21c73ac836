"""`chartgen init`: a platform that builds and checks at once, and nothing overwritten."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import tomli

from chartgen.cli import cli
from chartgen.manifest.load import load_platform
from chartgen.scaffold.platform import NewPlatform, render_platform
from helmkit.console import run_cli
from helmkit.errors import InputError

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*args: str) -> tuple[int, str, str]:
        code = run_cli(cli, list(args), prog_name="chartgen", environ=os.environ)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.mark.parametrize("options", [(), ("--empty",), ("--schema",), ("--repository", "oci://h.example/charts")])
def test_it_builds_and_checks_at_once(tmp_path: Path, run: Run, options: tuple[str, ...]) -> None:
    folder = tmp_path / "shop"
    code, out, err = run("init", str(folder), *options)
    assert (code, out) == (0, "")
    assert f"chartgen -C {folder} check" in err
    assert run("-C", str(folder), "check", "--no-helm", "--strict")[0] == 0
    assert run("-C", str(folder), "build")[0] == 0
    platform = load_platform(folder)
    assert (platform.name, sorted(platform.environments)) == ("shop", ["dev", "prod"])
    assert platform.repository == (options[1] if "--repository" in options else "")
    assert platform.environments["prod"].protected
    assert "dist/" in (folder / ".gitignore").read_text().splitlines()


def test_nothing_is_overwritten(tmp_path: Path, run: Run) -> None:
    (tmp_path / "values").mkdir()
    (tmp_path / "values" / "test.toml").write_text("")
    before = sorted(tmp_path.rglob("*"))
    code, _, err = run("init", str(tmp_path), "--name", "shop")
    assert code == 2
    assert "values/test.toml" in err
    assert sorted(tmp_path.rglob("*")) == before


def test_an_existing_gitignore_gets_one_more_line(tmp_path: Path, run: Run) -> None:
    (tmp_path / ".gitignore").write_text("*.log")
    assert run("-C", str(tmp_path), "init", "--name", "shop")[0] == 0
    assert (tmp_path / ".gitignore").read_text().splitlines()[0] == "*.log"
    files = render_platform(NewPlatform("shop"), {".gitignore": b"dist/\n"})
    assert ".gitignore" not in files


def test_editors_are_told_of_a_schema_that_is_there(tmp_path: Path, run: Run) -> None:
    assert run("init", str(tmp_path), "--name", "shop", "--schema")[0] == 0
    assert json.loads((tmp_path / "releases.schema.json").read_text())["title"] == "Release manifest"
    assert (tmp_path / "releases.toml").read_text().startswith("#:schema ./releases.schema.json\n")
    assert (tmp_path / "values" / "dev.toml").read_text().startswith("#:schema ../layer.schema.json\n")
    assert b"#:schema" not in render_platform(NewPlatform("shop"), {})["releases.toml"]
    assert b"#:schema" in render_platform(NewPlatform("shop"), {"releases.schema.json": b"{}"})["releases.toml"]


@pytest.mark.parametrize("options", [("--name", "Shop_1"), ("--repository", "http://x/y"), ("--name", 'a"\n[x]')])
def test_wrong_words_write_nothing(tmp_path: Path, run: Run, options: tuple[str, ...]) -> None:
    code, _, err = run("init", str(tmp_path / "new"), *options)
    assert code == 2
    assert "Nothing is written" in err
    assert "releases.toml:" not in err
    assert not (tmp_path / "new").exists()


def test_a_dry_run_shows_the_file(tmp_path: Path, run: Run) -> None:
    code, out, err = run("init", str(tmp_path / "new"), "--dry-run")
    assert code == 0
    assert tomli.loads(out)["platform"]["name"] == "new"
    assert "would write" in err
    assert not (tmp_path / "new").exists()


def test_the_sample_never_has_the_platforms_name() -> None:
    assert b"[services.welcome]" in render_platform(NewPlatform("hello"), {})["releases.toml"]
    with pytest.raises(InputError, match="cannot be begun"):
        render_platform(NewPlatform("x" * 60), {})


def test_a_terminal_is_asked_for_what_is_missing(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def prompt(text: str, **options: object) -> str:
        asked.append(text)
        return "typed" if "Name" in text else ""

    monkeypatch.setattr("click.prompt", prompt)
    for stream in ("stdin", "stderr"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: True)
    assert run("init", str(tmp_path / "a"))[0] == 0
    assert load_platform(tmp_path / "a").name == "typed"
    assert len(asked) == 2
    assert run("init", str(tmp_path / "b"), "--name", "b", "--repository", "oci://h.example/c")[0] == 0
    assert len(asked) == 2
