"""Chart.yaml of subcharts and umbrellas."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from chartgen.vocabulary.about import About
from helmkit.yaml import dump_yaml

KUBE_VERSION = ">=1.30.0-0"
"""The sleep action of preStop is on by default since 1.30; `-0` admits vendors' suffixes."""

_NOTHING = About()
_UNKNOWN_VERSION = "0.0.0"
_VERSION_LINE = re.compile(rb"^version: .*$", re.MULTILINE)


def render_chart_file(
    name: str,
    description: str,
    *,
    app_version: str = "",
    images: Iterable[str] = (),
    version: str = _UNKNOWN_VERSION,
    about: About = _NOTHING,
) -> bytes:
    """Return the Chart.yaml of a subchart; `with_version` gives it its version once its digest is known."""
    chart: dict[str, Any] = {
        "apiVersion": "v2",
        "name": name,
        "description": description,
        "type": "application",
        "version": version,
        **({"appVersion": app_version} if app_version else {}),
        "kubeVersion": KUBE_VERSION,
        **about.fields(),
        **_annotations(images, about),
    }
    return dump_yaml(chart).encode()


def with_version(chart_file: bytes, version: str) -> bytes:
    """Return a subchart's Chart.yaml with its version put in."""
    line = dump_yaml({"version": version}).encode().rstrip()
    return _VERSION_LINE.sub(lambda _: line, chart_file, count=1)


def render_umbrella_file(
    name: str,
    version: str,
    description: str,
    dependencies: Sequence[dict[str, Any]],
    images: Iterable[str],
    about: About = _NOTHING,
) -> bytes:
    """Return the Chart.yaml of an umbrella.

    Its dependencies have no repository: they are vendored, and a `file://` one would stay in the published chart.
    """
    chart: dict[str, Any] = {
        "apiVersion": "v2",
        "name": name,
        "description": description,
        "type": "application",
        "version": version,
        "kubeVersion": KUBE_VERSION,
        **about.fields(),
        **_annotations(images, about),
        "dependencies": list(dependencies),
    }
    return dump_yaml(chart).encode()


def _annotations(images: Iterable[str], about: About) -> dict[str, Any]:
    listed = [{"name": _image_name(image), "image": image} for image in images]
    # What mirroring tools read to know which images to copy.
    found = {**({"artifacthub.io/images": dump_yaml(listed)} if listed else {}), **about.annotations()}
    return {"annotations": found} if found else {}


def _image_name(image: str) -> str:
    return image.rpartition("/")[2].partition("@")[0].partition(":")[0]
