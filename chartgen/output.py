"""Put generated files on disk so that nobody ever sees half of them."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
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

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self.missing or self.changed or self.stale)


def compare_folder(folder: Path, files: Mapping[str, bytes]) -> Differences:
    """Return how `folder`, which need not exist, differs from `files`."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if not path.is_dir()}
    return Differences(
        missing=tuple(sorted(files.keys() - found.keys())),
        changed=tuple(sorted(p for p in files.keys() & found.keys() if found[p].read_bytes() != files[p])),
        stale=tuple(sorted(found.keys() - files.keys())),
    )


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make `folder` hold exactly these files: written beside it, then put in its place by renaming.

    Interrupted at any time, the folder holds the old files or the new ones; between the two renames it is missing
    for an instant, and the next build makes it anew. What a killed build left beside it is removed.
    """
    target = folder.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(target)
    new, old = _beside(target, "new", os.getpid()), _beside(target, "old", os.getpid())
    try:
        new.mkdir()
        write_chart(new, files)
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
