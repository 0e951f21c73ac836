"""A third party's chart as a subchart of the umbrella. Pure.

It becomes `charts/<key>/` under the service's key, which is what Helm's own `alias` does to a dependency, so that
values, tags, the guard, versions and history work as for every other chart. Nothing else of it changes, but that a
closed values.schema.json must let in what Helm itself passes to subcharts (`global`).
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from chartgen.vendoring.address import parse_address
from helmkit.charts import bytes_digest, content_digest, parse_archive
from helmkit.errors import HelmkitError
from helmkit.yaml import parse_yaml

_LINE = {key: re.compile(rf"^{key}:.*$".encode(), re.MULTILINE) for key in ("name", "version")}
_SCHEMA = "values.schema.json"
_HELMS_OWN = {"global": {"type": "object"}, "enabled": {"type": "boolean"}}


@dataclass(frozen=True)
class Kept:
    """A chart as it lies beside the release manifest."""

    files: Mapping[str, bytes]
    digest: str
    """Of the archive; of the content for a folder."""
    name: str
    version: str
    """As its Chart.yaml says."""
    fault: str = ""
    """Why it cannot be used; empty when it can."""


def find_kept(chart: str, version: str, files: Mapping[str, bytes]) -> Kept | None:
    """Return a chart among the files beside the release manifest; None when it is not there.

    Args:
        chart: Its address.
        version: Its version.
        files: Content by name.
    """
    address = parse_address(chart)
    where = address.kept_as(version)
    if address.kind != "folder":
        return _read(where, files[where]) if where in files else None
    prefix = f"{where}/"
    own = {name.removeprefix(prefix): content for name, content in files.items() if name.startswith(prefix)}
    return _described(where, own, content_digest(own)) if "Chart.yaml" in own else None


def check_kept(kept: Kept, version: str, digest: str | None) -> tuple[str, str]:
    """Return what is wrong with a chart and what to do, both empty when it is the one that is meant."""
    if kept.fault:
        return kept.fault, "fetch it again, or ask its author"
    if digest is None:
        return f"is not pinned; what is there is {kept.digest}", f'write digest = "{kept.digest}"'
    if kept.digest != digest:
        hint = "somebody published other content under this version, or changed the file; pin the new digest only if "
        return f"what is there is {kept.digest}, and not what is pinned", hint + "you know why"
    if kept.version.removeprefix("v") != version.removeprefix("v"):
        return f"what is there is version {kept.version}", f'write version = "{kept.version}", or pin the right chart'
    return "", ""


def adopt_chart(kept: Kept, key: str) -> dict[str, bytes]:
    """Return the files of a chart under another name; its version is put in later, like every subchart's."""
    files = dict(kept.files)
    chart_file = _LINE["name"].sub(f"name: {key}".encode(), files["Chart.yaml"], count=1)
    files["Chart.yaml"] = _LINE["version"].sub(b"version: 0.0.0", chart_file, count=1)
    if _SCHEMA in files:
        files[_SCHEMA] = _admitting(files[_SCHEMA])
    files.setdefault("values.yaml", b"{}\n")
    return files


@functools.lru_cache(maxsize=64)
def _read(where: str, archive: bytes) -> Kept:
    try:
        _, files = parse_archive(archive, where)
    except HelmkitError as error:
        return Kept({}, bytes_digest(archive), "", "", error.message)
    return _described(where, files, bytes_digest(archive))


def _described(where: str, files: Mapping[str, bytes], digest: str) -> Kept:
    try:
        chart = parse_yaml(files["Chart.yaml"])
    except yaml.YAMLError:
        chart = None
    if not isinstance(chart, dict) or not isinstance(chart.get("name"), str):
        return Kept(files, digest, "", "", f"{where} has a Chart.yaml that is none")
    name, version = chart["name"], str(chart.get("version", ""))
    fault = ""
    if chart.get("type") == "library":
        fault = f"{where} is a library, which installs nothing"
    elif not all(line.search(files["Chart.yaml"]) for line in _LINE.values()):
        fault = f"{where} has a Chart.yaml whose name and version are not on lines of their own"
    missing = sorted(_missing_dependencies(chart, files))
    if missing:
        fault = f"{where} needs charts that are not in it: {', '.join(missing)}"
    return Kept(files, digest, name, version, fault)


def _missing_dependencies(chart: Mapping[str, Any], files: Mapping[str, bytes]) -> set[str]:
    wanted = {str(one.get("name")) for one in chart.get("dependencies") or [] if isinstance(one, dict)}
    held = [path.split("/")[1] for path in files if path.startswith("charts/")]
    return {name for name in wanted if not any(one == name or one.startswith(f"{name}-") for one in held)}


def _admitting(text: bytes) -> bytes:
    try:
        schema = json.loads(text)
    except ValueError:
        return text
    if not isinstance(schema, dict) or schema.get("additionalProperties") is not False:
        return text
    schema["properties"] = {**_HELMS_OWN, **(schema.get("properties") or {})}
    return (json.dumps(schema, indent=2, ensure_ascii=False) + "\n").encode()
