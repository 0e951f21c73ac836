"""Which commit charts were made from, and when: what published manifests say of it.

The commit's date, not the clock: whoever pushes the same commit again writes the same manifests. What was changed since
is of no commit, so then nothing is said. SOURCE_DATE_EPOCH (reproducible-builds.org) beats the commit's date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from helmkit.errors import UsageError
from helmkit.process import LimitReachedError, run_process

_LIMIT = 60
"""Seconds that git may take."""
INPUT = ("releases.toml", "values", "charts", "releases.lock")


@dataclass(frozen=True)
class Origin:
    """Where charts come from; empty where it is not known."""

    revision: str = ""
    """Hash of the commit."""
    created: str = ""
    """RFC 3339, UTC, whole seconds."""


async def read_origin(folder: Path, environ: Mapping[str, str], paths: Sequence[str] = INPUT) -> Origin:
    """Return the commit that `paths` in `folder` are of.

    Args:
        folder: Of the release manifest, or of the chart.
        environ: Where PATH and SOURCE_DATE_EPOCH come from.
        paths: What the charts are made of. When git knows of changes there that are not committed, they are of no
            commit.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is no number of seconds.
    """
    stated = _stated_time(environ)
    try:
        shown = await _git(folder, ("log", "-1", "--format=%H %ct"), environ)
        changed = await _git(folder, ("status", "--porcelain", "--", *paths), environ) if shown else b""
    except (OSError, LimitReachedError):
        shown = changed = None
    if not shown or changed is None or changed.strip():
        return Origin(created=stated)
    revision, _, seconds = shown.decode().strip().partition(" ")
    return Origin(revision, stated or _time(int(seconds)))


def _stated_time(environ: Mapping[str, str]) -> str:
    given = environ.get("SOURCE_DATE_EPOCH", "").strip()
    if not given:
        return ""
    try:
        return _time(int(given))
    except (ValueError, OverflowError, OSError):
        message = f"SOURCE_DATE_EPOCH is {given!r}, which is no number of seconds since 1970"
        raise UsageError(message, hint="Set it to `git log -1 --format=%ct`, or unset it.") from None


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _git(folder: Path, arguments: Sequence[str], environ: Mapping[str, str]) -> bytes | None:
    """Return what git prints; None when it fails: there is no repository, or no commit in it."""
    # Optional locks off: asking for the status must not write to a repository that somebody else works in.
    quiet = {**environ, "GIT_OPTIONAL_LOCKS": "0"}
    done = await run_process(["git", "-C", str(folder), *arguments], environ=quiet, limit=_LIMIT)
    return done.stdout if done.returncode == 0 else None
