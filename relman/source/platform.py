"""One platform version, unpacked: its bill of materials, its subcharts on disk, its values per environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from helmkit.bom import FILE_NAME, BillOfMaterials, ServiceEntry, parse_bom
from helmkit.charts import (
    ChartFiles,
    bytes_digest,
    content_digest,
    subchart_values,
    subcharts,
    values_digest,
    write_chart,
)
from helmkit.errors import HelmkitError
from helmkit.yaml import parse_yaml
from relman.core.definitions import parse_definitions
from relman.core.record import Content

_CHANGED = "Build and push it again with `chartgen`; relman installs only what the bill of materials promises."
_HOOK_EVENTS = (b"post-install", b"post-upgrade")


@dataclass
class Platform:
    """An umbrella chart and what it promises.

    Args:
        bom: Its bill of materials.
        bom_digest: Of the file `bom.json`.
        files: The umbrella's files.
        source: Where it came from, for errors and records.
        folder: Where subcharts are unpacked, a private folder that outlives the run.
        digest: The manifest digest in the registry, empty when it came from disk.
    """

    bom: BillOfMaterials
    bom_digest: str
    files: ChartFiles
    source: str
    folder: Path
    digest: str = ""
    _values: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _subcharts: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def subchart(self, name: str) -> Mapping[str, bytes]:
        """Return the files of a subchart; none when there is no such subchart."""
        if not self._subcharts:
            self._subcharts = subcharts(self.files)
        return self._subcharts.get(name, {})

    def chart(self, name: str) -> Path:
        """Return the folder of a subchart, unpacked on first use."""
        target = self.folder / self.bom.version / name
        if not target.is_dir():
            write_chart(target, self.subchart(name))
        return target

    def values(self, environment: str, chart: str) -> dict[str, Any]:
        """Return the values a subchart gets in an environment, `global` included."""
        if environment not in self._values:
            self._values[environment] = _load_values(self.files, environment, self.source)
        return subchart_values(self._values[environment], chart)

    def has_late_hooks(self, chart: str) -> bool:
        """Tell whether a subchart has hooks that must run after everything is ready."""
        templates = (c for p, c in self.subchart(chart).items() if "/templates/" in f"/{p}")
        return any(b"helm.sh/hook" in text and any(event in text for event in _HOOK_EVENTS) for text in templates)

    def definitions(self, chart: str) -> list[dict[str, Any]]:
        """Return the CustomResourceDefinitions that must be there before a subchart is installed.

        Raises:
            HelmkitError: They cannot be read.
        """
        return parse_definitions(self.subchart(chart), f"{self.source}: {chart}")

    def provides(self, content: Content, environment: str) -> bool:
        """Tell whether exactly this content, chart and values, can be taken from here."""
        files = self.subchart(content.chart)
        if not files or content_digest(files) != content.content_digest or environment not in self.bom.environments:
            return False
        return values_digest(self.values(environment, content.chart)) == content.values_digest

    def verify(self, environment: str) -> None:
        """Check every subchart of an environment, and the values it gets, against the bill of materials.

        Raises:
            HelmkitError: Something is not what was promised; all of it is named.
        """
        faults = [
            fault
            for key, entry in sorted(self.bom.environments[environment].services.items())
            for fault in self._faults(environment, key, entry)
        ]
        if faults:
            message = f"{self.source} is not what its bill of materials promises:\n  " + "\n  ".join(faults)
            raise HelmkitError(message, hint=_CHANGED)

    def _faults(self, environment: str, key: str, entry: ServiceEntry) -> list[str]:
        files = self.subchart(entry.chart)
        if not files:
            return [f"{key}: subchart {entry.chart} is missing"]
        faults = []
        if content_digest(files) != entry.content_digest:
            faults.append(f"{key}: subchart {entry.chart} has other content")
        if values_digest(self.values(environment, entry.chart)) != entry.values_digest:
            faults.append(f"{key}: environments/{environment}.yaml has other values")
        return faults


def read_platform(files: ChartFiles, source: str, folder: Path, digest: str = "") -> Platform:
    """Return the platform an umbrella chart holds.

    Raises:
        HelmkitError: It has no bill of materials, or one that cannot be read.
    """
    text = files.get(FILE_NAME)
    if text is None:
        message = f"{source} is a chart without a bill of materials ({FILE_NAME})"
        raise HelmkitError(message, hint="Name an umbrella chart that `chartgen build` wrote.")
    bom = parse_bom(text, f"{source}: {FILE_NAME}")
    return Platform(bom, bytes_digest(text), files, source, folder, digest)


def _load_values(files: ChartFiles, environment: str, source: str) -> Mapping[str, Any]:
    path = f"environments/{environment}.yaml"
    try:
        values = parse_yaml(files[path]) or {}
    except (KeyError, yaml.YAMLError) as error:
        what = "is missing" if isinstance(error, KeyError) else f"is not YAML: {error}"
        msg = f"{source}: {path} {what}"
        raise HelmkitError(msg, hint=_CHANGED) from error
    if not isinstance(values, dict):
        msg = f"{source}: {path} is not a map"
        raise HelmkitError(msg, hint=_CHANGED)
    return values
