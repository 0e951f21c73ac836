"""`releases.lock`: which version each subchart has and why, and what Kubernetes will not let it change.

One block per chart, sorted by name, so that changes of two branches merge:

    [charts.nacos]
    version = "1.4.2"                   # the platform version at which the content last changed
    digest = "sha256:…"                 # of the content, without its version
    since = { dev = "1.0.0" }           # environments that use the chart, and from which version on
    [charts.nacos.immutable]            # as text where all environments agree, else by environment
    "StatefulSet/nacos spec.serviceName" = "nacos-headless"

A chart whose content did not change keeps its version; one that did takes the platform's. The file is written for
final versions alone: what a pre-release contains may still change under the same final version.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from helmkit.errors import HelmkitError

FILE_NAME = "releases.lock"
SCHEMA = 1

_HEAD = """\
# Versions and immutable fields of the generated charts. Written by `chartgen build`: commit it, do not edit it.
# After a merge conflict take either side and run `chartgen build` again.
"""

Immutable = Mapping[str, Mapping[str, str]]
"""Field (`Kind/name path`) to text, by environment."""


@dataclass(frozen=True)
class LockEntry:
    """What is known of one subchart."""

    version: str
    digest: str
    since: Mapping[str, str] = field(default_factory=dict)
    """Platform version from which on an environment uses the chart, by environment."""
    immutable: Immutable = field(default_factory=dict)


@dataclass(frozen=True)
class Lock:
    """The content of `releases.lock`."""

    platform: str
    charts: Mapping[str, LockEntry] = field(default_factory=dict)


def parse_lock(text: str, source: str = FILE_NAME) -> Lock:
    """Read a lock file.

    Raises:
        HelmkitError: It is not one, or was written by a newer chartgen.
    """
    try:
        data = tomllib.loads(text)
        schema = data["schema"]
        if schema > SCHEMA:
            message = f"{source} has schema {schema}; this chartgen reads up to {SCHEMA}"
            raise HelmkitError(message, hint="Install a newer chartgen.")
        charts = {name: _parse_entry(table) for name, table in data.get("charts", {}).items()}
        return Lock(data["platform"], charts)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
        message = f"{source} cannot be read: {type(error).__name__}: {error}"
        hint = f"After a merge conflict take either side of {source}; or restore it from the last commit, then build."
        raise HelmkitError(message, hint=hint) from error


def render_lock(lock: Lock) -> str:
    """Return the lock file's text; equal for equal locks."""
    head = f"{_HEAD}schema = {SCHEMA}\nplatform = {_text(lock.platform)}\n"
    return head + "".join(_render_entry(name, lock.charts[name]) for name in sorted(lock.charts))


def _parse_entry(table: Mapping[str, Any]) -> LockEntry:
    since = {str(name): str(version) for name, version in table.get("since", {}).items()}
    immutable: dict[str, dict[str, str]] = {name: {} for name in since}
    for path, value in table.get("immutable", {}).items():
        by_environment = value if isinstance(value, dict) else dict.fromkeys(since, value)
        for name, text in by_environment.items():
            immutable.setdefault(name, {})[path] = str(text)
    return LockEntry(str(table["version"]), str(table["digest"]), since, immutable)


def _render_entry(name: str, entry: LockEntry) -> str:
    lines = [
        f"\n[charts.{_key(name)}]",
        f"version = {_text(entry.version)}",
        f"digest = {_text(entry.digest)}",
        f"since = {_inline(entry.since)}",
    ]
    paths = sorted({path for fields in entry.immutable.values() for path in fields})
    if paths:
        lines.append(f"[charts.{_key(name)}.immutable]")
    for path in paths:
        texts = {env: fields[path] for env, fields in entry.immutable.items() if path in fields}
        agreed = len(set(texts.values())) == 1 and texts.keys() == entry.since.keys()
        lines.append(f"{_text(path)} = {_text(next(iter(texts.values()))) if agreed else _inline(texts)}")
    return "\n".join(lines) + "\n"


def _inline(table: Mapping[str, str]) -> str:
    pairs = ", ".join(f"{_key(key)} = {_text(table[key])}" for key in sorted(table))
    return f"{{ {pairs} }}" if pairs else "{}"


def _key(key: str) -> str:
    return key if key and all(c.isascii() and (c.isalnum() or c in "-_") for c in key) else _text(key)


def _text(text: str) -> str:
    # A JSON string is a TOML basic string as well, but for the escapes of characters beyond the BMP, which stay raw.
    return json.dumps(text, ensure_ascii=False)
