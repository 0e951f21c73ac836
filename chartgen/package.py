"""Chart archives (.tgz) of a built platform: the umbrella's and each subchart's."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.build import BuiltPlatform
from helmkit.charts import build_archive


def archive_name(chart: str, version: str) -> str:
    """Return the file name helm itself would give the archive."""
    return f"{chart}-{version}.tgz"


def build_packages(built: BuiltPlatform) -> Iterator[tuple[str, bytes]]:
    """Yield file name and content of every archive, the umbrella's last; bytes depend on the content alone."""
    for chart in built.charts:
        yield archive_name(chart.name, chart.version), build_archive(chart.name, chart.files)
    yield archive_name(built.name, built.version), build_archive(built.name, built.files)
