"""Edits by tools: exactly one value changes, and what would change nothing is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from chartgen.manifest.load import load_sources
from chartgen.manifest.positions import PositionIndex
from chartgen.manifest.splice import BumpPart, bump_version, next_version, set_versions
from helmkit.errors import InputError

ROOT = Path(__file__).resolve().parents[2]

MAIN = """\
# The platform.
include = ["services/*.toml"]
[platform]
name = "x" # its name
version   =   '1.4.2'   # keep my spaces
[presets.app]
version = "9"
[services]
dotted.version = "1" # first
inline = { archetype = "spring-service", version = "2", replicas = 3 }
[services.table]
# before
version = \"\"\"3\"\"\" # after
env.version = "no"
[services.preset]
preset = ["other", "app"]
[services.outer]
archetype = "external-endpoint"
[services.number]
version = 7
"""
INCLUDED = b'[services.far]\r\nversion = "4" # \xc3\xa4\r\nreplicas = 1\r\n'
FILES: dict[str, str | bytes] = {
    "releases.toml": MAIN,
    "services/a.toml": INCLUDED,
    "values/dev.toml": '[services.table]\nversion = "layer"\n',
}


def _refused(versions: dict[str, str], files: dict[str, str | bytes] = FILES) -> list[str]:
    with pytest.raises(InputError) as caught:
        set_versions(files, versions)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("service", "before", "after"),
    [
        ("dotted", 'dotted.version = "1" # first', 'dotted.version = "10-x" # first'),
        ("inline", 'version = "2", replicas', 'version = "10-x", replicas'),
        ("table", 'version = """3""" # after', 'version = "10-x" # after'),
        ("number", "version = 7\n", 'version = "10-x"\n'),
    ],
)
def test_one_value_changes_and_comments_and_layout_stay(service: str, before: str, after: str) -> None:
    assert MAIN.count(before) == 1
    assert set_versions(FILES, {service: "10-x"}) == {"releases.toml": MAIN.replace(before, after).encode()}


def test_included_files_keep_their_line_ends() -> None:
    changed = set_versions(FILES, {"far": "5", "table": "4"})
    assert changed["services/a.toml"] == INCLUDED.replace(b'"4"', b'"5"')
    assert b'version = "4" # after' in changed["releases.toml"]
    assert list(changed) == ["services/a.toml", "releases.toml"]


def test_several_services_of_one_file() -> None:
    changed = set_versions(FILES, {"table": "30", "dotted": "10", "inline": "20"})["releases.toml"]
    services = tomli.loads(changed.decode())["services"]
    assert [services[key]["version"] for key in ("dotted", "inline", "table")] == ["10", "20", "30"]


def test_a_pinned_image_is_not_moved_by_a_version() -> None:
    pinned = f'[services.gateway]\nversion = "1"\nimage.digest = "sha256:{"a" * 64}"\n'
    with pytest.raises(InputError) as refused:
        set_versions({"releases.toml": pinned}, {"gateway": "2"})
    assert "releases.toml:3:16: services.gateway.image.digest: pins the image" in str(refused.value)
    assert "chartgen pin" in str(refused.value)


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ({"tabel": "1"}, ['releases.toml: unknown service "tabel"\n    did you mean "table"?']),
        ({"table": "3"}, ['releases.toml:13:11: services.table.version: is "3" already, so nothing would change']),
        ({"table": "a b"}, ["releases.toml:13:11: services.table.version: 'a b' is not an image tag"]),
        (
            {"preset": "1"},
            [
                "releases.toml:7:11: services.preset: has no version of its own, it comes from presets.app\n"
                "    change it there for all, or write a version into [services.preset]"
            ],
        ),
        (
            {"outer": "1"},
            ["releases.toml:17:1: services.outer: states no version\n    something outside the cluster has none"],
        ),
    ],
)
def test_what_cannot_be_set(versions: dict[str, str], expected: list[str]) -> None:
    assert _refused(versions) == expected


def test_all_problems_come_at_once_and_nothing_changes() -> None:
    assert len(_refused({"dotted": "2", "tabel": "1", "table": "3"})) == 2


def test_a_broken_file_is_not_edited() -> None:
    assert _refused({"x": "1"}, {"releases.toml": "x ="})[0].startswith("releases.toml:1:4: is not TOML")


def test_newer_toml_is_edited_as_well() -> None:
    text = '[services]\nx = { # TOML 1.1\n  version = "1",\n}\n'
    assert set_versions({"releases.toml": text}, {"x": "2"}) == {"releases.toml": text.replace('"1"', '"2"').encode()}


def test_a_value_that_cannot_be_found_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PositionIndex, "span", lambda *_: None)
    assert _refused({"table": "4"})[0].endswith(
        "services.table.version: is written in a way that cannot be edited safely\n    edit this line by hand"
    )


@pytest.mark.parametrize(
    ("version", "part", "expected"),
    [
        ("1.4.2", "patch", "1.4.3"),
        ("1.4.2", "minor", "1.5.0"),
        ("1.4.2", "major", "2.0.0"),
        ("1.4.2", "pre", "1.4.3-rc.1"),
        ("1.4.3-rc.1", "pre", "1.4.3-rc.2"),
        ("1.4.3-rc.9", "pre", "1.4.3-rc.10"),
        ("1.4.3-beta.1", "pre", "1.4.3-beta.2"),
        ("1.4.3-rc.2", "patch", "1.4.3"),
        ("1.5.0-rc.2", "minor", "1.5.0"),
        ("1.4.3-rc.2", "minor", "1.5.0"),
        ("2.0.0-rc.1", "major", "2.0.0"),
        ("1.5.0-rc.1", "major", "2.0.0"),
    ],
)
def test_next_version(version: str, part: BumpPart, expected: str) -> None:
    assert next_version(version, part) == expected


def test_bump_changes_the_platform_version_alone() -> None:
    assert bump_version(MAIN, "patch") == MAIN.replace("'1.4.2'", "'1.4.3'").encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 'releases.toml: platform: needs "version", a text'),
        ("[platform]\nversion = 1.4\n", 'releases.toml:1:1: platform: needs "version", a text'),
        (
            '[platform]\nversion = "v1"\n',
            "releases.toml:2:11: platform.version: 'v1' is not a SemVer version; "
            'write it like "1.4.2" or "1.5.0-rc.1", without a leading v',
        ),
    ],
)
def test_what_cannot_be_bumped(text: str, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        bump_version(text, "patch")
    assert [str(problem) for problem in caught.value.problems] == [expected]


def test_errors_name_files_as_they_can_be_clicked() -> None:
    with pytest.raises(InputError) as caught:
        set_versions(FILES, {"table": "3"}, shown_in="platform/")
    assert str(caught.value.problems[0].where) == "platform/releases.toml:13:11"


ROOT_FILES = load_sources(ROOT)
ROOT_TABLE = tomli.loads(ROOT_FILES["releases.toml"].decode())
VERSIONED = sorted(key for key, service in ROOT_TABLE["services"].items() if "version" in service)


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(VERSIONED), st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True))
def test_setting_a_version_changes_that_and_nothing_else(service: str, version: str) -> None:
    if ROOT_TABLE["services"][service]["version"] == version:
        return
    (changed,) = set_versions(ROOT_FILES, {service: version}).values()
    table = tomli.loads(changed.decode())
    assert table["services"][service].pop("version") == version
    expected = tomli.loads(ROOT_FILES["releases.toml"].decode())
    before = expected["services"][service].pop("version")
    assert table == expected
    old, new = f'"{before}"'.encode(), f'"{version}"'.encode()
    assert len(changed) - len(ROOT_FILES["releases.toml"]) == len(new) - len(old)
    # Line by line the same but for one.
    lines = zip(changed.splitlines(), ROOT_FILES["releases.toml"].splitlines(), strict=True)
    assert sum(one != other for one, other in lines) == 1
