"""What a build makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chartgen.build.variants import Variant
from chartgen.lockfile import Lock
from helmkit.bom import BillOfMaterials
from helmkit.charts import ChartFiles


@dataclass(frozen=True)
class BuiltChart:
    """One subchart."""

    variant: Variant
    version: str
    content_digest: str
    files: ChartFiles

    @property
    def name(self) -> str:
        """Return the chart's name."""
        return self.variant.chart


@dataclass(frozen=True)
class BuiltPlatform:
    """The umbrella chart of a platform and what else belongs to its version."""

    name: str
    version: str
    files: ChartFiles
    """Of the umbrella, subcharts included."""
    charts: tuple[BuiltChart, ...]
    """Sorted by name."""
    environments: Mapping[str, Mapping[str, Any]]
    """Content of `environments/<name>.yaml` by environment."""
    bom: BillOfMaterials
    lock: Lock
    """What `releases.lock` should say now."""
