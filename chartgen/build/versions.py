"""Decide each subchart's version, and refuse what Kubernetes would refuse in the middle of an upgrade. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chartgen.build.migrations import (
    Acknowledged,
    Baseline,
    Refused,
    decide_migrations,
    final_version,
    suggest_kind,
    undo,
)
from chartgen.lockfile import Lock, LockEntry
from helmkit.bom import Migration
from helmkit.errors import InputError, Position, Problem


@dataclass(frozen=True)
class ChartState:
    """What a chart is like now."""

    digest: str
    immutable: Mapping[str, Mapping[str, str]]
    """Field to text, by environment that uses the chart."""
    service: str = ""
    """Key of the service it is for."""
    acknowledged: Mapping[str, Acknowledged] = field(default_factory=dict)
    """What people said about changes of these fields, by environment."""
    siblings: frozenset[str] = frozenset()
    """Names that charts of the same service have as other archetypes: a switch changes the same objects."""


@dataclass(frozen=True)
class FrozenField:
    """A refused change in the environments that have it."""

    chart: str
    service: str
    refused: Refused
    version: str
    environments: tuple[str, ...]

    def problem(self, where: Position | None = None) -> Problem:
        """Return it as people read it, with what to write down if it is meant."""
        name = self.refused.object
        said = "; ".join(f"{c.field}: {_shown(c.old)} became {_shown(c.new)}" for c in self.refused.changes)
        fault = f"; {self.refused.reason}" if self.refused.reason else ""
        kind = suggest_kind(name, self.refused.changes)
        path = f'services.{self.service}.migrations."{final_version(self.version)}"."{name}"'
        hint = f'if it is meant: {path} = {{ kind = "{kind}", reason = "…" }}'
        found_in = ", ".join(self.environments)
        return Problem(f"chart {self.chart}, {name} {said} (in {found_in}){fault}", where, hint)


class FrozenFieldsError(InputError):
    """The charts change what Kubernetes does not let an upgrade change."""

    def __init__(self, frozen: list[FrozenField], places: Mapping[FrozenField, Position] | None = None) -> None:
        problems = [one.problem((places or {}).get(one)) for one in frozen]
        super().__init__("the charts change what Kubernetes does not let an upgrade change", problems, hint=_HINT)
        self.frozen = frozen


_HINT = (
    "Keep the old values, or acknowledge the change as shown: relman then carries it out. Or give the service another "
    "name: new objects, claims included. If the version in releases.lock was never published, delete the chart's "
    "block there and build again."
)


def decide_versions(lock: Lock, charts: Mapping[str, ChartState], platform_version: str) -> Lock:
    """Return the lock as it should be now: a chart keeps its version as long as its content stays the same.

    Idempotent for one platform version: an entry of that version takes the new digest and stays at it.

    Raises:
        FrozenFieldsError: A field changed that Kubernetes does not let an upgrade change (T041, T075), and the release
            manifest does not acknowledge it.
    """
    entries: dict[str, LockEntry] = {}
    frozen: dict[tuple[str, Refused], list[str]] = {}
    for name, state in charts.items():
        migrations = {}
        for environment, fields in state.immutable.items():
            before = _baseline(lock, name, state, environment, platform_version)
            said = state.acknowledged.get(environment, {})
            found, refused = decide_migrations(before, fields, said, platform_version)
            if found:
                migrations[environment] = found
            for one in refused:
                frozen.setdefault((name, one), []).append(environment)
        entries[name] = _entry(lock, name, state, platform_version, migrations)
    if frozen:
        listed = [
            FrozenField(name, charts[name].service or name, refused, platform_version, tuple(found))
            for (name, refused), found in frozen.items()
        ]
        raise FrozenFieldsError(listed)
    return Lock(lock.platform, dict(sorted(entries.items())))


def _baseline(lock: Lock, name: str, state: ChartState, environment: str, platform_version: str) -> Baseline:
    home = _home(lock, name, state, environment)
    # Nobody can have what this version, not yet published, was the first to say.
    if home is None or home.since[environment] == platform_version:
        return Baseline({}, ())
    known = home.migrations.get(environment, ())
    return undo(home.immutable.get(environment, {}), known, platform_version)


def _home(lock: Lock, name: str, state: ChartState, environment: str) -> LockEntry | None:
    """The entry that says what the environment has: the chart's own, or of the archetype the service had before."""
    candidates = [lock.charts[one] for one in (name, *sorted(state.siblings)) if one in lock.charts]
    return next((entry for entry in candidates if environment in entry.since), None)


def _entry(
    lock: Lock, name: str, state: ChartState, platform_version: str, migrations: Mapping[str, tuple[Migration, ...]]
) -> LockEntry:
    old = lock.charts.get(name)
    version = old.version if old and old.digest == state.digest else platform_version
    since = {}
    for environment in sorted(state.immutable):
        home = _home(lock, name, state, environment)
        since[environment] = home.since[environment] if home else platform_version
    return LockEntry(version, state.digest, since, state.immutable, dict(sorted(migrations.items())))


def _shown(text: str) -> str:
    return f'"{text}"'
