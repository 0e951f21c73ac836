"""A chart as a registry holds it: config, archive and the manifest that helm would write. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from helmkit.charts import bytes_digest
from helmkit.oci.manifest import CHART_CONFIG, CHART_LAYER, Descriptor, Manifest, render_manifest
from helmkit.oci.reference import tag_for
from helmkit.yaml import parse_yaml

ANNOTATION = "org.opencontainers.image."
"""Beginning of the annotations that the OCI image specification names."""


@dataclass(frozen=True)
class ChartPackage:
    """A chart, ready to be published."""

    repository: str
    """The chart's own, without the host: `charts/shop`."""
    name: str
    version: str
    config: bytes
    """The Chart.yaml as JSON."""
    archive: bytes
    """The .tgz."""
    manifest: bytes
    digest: str
    """Of the manifest."""
    parts: tuple[str, str]
    """Digests of config and archive."""

    @property
    def tag(self) -> str:
        """Return the tag of its version: `_` for `+`."""
        return tag_for(self.version)


def build_package(
    repository: str,
    name: str,
    version: str,
    archive: bytes,
    chart_yaml: bytes,
    *,
    annotations: Mapping[str, str] | None = None,
) -> ChartPackage:
    """Return a chart as it is published; equal for equal input.

    Args:
        repository: The chart's own, without the host.
        name: The chart's name.
        version: The chart's version.
        archive: The .tgz.
        chart_yaml: The Chart.yaml in it.
        annotations: What the manifest says besides what follows from the Chart.yaml.
    """
    config = msgspec.json.encode(parse_yaml(chart_yaml))
    manifest = build_manifest(name, version, archive, config, annotations=annotations)
    content = render_manifest(manifest)
    parts = (manifest.config.digest if manifest.config else "", manifest.layers[0].digest)
    return ChartPackage(repository, name, version, config, archive, content, bytes_digest(content), parts)


def build_manifest(
    name: str, version: str, archive: bytes, config: bytes, *, annotations: Mapping[str, str] | None = None
) -> Manifest:
    """Return the manifest helm would write for a chart; equal for equal input.

    Args:
        name: The chart's name.
        version: The chart's version.
        archive: The .tgz.
        config: The Chart.yaml as JSON.
        annotations: What it says besides what follows from the Chart.yaml; helm adds `created`.
    """
    # Without a mediaType of its own, as helm leaves it: then both write the same bytes.
    return Manifest(
        schemaVersion=2,
        config=Descriptor(CHART_CONFIG, bytes_digest(config), len(config)),
        layers=(Descriptor(CHART_LAYER, bytes_digest(archive), len(archive)),),
        annotations=_annotations(name, version, msgspec.json.decode(config), annotations or {}),
    )


def _annotations(name: str, version: str, chart: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """Return the annotations that helm derives from a Chart.yaml (helm: pkg/registry/chart.go), and those given."""
    sources = chart.get("sources") or ()
    derived = {
        "description": chart.get("description"),
        "title": name,
        "version": version,
        "url": chart.get("home"),
        "source": sources[0] if sources else None,
        "authors": ", ".join(_author(one) for one in chart.get("maintainers") or ()),
    }
    annotations = {ANNOTATION + key: str(value) for key, value in derived.items() if value and str(value).strip()}
    own = chart.get("annotations") or {}
    fixed = {f"{ANNOTATION}title", f"{ANNOTATION}version"}
    for more in (given, own):
        annotations.update({str(key): str(value) for key, value in more.items() if key not in fixed})
    return dict(sorted(annotations.items()))


def _author(maintainer: Mapping[str, Any]) -> str:
    email = maintainer.get("email")
    return f"{maintainer.get('name', '')} ({email})" if email else str(maintainer.get("name", ""))
