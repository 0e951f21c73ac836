"""What a running sandbox keeps on disk, in a folder of its own with mode 0700.

sandbox.json        this is a sandbox, and these are its ports and programs (written last: it is up)
kubeconfig          with the admin's and the viewer's tokens, mode 0600
processes/          one record per process
logs/               one file per process
bin/                links to helm, helm3 and kubectl
helm/               Helm's own folders, so that the user's stay untouched
etcd/ registry/ …   the programs' data
"""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from helmkit.errors import HelmkitError
from sandbox.ports import Ports
from sandbox.processes import ProcessRecord, is_same, load_records

_MARKER = ".sandbox"
_DESCRIPTION = "sandbox.json"


@dataclass(frozen=True)
class Owner:
    """The process a sandbox is to go away with."""

    pid: int
    started: str
    """See `processes.start_time`."""

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return is_same(self.pid, self.started)


@dataclass(frozen=True, kw_only=True)
class Description:
    """What is written down about a sandbox that is up."""

    ports: Ports
    kubernetes: str
    """The API server's version, e.g. v1.36.3."""
    recipe: str
    """A digest over everything that makes a sandbox what it is."""


class StateFolder:
    """A sandbox's folder. Knows where things lie, and never removes a folder that is not a sandbox's."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.processes = path / "processes"
        self.logs = path / "logs"
        self.programs = path / "bin"
        self.lock = path.parent / "lock"

    def exists(self) -> bool:
        """Tell whether a sandbox was started here and not yet taken down."""
        return (self.path / _MARKER).exists()

    def make(self, owner: Owner | None) -> None:
        """Make the empty folder.

        Raises:
            HelmkitError: Something that is not a sandbox lies there.
        """
        self._refuse_strangers()
        self.path.mkdir(parents=True, mode=0o700, exist_ok=True)
        self.path.chmod(0o700)
        (self.path / _MARKER).write_text(json.dumps(asdict(owner) if owner else None))
        for folder in (self.processes, self.logs, self.programs, self.path / "helm"):
            folder.mkdir(exist_ok=True)

    def owner(self) -> Owner | None:
        """Return the process this sandbox is to go away with, if there is one."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            return Owner(**json.loads((self.path / _MARKER).read_text()))
        return None

    def remove(self) -> None:
        """Remove the folder and all that is in it; idempotent.

        Raises:
            HelmkitError: It is not a sandbox's.
        """
        self._refuse_strangers()
        shutil.rmtree(self.path, ignore_errors=True)

    def write(self, name: str, text: str, *, mode: int = 0o600) -> None:
        """Write a file of the folder, readable by the user alone unless said otherwise."""
        file = self.path / name
        file.touch(mode=mode)
        file.write_text(text)

    def describe(self, description: Description) -> None:
        """Write down that the sandbox is up."""
        self.write(_DESCRIPTION, json.dumps(asdict(description), indent=2))

    def description(self) -> Description | None:
        """Return what was written down, or None if the sandbox never was up."""
        try:
            found = json.loads((self.path / _DESCRIPTION).read_text())
            return Description(**{**found, "ports": Ports(**found["ports"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def records(self) -> list[ProcessRecord]:
        """Return the records of all processes started for this sandbox, dead ones too."""
        return load_records(self.processes)

    def log_tail(self, name: str, lines: int = 8) -> str:
        """Return the last lines a process wrote."""
        with contextlib.suppress(OSError):
            return "\n".join((self.logs / f"{name}.log").read_text(errors="replace").splitlines()[-lines:])
        return ""

    def _refuse_strangers(self) -> None:
        if self.path.exists() and any(self.path.iterdir()) and not self.exists():
            message = f"{self.path} is not a sandbox's folder, so it is left alone"
            raise HelmkitError(
                message,
                hint="choose another --name, or another folder with SANDBOX_STATE",
            )
