"""Decide each subchart's version, and refuse what Kubernetes would refuse in the middle of an upgrade. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chartgen.lockfile import Lock, LockEntry
from helmkit.errors import InputError, Problem


@dataclass(frozen=True)
class ChartState:
    """What a chart is like now."""

    digest: str
    immutable: Mapping[str, Mapping[str, str]]
    """Field to text, by environment that uses the chart."""


def decide_versions(lock: Lock, charts: Mapping[str, ChartState], platform_version: str) -> Lock:
    """Return the lock as it should be now: a chart keeps its version as long as its content stays the same.

    Idempotent for one platform version: an entry of that version takes the new digest and stays at it.

    Raises:
        InputError: A field changed that Kubernetes does not let an upgrade change (T041, T075).
    """
    problems = [
        problem
        for name, state in charts.items()
        if name in lock.charts
        for problem in _frozen_fields(name, lock.charts[name], state, platform_version)
    ]
    if problems:
        raise InputError("the charts change what Kubernetes does not let an upgrade change", problems, hint=_HINT)
    entries = {name: _entry(lock.charts.get(name), state, platform_version) for name, state in charts.items()}
    return Lock(lock.platform, dict(sorted(entries.items())))


_HINT = (
    "Keep the old values, or give the service another name (new objects, claims included; move the data yourself). "
    "If the version in releases.lock was never published, delete the chart's block there and build again. "
    "Carrying such a change out step by step is not possible yet."
)


def _entry(old: LockEntry | None, state: ChartState, platform_version: str) -> LockEntry:
    version = old.version if old and old.digest == state.digest else platform_version
    known = old.since if old else {}
    since = {name: known.get(name, platform_version) for name in sorted(state.immutable)}
    return LockEntry(version, state.digest, since, state.immutable)


def _frozen_fields(name: str, old: LockEntry, state: ChartState, platform_version: str) -> list[Problem]:
    problems: dict[tuple[str, str, str], list[str]] = {}
    for environment, fields in state.immutable.items():
        # Nobody can have what this version, not yet published, was the first to say.
        if old.since.get(environment, platform_version) == platform_version:
            continue
        before = old.immutable.get(environment, {})
        for path in sorted(fields.keys() & before.keys()):
            if fields[path] != before[path]:
                problems.setdefault((path, before[path], fields[path]), []).append(environment)
    return [
        Problem(f"chart {name}, {path}: {_shown(was)} became {_shown(now)} (in {', '.join(found)})")
        for (path, was, now), found in problems.items()
    ]


def _shown(text: str) -> str:
    return f'"{text}"'
