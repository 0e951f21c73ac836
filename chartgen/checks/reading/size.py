"""How many bytes the Secret of a Helm release takes: the chart, the values given and what was rendered."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from helmkit.charts import ChartFiles

LIMIT = 1024 * 1024
"""Bytes a Secret may hold (Kubernetes' MaxSecretSize)."""
WARN_AT = 500 * 1024
_NAMED = 3


@dataclass(frozen=True)
class ReleaseSize:
    """The predicted size of a release's Secret."""

    total: int
    """Bytes, compressed and encoded as Helm stores it."""
    parts: tuple[tuple[str, int], ...] = ()
    """What takes how many bytes by itself, the biggest first; compressed together they take less."""

    def __str__(self) -> str:
        """Return it for people, with the biggest parts."""
        named = ", ".join(f"{name} {kib(size)}" for name, size in self.parts[:_NAMED])
        return f"about {kib(self.total)} of the {kib(LIMIT)} it may" + (f"; the most: {named}" if named else "")


def kib(size: int) -> str:
    """Return bytes as KiB, rounded up, so that nothing is free."""
    return f"{-(-size // 1024)} KiB"


def predict_size(files: ChartFiles, values: Mapping[str, Any], rendered: Mapping[str, str]) -> ReleaseSize:
    """Return about how much a release takes: JSON, gzip, base64, as Helm stores it.

    Args:
        files: Of the chart. Its subcharts are left out: Helm stores a chart's dependencies nowhere.
        values: Given by the user.
        rendered: Manifests by what they belong to.
    """
    own = {path: content for path, content in files.items() if not path.startswith("charts/")}
    chart = {path: base64.b64encode(content).decode() for path, content in sorted(own.items())}
    manifest = "\n".join(rendered.values())
    total = _stored(json.dumps({"chart": chart, "config": values, "manifest": manifest}, ensure_ascii=False))
    parts = {
        **{f"file {path}": _stored(text) for path, text in chart.items()},
        "values": _stored(json.dumps(values, ensure_ascii=False)) if values else 0,
        **{f"objects of {name}" if name else "objects": _stored(text) for name, text in rendered.items() if text},
    }
    ordered = sorted(((name, size) for name, size in parts.items() if size), key=lambda one: (-one[1], one[0]))
    return ReleaseSize(total, tuple(ordered[:10]))


def _stored(text: str) -> int:
    # Helm compresses at the best level; base64 makes four bytes of three.
    compressed = len(gzip.compress(text.encode("utf-8", "replace"), 9, mtime=0))
    return 4 * -(-compressed // 3)
