"""Chart archives: deterministic, digested, and nothing unsafe is read."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmkit.charts import (
    build_archive,
    bytes_digest,
    content_digest,
    is_archive_of,
    load_chart,
    parse_archive,
    subchart,
    values_digest,
    write_chart,
)
from helmkit.errors import HelmkitError

CHART = {
    "Chart.yaml": b"apiVersion: v2\nname: shop\nversion: 1.2.3\nappVersion: '1.2.3'\n",
    "values.yaml": b"a: 1\n",
    "templates/x.yaml": b"version: untouched\n",
    "charts/sub/Chart.yaml": b"name: sub\nversion: 9.9.9\n",
}
NAMES = st.from_regex(r"[a-zA-Z0-9_.-]{1,120}(/[a-z0-9é]{1,100})?", fullmatch=True).filter(
    lambda name: not {".", ".."} & set(name.split("/"))
)


def test_the_same_files_give_the_same_bytes_in_any_order() -> None:
    assert build_archive("shop", CHART) == build_archive("shop", dict(reversed(CHART.items())))
    assert build_archive("shop", CHART) != build_archive("other", CHART)


def test_archives_say_nothing_of_where_and_when_they_were_made() -> None:
    archive = build_archive("shop", CHART)
    assert archive[4:8] == b"\0\0\0\0"
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        members = tar.getmembers()
    assert members[0].name == "shop/Chart.yaml"
    assert {(one.mtime, one.mode, one.uid, one.gid, one.uname, one.gname) for one in members} == {
        (0, 0o644, 0, 0, "", "")
    }


@given(st.dictionaries(NAMES, st.binary(max_size=2000), max_size=6))
def test_archives_come_back(files: dict[str, bytes]) -> None:
    whole = {**files, "Chart.yaml": b"name: a\nversion: 1.0.0\n"}
    assert parse_archive(build_archive("a", whole), "memory") == ("a", whole)


@given(st.dictionaries(NAMES, st.binary(max_size=2000), max_size=4), st.binary(max_size=3))
def test_archives_are_known_by_what_is_in_them(files: dict[str, bytes], other: bytes) -> None:
    archive = build_archive("a", files)
    assert is_archive_of(archive, "a", files)
    assert is_archive_of(archive, "b", files) is (not files)
    assert is_archive_of(archive, "a", {**files, "x": other}) is (files.get("x") == other)


@pytest.mark.parametrize(
    "archive",
    [
        *(b"", b"no gzip", gzip.compress(b"no tar"), build_archive("shop", CHART)[:-9]),
        gzip.compress(gzip.decompress(build_archive("shop", CHART)) + b"more"),
    ],
    ids=["empty", "no gzip", "no tar", "cut off", "longer"],
)
def test_what_is_damaged_is_no_archive_of_a_chart(archive: bytes) -> None:
    assert not is_archive_of(archive, "shop", CHART)


def test_the_content_digest_leaves_out_the_charts_own_version_alone() -> None:
    def changed(path: str, old: bytes, new: bytes) -> str:
        return content_digest({**CHART, path: CHART[path].replace(old, new)})

    base = content_digest(CHART)
    assert changed("Chart.yaml", b"version: 1.2.3", b"version: 2.0.0") == base
    assert changed("Chart.yaml", b"appVersion: '1.2.3'", b"appVersion: '2'") != base
    assert changed("templates/x.yaml", b"untouched", b"touched") != base
    assert changed("charts/sub/Chart.yaml", b"9.9.9", b"9.9.8") != base
    assert changed("values.yaml", b"1", b"2") != base
    assert content_digest({**CHART, "new": b""}) != base
    assert base.startswith("sha256:")


def test_values_digests_follow_the_data() -> None:
    assert values_digest({"a": 1, "b": {"c": "é"}}) == values_digest({"b": {"c": "é"}, "a": 1})
    assert values_digest({"a": 1}) != values_digest({"a": "1"})
    assert values_digest({"a": [1, 2]}) != values_digest({"a": [2, 1]})


def test_bytes_digest_is_ocis() -> None:
    assert bytes_digest(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_subcharts_are_charts() -> None:
    assert subchart(CHART, "sub") == {"Chart.yaml": b"name: sub\nversion: 9.9.9\n"}
    assert subchart(CHART, "su") == {}


def test_charts_on_disk(tmp_path: Path) -> None:
    write_chart(tmp_path / "shop", CHART)
    assert load_chart(tmp_path / "shop") == CHART
    with pytest.raises(HelmkitError, match=r"no Chart\.yaml"):
        load_chart(tmp_path)


def pack(*names: str, kind: bytes = tarfile.REGTYPE, size: int = 1) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.type, member.size, member.linkname = kind, size, "/etc/passwd"
            tar.addfile(member, io.BytesIO(b"x" * size))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "archive",
    [
        b"",
        b"not gzip",
        gzip.compress(b"not tar"),
        build_archive("shop", CHART)[:100],
        pack("shop/Chart.yaml", "shop/../../evil"),
        pack("/shop/Chart.yaml"),
        pack("Chart.yaml"),
        pack("shop/Chart.yaml", "other/x"),
        pack("shop/values.yaml"),
        pack("shop/Chart.yaml", kind=tarfile.SYMTYPE, size=0),
    ],
    ids=[
        "empty",
        "not gzip",
        "not tar",
        "cut off",
        "leaves its directory",
        "absolute path",
        "no directory",
        "two directories",
        "no Chart.yaml",
        "symbolic link",
    ],
)
def test_what_is_no_chart_archive_is_refused(archive: bytes) -> None:
    with pytest.raises(HelmkitError) as caught:
        parse_archive(archive, "oci://h/shop:1")
    assert "oci://h/shop:1" in caught.value.message
    assert caught.value.hint


def test_bombs_are_refused() -> None:
    bomb = pack("shop/Chart.yaml", "shop/zeros", size=60 * 1024 * 1024)
    assert len(bomb) < 1024 * 1024
    with pytest.raises(HelmkitError, match="too large"):
        parse_archive(bomb, "bomb")


def test_what_helm_packs_is_read(tmp_path: Path) -> None:
    """Helm's archives hold folders' times and this user's umask; the files are the same."""
    write_chart(tmp_path / "shop", CHART)
    os.utime(tmp_path / "shop/values.yaml", (1, 1))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        tar.add(tmp_path / "shop", "shop")
    assert parse_archive(buffer.getvalue(), "x") == ("shop", CHART)
