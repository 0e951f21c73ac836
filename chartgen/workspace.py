"""The folder of a platform: load its release manifest, build its charts, compare and write them.

releases.toml  values/  releases.lock  ->  charts/<platform>/  releases.lock  dist/*.tgz
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from chartgen.build import BuiltPlatform
from chartgen.lockfile import FILE_NAME as LOCK_FILE
from chartgen.lockfile import Lock, LockEntry, parse_lock, render_lock
from chartgen.manifest.load import display_prefix, load_platform, load_sources
from chartgen.manifest.resolved import ResolvedEnvironment, ResolvedPlatform
from chartgen.output import Differences, compare_folder, replace_folder, write_file
from chartgen.package import write_packages
from chartgen.vendoring.build import build_whole_platform, fetch_missing
from helmkit.errors import HelmkitError, StaleError, UsageError

_NAMED_FILES = 20
"""How many stale files an error names."""


@dataclass(frozen=True)
class Workspace:
    """A platform as its folder has it, and what should be generated from it."""

    folder: Path
    platform: ResolvedPlatform
    built: BuiltPlatform
    before: Lock | None
    """What `releases.lock` says; None when there is none."""
    lock_text: str | None
    """What `releases.lock` should say; None for a pre-release, which never writes it."""
    lock_is_stale: bool


@dataclass(frozen=True)
class ChartReport:
    """What a build says of one chart."""

    name: str
    version: str
    state: str
    """`new`, `changed` or `unchanged` since the lock."""
    archetype: str
    content_digest: str


@dataclass(frozen=True)
class BuildReport:
    """What a build did."""

    platform: str
    version: str
    folder: str
    """Of the umbrella chart."""
    charts: tuple[ChartReport, ...]
    written: tuple[str, ...]
    """Files of the umbrella that are new or changed."""
    removed: tuple[str, ...]
    packages: tuple[str, ...] = field(default=())
    lock: str = "unchanged"
    """`written`, `unchanged`, or `kept` for a pre-release."""


def load_workspace(folder: Path, *, fetch: bool = False) -> Workspace:
    """Load the platform of `folder` and build its charts in memory.

    Args:
        folder: Where releases.toml is.
        fetch: Fetch charts of third parties that are not beside it yet, and keep them there.

    Raises:
        InputError: The release manifest is wrong, or the charts change what Kubernetes does not let change.
        HelmkitError: releases.lock cannot be read.
    """
    platform = load_platform(folder)
    if fetch and fetch_missing(platform, folder):
        platform = load_platform(folder)
    path = folder / LOCK_FILE
    text = _read_lock(path)
    before = None if text is None else parse_lock(text, str(path))
    built = _build(folder, platform, before)
    lock_text = None if is_prerelease(platform.version) else render_lock(built.lock)
    return Workspace(folder, platform, built, before, lock_text, lock_text is not None and lock_text != text)


def _build(folder: Path, platform: ResolvedPlatform, before: Lock | None) -> BuiltPlatform:
    from chartgen.build.versions import FrozenFieldsError

    try:
        return build_whole_platform(platform, before)
    except FrozenFieldsError as error:
        from chartgen.frozen_places import find_frozen

        raise FrozenFieldsError(
            error.frozen, find_frozen(error.frozen, load_sources(folder), display_prefix(folder))
        ) from error


def is_prerelease(version: str) -> bool:
    """Tell whether a semantic version is a pre-release."""
    return "-" in version.partition("+")[0]


def check_fresh(workspace: Workspace, charts: Path) -> None:
    """Make sure that what is generated is what is committed.

    Raises:
        StaleError: charts/ or releases.lock differ; names the files.
    """
    folder = charts / workspace.built.name
    found = compare_folder(folder, workspace.built.files)
    lines = [*_named(folder, found), *([f"{workspace.folder / LOCK_FILE}: stale"] if workspace.lock_is_stale else [])]
    if lines:
        more = [f"and {len(lines) - _NAMED_FILES} more"] if len(lines) > _NAMED_FILES else []
        listed = "\n  ".join([*lines[:_NAMED_FILES], *more])
        message = f"the charts of {workspace.built.name} are not what the release manifest says:\n  {listed}"
        raise StaleError(message, hint="Run `chartgen build` and commit what it writes.")


def check_locked(workspace: Workspace) -> None:
    """Make sure that a build leaves releases.lock as it is.

    Raises:
        StaleError: It would change; names the charts.
    """
    if not workspace.lock_is_stale:
        return
    before: dict[str, LockEntry] = dict(workspace.before.charts) if workspace.before else {}
    after = workspace.built.lock.charts
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    message = f"releases.lock would change for {', '.join(names) or 'its layout alone'}, and --locked forbids that"
    raise StaleError(message, hint="Run `chartgen build` without --locked and commit releases.lock.")


def write_workspace(workspace: Workspace, charts: Path, dist: Path | None) -> BuildReport:
    """Write the umbrella below `charts`, archives to `dist` (None: none) and releases.lock beside the manifest.

    Idempotent; what is already right is not touched.
    """
    built = workspace.built
    folder = charts / built.name
    with ThreadPoolExecutor(1) as threads:
        # Compressing and writing files wait for different things.
        packing = threads.submit(write_packages, built, dist) if dist else None
        found = compare_folder(folder, built.files)
        if found:
            replace_folder(folder, built.files, found.same)
        packages = packing.result() if packing else ()
    lock = "kept" if workspace.lock_text is None else "unchanged"
    if workspace.lock_is_stale and workspace.lock_text is not None:
        write_file(workspace.folder / LOCK_FILE, workspace.lock_text.encode())
        lock = "written"
    return BuildReport(
        platform=built.name,
        version=built.version,
        folder=str(folder),
        charts=report_charts(workspace),
        written=tuple(sorted((*found.missing, *found.changed))),
        removed=found.stale,
        packages=packages,
        lock=lock,
    )


def report_charts(workspace: Workspace) -> tuple[ChartReport, ...]:
    """Return each chart with what became of it since the lock."""
    before = workspace.before.charts if workspace.before else {}
    return tuple(
        ChartReport(
            chart.name,
            chart.version,
            _state(before.get(chart.name), chart.content_digest),
            chart.variant.archetype.name,
            chart.content_digest,
        )
        for chart in workspace.built.charts
    )


def _state(entry: LockEntry | None, digest: str) -> str:
    if entry is None:
        return "new"
    return "unchanged" if entry.digest == digest else "changed"


def _named(folder: Path, found: Differences) -> list[str]:
    return [
        *(f"{folder / path}: missing" for path in found.missing),
        *(f"{folder / path}: differs" for path in found.changed),
        *(f"{folder / path}: should not be there" for path in found.stale),
    ]


def _read_lock(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        message = f"reading {path} failed: {error}"
        raise HelmkitError(message, hint="Restore it from the last commit, or delete it to start anew.") from error


def choose_environment(platform: ResolvedPlatform, name: str) -> ResolvedEnvironment:
    """Return an environment by its name.

    Raises:
        UsageError: There is none of that name; names those there are.
    """
    found = platform.environments.get(name)
    if found is None:
        _refuse("environment", name, platform.environments)
    return found


def choose_services(
    workspace: Workspace, environment: str | None, namespace: str | None, services: Sequence[str]
) -> tuple[str, list[str]]:
    """Return an environment's name and the keys of the services meant, in dependency order.

    Args:
        workspace: The platform.
        environment: Its name; the default environment when None.
        namespace: Only services that live there.
        services: Keys; all when empty.

    Raises:
        UsageError: There is no such environment, namespace or service; names those there are.
    """
    found = choose_environment(workspace.platform, environment or workspace.platform.default_environment)
    name = found.name
    for key in services:
        if key not in found.services:
            _refuse(f"service in the environment {name}", key, found.services)
    if namespace is not None and namespace not in found.namespaces:
        _refuse("namespace", namespace, found.namespaces)
    wanted = [key for key in found.services if not services or key in services]
    return name, [key for key in wanted if namespace in (None, found.services[key].namespace)]


def _refuse(kind: str, name: str, known: Iterable[str]) -> NoReturn:
    import difflib

    names = sorted(known)
    close = difflib.get_close_matches(name, names, 1)
    message = f"there is no {kind} called {name!r}"
    raise UsageError(message, hint=f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(names)}.")
