"""Helm refuses to load charts above 100 MiB unpacked, and Helm 3 those with a file above 5 MiB."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.build import BuiltPlatform
from chartgen.checks.finding import Hit, PlatformRule
from chartgen.manifest.resolved import ResolvedPlatform

FILE_LIMIT = 5 * 1024 * 1024
"""Bytes of one file (MaxDecompressedFileSize of Helm 3; Helm 4 no longer looks at it)."""
CHART_LIMIT = 100 * 1024 * 1024
"""Bytes of all files of an archive together (Helm's MaxDecompressedChartSize)."""
_NAMED = 3


def check(_: ResolvedPlatform, built: BuiltPlatform) -> Iterator[Hit]:
    """Find files and charts that helm would not load. The umbrella's archive holds all subcharts."""
    sizes = sorted(((len(content), path) for path, content in built.files.items()), reverse=True)
    for size, path in sizes:
        if size > FILE_LIMIT:
            yield Hit(f"{path} takes {_mib(size)}; Helm 3 loads files of 5 MiB at most")
    total = sum(size for size, _ in sizes)
    if total > CHART_LIMIT:
        named = ", ".join(f"{path} {_mib(size)}" for size, path in sizes[:_NAMED])
        yield Hit(f"the umbrella takes {_mib(total)} unpacked; helm loads 100 MiB at most. The most: {named}")


def _mib(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MiB"


RULE = PlatformRule(
    "archive-size",
    "error",
    "Helm protects itself from archives that grow when they are unpacked: no helm loads a chart of more than 100 MiB "
    "in all, and Helm 3 none with a file above 5 MiB.",
    "Move large files out of the charts, to where they are fetched from.",
    check,
)
