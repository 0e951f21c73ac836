"""Chart archives (.tgz) of a built platform: the umbrella's and each subchart's."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from chartgen.build import BuiltPlatform
from helmkit.charts import build_archive


def archive_name(chart: str, version: str) -> str:
    """Return the file name helm itself would give the archive."""
    return f"{chart}-{version}.tgz"


def build_packages(built: BuiltPlatform) -> Iterator[tuple[str, bytes]]:
    """Yield file name and content of every archive, the umbrella's last; bytes depend on the content alone."""
    names = [archive_name(chart.name, chart.version) for chart in built.charts]
    # Compressing lets other threads run, so the umbrella is packed while the subcharts are.
    with ThreadPoolExecutor(2) as threads:
        umbrella = threads.submit(build_archive, built.name, built.files)
        packed = threads.map(lambda chart: build_archive(chart.name, chart.files), built.charts)
        yield from zip(names, packed, strict=True)
        yield archive_name(built.name, built.version), umbrella.result()
