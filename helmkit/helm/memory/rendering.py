"""Charts rendered without a template engine: enough for tests that are not about templates."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from helmkit.charts import load_chart, parse_archive
from helmkit.helm.errors import RenderError
from helmkit.yaml import parse_yaml

Renderer = Callable[[Path, str, str, Mapping[str, Any]], str]
"""Renders a chart (path, release, namespace, values given) to YAML documents; raises RenderError."""

_ACTION = re.compile(r"{{-?\s*\.([A-Za-z]+)\.([A-Za-z0-9_.]+)\s*-?}}")


def load_files(chart: Path) -> dict[str, bytes]:
    """Return the files of a chart, a folder or a .tgz."""
    return load_chart(chart) if chart.is_dir() else parse_archive(chart.read_bytes(), str(chart))[1]


def load_metadata(chart: Path) -> dict[str, Any]:
    """Return a chart's Chart.yaml."""
    return dict(parse_yaml(load_files(chart)["Chart.yaml"]))


def render_simply(chart: Path, release: str, namespace: str, values: Mapping[str, Any]) -> str:
    """Render the chart's own templates, knowing nothing but `{{ .Release.Name }}`, `{{ .Values.a.b }}` and the like.

    Values come out as JSON, so texts arrive quoted. Subcharts and files that begin with an underscore are left out.

    Raises:
        RenderError: A value is missing, or a template does more than that.
    """
    files = load_files(chart)
    defaults = parse_yaml(files.get("values.yaml", b"{}")) or {}
    metadata = parse_yaml(files["Chart.yaml"])
    scopes = {
        "Release": {"Name": release, "Namespace": namespace, "Service": "Helm"},
        "Values": _overlay(defaults, values),
        "Chart": {key[:1].upper() + key[1:]: value for key, value in metadata.items()},
    }
    documents = []
    for path in sorted(files):
        name = path.rpartition("/")[2]
        if path.startswith("templates/") and name.endswith((".yaml", ".yml")) and not name.startswith("_"):
            text = _fill_in(files[path].decode(), scopes, path)
            documents.append(f"---\n# Source: {metadata['name']}/{path}\n{text.rstrip()}\n")
    return "".join(documents)


def _fill_in(template: str, scopes: Mapping[str, Any], path: str) -> str:
    text = _ACTION.sub(lambda match: _look_up(scopes, match, path), template)
    if "{{" in text:
        message = f"rendering failed at {path}: the in-memory helm knows no such template action"
        raise RenderError(message, hint="Give MemoryHelm a renderer of your own.")
    return text


def _look_up(scopes: Mapping[str, Any], match: re.Match[str], path: str) -> str:
    value = scopes.get(match[1], {})
    for part in match[2].split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if value is None:
        message = f"rendering failed at {path}: .{match[1]}.{match[2]} is not set"
        raise RenderError(message, hint="Set it in the values.")
    return json.dumps(value, ensure_ascii=False)


def _overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = _overlay(merged[key], value)
        else:
            merged[key] = value
    return merged
