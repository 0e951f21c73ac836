"""pyhelm3's command, started properly.

pyhelm3 0.5 goes through a shell: cancelling stops the shell and leaves helm running, and secrets stand in argv.
`HelmCommand` replaces the one method that starts processes; everything else pyhelm3 offers works on top of it.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyhelm3  # type: ignore[import-untyped]

from helmkit.errors import HelmkitError, TimedOutError
from helmkit.helm.failures import clean_output, translate_failure
from helmkit.process import GRACE, Completed, LimitReachedError, parent_death_guard, run_process

DEFAULT_LIMIT = 120.0
"""Seconds a command may take when nobody says more: those that only read or render."""

_FIELD_MANAGER = "helm"


class HelmCommand(pyhelm3.Command):  # type: ignore[misc]
    """Runs helm commands as processes that never outlive this one.

    Args:
        binary: The helm to run.
        environ: The whole environment of every helm; `build_environment` makes one.
        grace: Seconds between SIGTERM and SIGKILL.
    """

    def __init__(self, binary: Path, environ: Mapping[str, str], *, grace: float = GRACE) -> None:
        super().__init__(executable=str(binary))
        self._binary = binary
        self._environ = dict(environ)
        self._grace = grace
        self._prefix: tuple[str, ...] | None = None
        self._starting = asyncio.Lock()

    async def run(
        self,
        command: Sequence[object],
        input: bytes | None = None,  # noqa: A002 - pyhelm3 names it so
        *,
        doing: str = "",
        limit: float = DEFAULT_LIMIT,
    ) -> bytes:
        """Run `helm COMMAND…` and return what it wrote to stdout.

        Args:
            command: Subcommand and arguments, without `helm`.
            input: What it reads on stdin.
            doing: For errors: `upgrading release gateway in namespace shop`.
            limit: Seconds it may take in all, by the wall clock.

        Raises:
            HelmkitError: It could not be started, failed or took too long; `helmkit.helm.failures` has the kinds.
        """
        result = await self.execute(command, input, doing=doing, limit=limit)
        if result.returncode != 0:
            raise translate_failure(doing or _name(command), result.stderr, result.returncode)
        return result.stdout

    async def execute(
        self, command: Sequence[object], stdin: bytes | None = None, *, doing: str = "", limit: float = DEFAULT_LIMIT
    ) -> Completed:
        """Run `helm COMMAND…` as `run` does, and leave it to the caller to judge its exit code."""
        doing = doing or _name(command)
        argv = [*await self._start(), *(str(part) for part in command)]
        try:
            return await run_process(argv, environ=self._environ, stdin=stdin, limit=limit, grace=self._grace)
        except LimitReachedError as error:
            said = clean_output(error.stderr)
            message = f"{doing} took longer than {error.limit:g} s and was stopped" + (f": {said}" if said else "")
            raise TimedOutError(message, hint="Look at what it waits for, or give it a longer --timeout.") from error
        except OSError as error:
            message = f"{doing} failed: {self._binary} cannot be started: {error.strerror or error}"
            raise HelmkitError(message, hint="Install helm again, or name another one with HELM_BINARY.") from error

    async def _start(self) -> tuple[str, ...]:
        """Return what stands before every command; found out once, also when several begin at a time."""
        async with self._starting:
            if self._prefix is None:
                self._prefix = (*await parent_death_guard(self._environ), str(self._pinned()))
        return self._prefix

    def _pinned(self) -> Path:
        """Return a path to the binary whose last part is `helm`.

        Helm takes the last part of argv[0] for the name of its field manager; a binary called helm-v4 would
        otherwise be a stranger to every object that `helm` made.
        """
        if self._binary.name == _FIELD_MANAGER:
            return self._binary
        folder = Path(tempfile.mkdtemp(prefix="helmkit-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        link = folder / _FIELD_MANAGER
        link.symlink_to(self._binary.absolute())
        return link


def _name(command: Sequence[object]) -> str:
    return f"helm {command[0]}" if command else "helm"


def build_environment(
    environ: Mapping[str, str], *, kubeconfig: Path | None, context: str | None, registry_config: Path | None
) -> dict[str, str]:
    """Return the environment helm runs in.

    What would make helm see another cluster, another storage or another output than this program does is taken
    out: `HELM_KUBE*` but the context, `HELM_DRIVER`, `HELM_NAMESPACE`, `HELM_DEBUG`, `HELM_MAX_HISTORY`.
    """
    dropped = {"HELM_DRIVER", "HELM_NAMESPACE", "HELM_DEBUG", "HELM_MAX_HISTORY"}
    kept = {
        name: value
        for name, value in environ.items()
        if name not in dropped and (name == "HELM_KUBECONTEXT" or not name.startswith("HELM_KUBE"))
    }
    kept["HELM_DRIVER"] = "secret"
    for name, chosen in {
        "KUBECONFIG": kubeconfig,
        "HELM_KUBECONTEXT": context,
        "HELM_REGISTRY_CONFIG": registry_config,
    }.items():
        if chosen is not None:
            kept[name] = str(chosen)
    return kept
