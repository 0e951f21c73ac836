"""A Helm release must fit into one Secret of 1 MiB (T141); beyond that, every upgrade fails."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from typing import Any

from chartgen.checks.finding import RenderedRule
from chartgen.render import RenderedService
from helmkit.charts import ChartFiles

LIMIT = 1024 * 1024
"""Bytes a Secret may hold."""
_WARN_AT = LIMIT // 2


def estimate(files: ChartFiles, values: Mapping[str, Any], rendered: str) -> int:
    """Return about how many bytes the release's Secret will take: JSON, gzip, base64, as Helm stores it."""
    own = {path: content for path, content in files.items() if not path.startswith("charts/")}
    chart = {path: base64.b64encode(content).decode() for path, content in own.items()}
    record = json.dumps({"chart": chart, "config": values, "manifest": rendered}, ensure_ascii=False)
    return len(base64.b64encode(gzip.compress(record.encode(), mtime=0)))


def check(service: RenderedService, size: int) -> Iterator[str]:
    """Find releases that come near the limit."""
    if size > _WARN_AT:
        yield f"release {service.release} takes about {size // 1024} KiB of the {LIMIT // 1024} KiB it may"


RULE = RenderedRule(
    "release-size", "warning", "Move large texts out of the values, into ConfigMaps of their own.", check
)
