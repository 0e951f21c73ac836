"""Put generated files on disk so that nobody ever sees half of them."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from helmkit.charts import write_chart


@dataclass(frozen=True)
class Differences:
    """How a folder differs from the files that should be in it; paths inside the folder, sorted."""

    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    """In the folder, but not among the files."""
    same: frozenset[str] = frozenset()
    """Plain files that hold the right content already."""

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self.missing or self.changed or self.stale)


def compare_folder(folder: Path, files: Mapping[str, bytes]) -> Differences:
    """Return how `folder`, which need not exist, differs from `files`."""
    found = dict(_walk(os.fspath(folder), ""))
    common = files.keys() & found.keys()
    changed = {path for path in common if not _holds(found[path].path, files[path])}
    return Differences(
        missing=tuple(sorted(files.keys() - found.keys())),
        changed=tuple(sorted(changed)),
        stale=tuple(sorted(found.keys() - files.keys())),
        same=frozenset(path for path in common - changed if not found[path].is_symlink()),
    )


def _walk(folder: str, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield everything below a folder that is no folder, by its path inside; links to folders are left out."""
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, f"{prefix}{entry.name}/")
        elif not entry.is_dir():
            yield prefix + entry.name, entry


def _holds(path: str, content: bytes) -> bool:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a Path takes longer to make than to read this file
        return file.read(len(content) + 1) == content


def replace_folder(folder: Path, files: Mapping[str, bytes], same: Collection[str] = ()) -> None:
    """Make `folder` hold exactly these files: written beside it, then put in its place by renaming.

    Interrupted at any time, the folder holds the old files or the new ones; between the two renames it is missing
    for an instant, and the next build makes it anew. What a killed build left beside it is removed.

    Args:
        folder: It need not exist.
        files: What is to be in it.
        same: Plain files in it that `compare_folder` found to be right: they move over instead of being written.
    """
    target = folder.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(target)
    new, old = _beside(target, "new", os.getpid()), _beside(target, "old", os.getpid())
    try:
        new.mkdir()
        write_chart(new, files, {path: f"{target}/{path}" for path in same})
        if target.exists():
            target.rename(old)
        new.rename(target)
    finally:
        shutil.rmtree(new, ignore_errors=True)
        if old.exists() and not target.exists():
            old.rename(target)
        shutil.rmtree(old, ignore_errors=True)


def write_file(path: Path, content: bytes) -> bool:
    """Write a file by way of another beside it; tell whether its content changed."""
    with contextlib.suppress(OSError):
        if path.read_bytes() == content:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    target = path.resolve()
    beside = _beside(target, "new", os.getpid())
    try:
        beside.write_bytes(content)
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return True


def _beside(path: Path, kind: str, process: int) -> Path:
    return path.parent / f".{path.name}.{kind}-{process}"


def _remove_leftovers(target: Path) -> None:
    for path in target.parent.glob(f".{target.name}.*-*"):
        number = path.name.rpartition("-")[2]
        if number.isdigit() and not _is_alive(int(number)):
            shutil.rmtree(path, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
