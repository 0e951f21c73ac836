"""Files beside the release manifest that services name: plain YAML, and charts of third parties.

They are read once with the manifest and belong to it: everything after that works on texts, whatever the disk says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from chartgen.manifest.sources import Source
from chartgen.objects.files import match_files, stays_inside

VENDOR = "vendor"
"""Folder of fetched charts, beside the release manifest."""
_LISTS = ("files", "extra_objects")
_REMOTE = ("oci://", "https://", "http://")


def is_source(name: str) -> bool:
    """Tell whether a file is part of the release manifest itself; all others are attached to it."""
    return name.endswith(".toml")


def named_patterns(sources: Iterable[Source]) -> list[str]:
    """Return the patterns of attached files that services and presets of these files name, each once, sorted.

    What does not stay inside the platform's folder is left out; rules say so.
    """
    found = {pattern for source in sources for table in _tables(source.table) for pattern in _patterns(table)}
    return sorted(pattern for pattern in found if stays_inside(pattern))


def read_attached(folder: Path, sources: Iterable[Source]) -> dict[str, bytes]:
    """Return the content of the attached files below `folder` by name; one that cannot be read is left out."""
    found: dict[str, bytes] = {}
    for pattern in named_patterns(sources):
        for path in sorted(_glob(folder, pattern)):
            name = path.relative_to(folder).as_posix()
            if name not in found and not is_source(name):
                try:
                    found[name] = path.read_bytes()
                except OSError:
                    continue
    return found


def attached_to(pattern: str, files: Mapping[str, bytes]) -> list[str]:
    """Return the names among `files` that a pattern means, sorted."""
    return match_files(pattern, files)


def _tables(table: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for section in ("presets", "services"):
        entries = table.get(section)
        if isinstance(entries, dict):
            yield from (entry for entry in entries.values() if isinstance(entry, dict))


def _patterns(table: Mapping[str, Any]) -> Iterator[str]:
    for key in _LISTS:
        listed = table.get(key)
        if isinstance(listed, list):
            yield from (pattern for pattern in listed if isinstance(pattern, str))
    chart = table.get("chart")
    if isinstance(chart, str):
        if chart.startswith(_REMOTE):
            yield f"{VENDOR}/*.tgz"
        elif chart.endswith(".tgz"):
            yield chart
        else:
            yield f"{chart}/**"


def _glob(folder: Path, pattern: str) -> Iterator[Path]:
    # pathlib's `**` means folders alone before Python 3.13.
    wanted = f"{pattern}/*" if pattern.endswith("/**") else pattern
    try:
        yield from (path for path in folder.glob(wanted) if path.is_file())
    except (ValueError, NotImplementedError, OSError):
        return
