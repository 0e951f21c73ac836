"""`releases.lock`: which version each subchart has and why, and what Kubernetes will not let it change.

One block per chart, sorted by name, so that changes of two branches merge:

    [charts.nacos]
    version = "1.4.2"                   # the platform version at which the content last changed
    digest = "sha256:…"                 # of the content, without its version
    since = { dev = "1.0.0" }           # environments that use the chart, and from which version on
    [charts.nacos.immutable]            # as text where all environments agree, else by environment
    "StatefulSet/nacos spec.serviceName" = "nacos-headless"
    [charts.nacos.migrations]           # acknowledged changes of these, one line each, kept for ever
    "prod 1.4.2 StatefulSet/nacos" = { kind = "claim-growth", changes = { … = ["5Gi …", "9Gi …"] }, reason = "full" }

A chart whose content did not change keeps its version; one that did takes the platform's. The file is written for
final versions alone: what a pre-release contains may still change under the same final version.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from semver import Version

from helmkit.bom import FieldChange, Migration
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
    migrations: Mapping[str, tuple[Migration, ...]] = field(default_factory=dict)
    """By environment, in order of versions; environments without any are left out."""


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
    migrations = _parse_migrations(table.get("migrations", {}))
    return LockEntry(str(table["version"]), str(table["digest"]), since, immutable, migrations)


def _parse_migrations(table: Mapping[str, Any]) -> dict[str, tuple[Migration, ...]]:
    found: dict[str, list[Migration]] = {}
    for key, said in table.items():
        environment, version, name = key.split(" ", 2)
        changes = [FieldChange(path, str(old), str(new)) for path, (old, new) in sorted(said["changes"].items())]
        migration = Migration(
            id=f"{version} {name}",
            kind=str(said["kind"]),
            object=name,
            changes=tuple(changes),
            from_version=version,
            restart=bool(said.get("restart", False)),
            reversible=bool(said.get("reversible", True)),
            reason=str(said.get("reason", "")),
        )
        found.setdefault(environment, []).append(migration)
    return {environment: in_order(migrations) for environment, migrations in sorted(found.items())}


def in_order(migrations: Iterable[Migration]) -> tuple[Migration, ...]:
    """Return migrations, the oldest version first, then by object."""
    return tuple(sorted(migrations, key=lambda one: (Version.parse(one.from_version), one.object)))


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
    if entry.migrations:
        lines.append(f"[charts.{_key(name)}.migrations]")
    for environment in sorted(entry.migrations):
        lines += [_render_migration(environment, migration) for migration in in_order(entry.migrations[environment])]
    return "\n".join(lines) + "\n"


def _render_migration(environment: str, migration: Migration) -> str:
    changes = ", ".join(f"{_key(c.field)} = [{_text(c.old)}, {_text(c.new)}]" for c in migration.changes)
    said = [f"kind = {_text(migration.kind)}", f"changes = {{ {changes} }}"]
    said += ["restart = true"] if migration.restart else []
    said += [] if migration.reversible else ["reversible = false"]
    said += [f"reason = {_text(migration.reason)}"] if migration.reason else []
    key = f"{environment} {migration.from_version} {migration.object}"
    return f"{_text(key)} = {{ {', '.join(said)} }}"


def _inline(table: Mapping[str, str]) -> str:
    pairs = ", ".join(f"{_key(key)} = {_text(table[key])}" for key in sorted(table))
    return f"{{ {pairs} }}" if pairs else "{}"


def _key(key: str) -> str:
    return key if key and all(c.isascii() and (c.isalnum() or c in "-_") for c in key) else _text(key)


def _text(text: str) -> str:
    # A JSON string is a TOML basic string as well, but for the escapes of characters beyond the BMP, which stay raw.
    return json.dumps(text, ensure_ascii=False)
