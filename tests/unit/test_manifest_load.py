"""Reading a platform from disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from chartgen.manifest.load import display_prefix, load_platform, load_sources, parse_platform
from helmkit.errors import InputError
from tests.unit.manifest_samples import BASE, PLATFORM, sources


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _problems(folder: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        load_platform(folder)
    return [str(problem) for problem in caught.value.problems]


def test_included_files_and_layers_are_read(tmp_path: Path) -> None:
    more = '[services.x]\npreset = "app"\n'
    _write(
        tmp_path,
        {
            "releases.toml": 'include = ["base.toml", "services/**/*.toml"]\n' + PLATFORM,
            "base.toml": BASE,
            "services/team/x.toml": more,
            "other/y.toml": "this is not read",
            "values/prod.toml": "[services.x]\nreplicas = 2\n",
            "values/README.md": "nor is this",
        },
    )
    platform = load_platform(tmp_path)
    assert list(platform.environments) == ["prod"]
    assert platform.environments["prod"].services["x"].model.replicas == 2  # type: ignore[attr-defined]
    assert list(load_sources(tmp_path)) == ["releases.toml", "values/prod.toml", "base.toml", "services/team/x.toml"]


def test_the_digest_is_over_all_files_and_nothing_else(tmp_path: Path) -> None:
    files = {"releases.toml": 'include = ["base.toml"]\n' + PLATFORM, "base.toml": BASE, "values/dev.toml": ""}
    _write(tmp_path, files)
    before = load_platform(tmp_path).source_digest
    assert before.startswith("sha256:")
    _write(tmp_path, {"notes.md": "x"})
    assert load_platform(tmp_path).source_digest == before
    _write(tmp_path, {"values/dev.toml": "# a comment"})
    assert load_platform(tmp_path).source_digest != before


def test_files_are_named_so_that_they_can_be_clicked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "platforms" / "one"
    _write(folder, {"releases.toml": "x = \n"})
    monkeypatch.chdir(tmp_path)
    assert _problems(folder) == ["platforms/one/releases.toml:1:5: is not TOML: invalid value"]
    monkeypatch.chdir(folder)
    assert _problems(folder) == ["releases.toml:1:5: is not TOML: invalid value"]
    assert display_prefix(Path()) == ""
    assert display_prefix(Path("/")) == "//" or display_prefix(Path("/")).endswith("/")


def test_a_folder_without_a_release_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (found,) = _problems(tmp_path)
    assert found.startswith("releases.toml: cannot be read: No such file or directory")
    with pytest.raises(InputError):
        load_sources(tmp_path)


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _write(tmp_path, {"releases.toml": PLATFORM, "values/prod.toml": ""})
    # A link to itself: unlike a missing permission it stops root as well.
    (tmp_path / "values" / "dev.toml").symlink_to("dev.toml")
    assert _problems(tmp_path) == ["values/dev.toml: cannot be read: Too many levels of symbolic links"]


def test_a_folder_where_a_file_should_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _write(tmp_path, {"releases.toml": PLATFORM, "values/dev.toml/x": ""})
    assert _problems(tmp_path) == ["values/dev.toml: cannot be read: Is a directory"]


def test_an_include_that_matches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _write(tmp_path, {"releases.toml": 'include = ["service/*.toml"]\n' + PLATFORM, "services/x.toml": ""})
    assert _problems(tmp_path) == [
        "releases.toml:1:12: include[0]: no file matches 'service/*.toml'\n    patterns start at this file's folder"
    ]


def test_texts_and_files_give_the_same(tmp_path: Path) -> None:
    texts = sources(dev="[services.nacos]\nreplicas = 1\n")
    texts["releases.toml"] = 'include = ["base.toml"]\n' + str(texts["releases.toml"])
    _write(tmp_path, {name: str(text) for name, text in texts.items()})
    assert load_platform(tmp_path) == parse_platform(texts)
