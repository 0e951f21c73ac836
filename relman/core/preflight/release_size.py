"""Check `release-size`: Helm can store the release (core, pure).

A release is one Secret, and a Secret holds at most 1 MiB (T141). Helm stores gzip in base64: that is what counts.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from relman.core.preflight.facts import Facts
from relman.core.preflight.finding import REFUSE, RELEASE_SIZE, WARN, Finding

LIMIT = 1 << 20
"""Bytes a Secret may hold."""
_NEAR = 0.8
_METADATA = ("Chart.yaml", "Chart.lock", "values.yaml", "values.schema.json")


def check_release_size(facts: Facts) -> Iterator[Finding]:
    """Yield releases that are too large, or nearly."""
    for one in facts.moved:
        if one.size > _NEAR * LIMIT:
            verdict = "is more than" if one.size > LIMIT else "is near"
            yield Finding(
                check=RELEASE_SIZE,
                severity=REFUSE if one.size > LIMIT else WARN,
                message=f"release {one.release} takes about {one.size >> 10} KiB, which {verdict} the 1024 KiB that "
                "Helm can store",
                remedy="Move large files out of the chart, for example into ConfigMaps of their own.",
                namespace=one.namespace,
                services=(one.service,),
            )


def release_size(files: Mapping[str, bytes], values: Mapping[str, Any], rendered: str) -> int:
    """Return about how many bytes Helm's Secret of a release will hold.

    Args:
        files: The chart.
        values: Given to it.
        rendered: Its objects as YAML.
    """

    def part(path: str, content: bytes) -> dict[str, str]:
        return {"name": path, "data": base64.b64encode(content).decode()}

    templates = [part(path, content) for path, content in files.items() if path.startswith("templates/")]
    others = [
        part(path, content)
        for path, content in files.items()
        if not path.startswith("templates/") and path not in _METADATA
    ]
    metadata = {name: files.get(name, b"").decode(errors="replace") for name in _METADATA}
    record = {"chart": {**metadata, "templates": templates, "files": others}, "config": values, "manifest": rendered}
    packed = gzip.compress(msgspec.json.encode(record), compresslevel=9)
    return len(base64.b64encode(packed))
