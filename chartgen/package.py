"""Chart archives (.tgz) of a built platform: the umbrella's and each subchart's."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chartgen.build import BuiltPlatform
from chartgen.output import write_file
from helmkit.charts import ChartFiles, build_archive, is_archive_of


def archive_name(chart: str, version: str) -> str:
    """Return the file name helm itself would give the archive."""
    return f"{chart}-{version}.tgz"


def write_packages(built: BuiltPlatform, folder: Path) -> tuple[str, ...]:
    """Write every archive of a platform to `folder`; return their paths, the umbrella's last.

    Idempotent: an archive that unpacks to exactly what would be packed is not touched.
    """
    # Compressing lets other threads run, so the umbrella is packed while the subcharts are.
    with ThreadPoolExecutor(2) as threads:
        own = folder / archive_name(built.name, built.version)
        umbrella = threads.submit(_write_package, own, built.name, built.files)
        written = threads.map(
            lambda chart: _write_package(folder / archive_name(chart.name, chart.version), chart.name, chart.files),
            built.charts,
        )
        return (*written, umbrella.result())


def _write_package(path: Path, name: str, files: ChartFiles) -> str:
    with contextlib.suppress(OSError):
        if is_archive_of(path.read_bytes(), name, files):
            return str(path)
    write_file(path, build_archive(name, files))
    return str(path)
