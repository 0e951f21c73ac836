"""Files on disk: all of the old ones or all of the new ones."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from chartgen import output
from chartgen.output import compare_folder, replace_folder, write_file


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "charts" / "shop"
    replace_folder(target, {"a/b.txt": b"1", "c.txt": b"2"})
    replace_folder(target, {"c.txt": b"3"})
    assert content(target) == {"c.txt": b"3"}
    assert [path.name for path in (tmp_path / "charts").iterdir()] == ["shop"]


def test_differences_are_named(tmp_path: Path) -> None:
    replace_folder(tmp_path / "shop", {"same": b"1", "other": b"2", "old": b"3"})
    found = compare_folder(tmp_path / "shop", {"same": b"1", "other": b"x", "new": b"4"})
    assert (found.missing, found.changed, found.stale) == (("new",), ("other",), ("old",))
    assert not compare_folder(tmp_path / "shop", {"same": b"1", "other": b"2", "old": b"3"})


def test_what_is_right_moves_over_and_is_not_written_again(tmp_path: Path) -> None:
    target = tmp_path / "shop"
    replace_folder(target, {"charts/a/same": b"1", "other": b"2"})
    before = (target / "charts/a/same").stat()
    files = {"charts/a/same": b"1", "other": b"3"}
    replace_folder(target, files, compare_folder(target, files).same)
    assert content(target) == files
    after = (target / "charts/a/same").stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_nlink) == (before.st_ino, before.st_mtime_ns, 1)


def test_where_files_cannot_have_two_names_they_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no links here")

    replace_folder(tmp_path / "shop", {"same": b"1", "other": b"2"})
    monkeypatch.setattr(os, "link", refuse)
    replace_folder(tmp_path / "shop", {"same": b"1", "other": b"3"}, {"same"})
    assert content(tmp_path / "shop") == {"same": b"1", "other": b"3"}


def test_links_do_not_move_over(tmp_path: Path) -> None:
    target = tmp_path / "shop"
    replace_folder(target, {"a": b"1", "b": b"2"})
    (tmp_path / "elsewhere").write_bytes(b"1")
    (target / "a").unlink()
    (target / "a").symlink_to(tmp_path / "elsewhere")
    found = compare_folder(target, {"a": b"1", "b": b"3"})
    assert (found.changed, found.same) == (("b",), frozenset())
    replace_folder(target, {"a": b"1", "b": b"3"}, found.same)
    assert not (target / "a").is_symlink()


def test_a_failed_write_leaves_the_old_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "shop"
    replace_folder(target, {"a": b"1"})

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(output, "write_chart", fail)
    with pytest.raises(OSError, match="disk full"):
        replace_folder(target, {"a": b"2"})
    assert content(target) == {"a": b"1"}
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]


def test_a_failed_rename_puts_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "shop"
    replace_folder(target, {"a": b"1"})
    rename = Path.rename

    def once(self: Path, other: Path) -> Path:
        if self.name.startswith(".shop.new"):
            raise OSError("no")
        return rename(self, other)

    monkeypatch.setattr(Path, "rename", once)
    with pytest.raises(OSError, match="no"):
        replace_folder(target, {"a": b"2"})
    assert content(target) == {"a": b"1"}


def test_what_a_killed_build_left_behind_goes(tmp_path: Path) -> None:
    gone, mine = tmp_path / ".shop.new-999999999", tmp_path / f".shop.old-{os.getppid()}"
    for folder in (gone, mine):
        folder.mkdir()
    replace_folder(tmp_path / "shop", {"a": b"1"})
    assert not gone.exists()
    assert mine.exists()


def test_a_file_keeps_its_mode_and_is_not_touched_without_need(tmp_path: Path) -> None:
    path = tmp_path / "releases.toml"
    assert write_file(path, b"1")
    path.chmod(0o640)
    before = path.stat().st_mtime_ns
    assert not write_file(path, b"1")
    assert path.stat().st_mtime_ns == before
    assert write_file(path, b"2")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["releases.toml"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_bytes(b"1")
    (tmp_path / "link.toml").symlink_to("real.toml")
    write_file(tmp_path / "link.toml", b"2")
    assert (tmp_path / "link.toml").is_symlink()
    assert (tmp_path / "real.toml").read_bytes() == b"2"
