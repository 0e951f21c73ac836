"""Where the sandbox keeps what it builds and what it runs. Pure: the environment is an argument.

    <cache>/<part>-<version>-<digest>/   the programs, shared by every checkout and every sandbox
    <state>/<name>/                      one running sandbox; gone after `down`

Neither lies in the repository, so that `make clean` and a second checkout lose nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from helmkit.errors import UsageError

DEFAULT_NAME = "default"
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
_OWN_FOLDER = Path("chartgen-relman", "sandbox")


@dataclass(frozen=True)
class Places:
    """The two roots on this machine."""

    cache: Path
    state: Path

    def sandbox(self, name: str) -> Path:
        """Return the state folder of the sandbox `name`.

        Raises:
            UsageError: The name is not made of lower-case letters, digits and dashes.
        """
        if not _NAME.fullmatch(name):
            message = f"no sandbox can be named {name!r}"
            raise UsageError(
                message,
                hint="use lower-case letters, digits and dashes, 40 at most, e.g. --name demo",
            )
        return self.state / name


def find_places(environ: Mapping[str, str], home: Path) -> Places:
    """Return the roots: SANDBOX_CACHE and SANDBOX_STATE, else below the XDG folders, else below `home`."""
    cache = environ.get("SANDBOX_CACHE")
    state = environ.get("SANDBOX_STATE")
    xdg_cache = _absolute(environ.get("XDG_CACHE_HOME")) or home / ".cache"
    xdg_state = _absolute(environ.get("XDG_STATE_HOME")) or home / ".local/state"
    return Places(
        cache=Path(cache).absolute() if cache else xdg_cache / _OWN_FOLDER,
        state=Path(state).absolute() if state else xdg_state / _OWN_FOLDER,
    )


def _absolute(value: str | None) -> Path | None:
    # The XDG specification has relative values ignored.
    path = Path(value) if value else None
    return path if path is not None and path.is_absolute() else None
