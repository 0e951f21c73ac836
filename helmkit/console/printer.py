"""The console: the one place that writes to stdout and stderr."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TextIO, TypeVar

import msgspec

from helmkit.console.progress import LineProgress, LiveProgress, Progress, SilentProgress
from helmkit.console.table import Table, visible
from helmkit.errors import HelmkitError
from helmkit.yaml import dump_yaml

Output = Literal["table", "json", "yaml"]

_RED, _YELLOW, _BOLD, _DIM, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[1m", "\x1b[2m", "\x1b[0m"

Data = TypeVar("Data")


class ReaderGoneError(Exception):
    """Whoever read our stdout has gone. No OSError, because click turns those into exit code 1."""


class Console:
    """Prints for people and for programs.

    Args:
        stdout: Takes data only, so that it can be piped.
        stderr: Takes everything else.
        color: Whether stderr and tables may be coloured.
        live: Whether stderr is a terminal that can be redrawn.
        quiet: Leave out remarks and progress; warnings and errors stay.
        verbose: How many details to show.
    """

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        *,
        color: bool = False,
        live: bool = False,
        quiet: bool = False,
        verbose: int = 0,
    ) -> None:
        self._stdout = stdout
        self._stderr = stderr
        self._color = color
        self._live = live
        self.quiet = quiet
        self.verbose = verbose

    @classmethod
    def for_streams(
        cls,
        stdout: TextIO,
        stderr: TextIO,
        environ: Mapping[str, str],
        *,
        quiet: bool = False,
        verbose: int = 0,
    ) -> Console:
        """Return a console that suits its streams: colours and redrawing on a terminal alone.

        `NO_COLOR` (set and not empty) and `TERM=dumb` of `environ` are honoured.
        """
        terminal = stderr.isatty() and environ.get("TERM") != "dumb"
        color = terminal and not environ.get("NO_COLOR")
        return cls(stdout, stderr, color=color, live=terminal, quiet=quiet, verbose=verbose)

    def print_data(self, data: Data, output: Output = "table", *, table: Callable[[Data], Table]) -> None:
        """Print the result of a command on stdout.

        Args:
            data: Dataclasses, msgspec structs, mappings, lists and scalars.
            output: `json` and `yaml` show all of it, strings as they are and keys in their own order; `table` what
                matters to people.
            table: Makes the table of it.
        """
        if output == "table":
            self.print_text(table(data).render())
        elif output == "yaml":
            self.print_text(dump_yaml(_plain(data)))
        else:
            self.print_text(msgspec.json.format(msgspec.json.encode(_plain(data)), indent=2).decode())

    def print_text(self, text: str) -> None:
        """Print text that is a command's result on stdout, as it is, ending in a newline."""
        try:
            self._stdout.write(text if text.endswith("\n") or not text else f"{text}\n")
            self._stdout.flush()
        except BrokenPipeError as error:
            raise ReaderGoneError from error

    def info(self, text: str) -> None:
        """Remark something on stderr; not when quiet."""
        if not self.quiet:
            self._say(visible(text))

    def detail(self, text: str) -> None:
        """Remark something that matters only to the curious; only when verbose."""
        if self.verbose:
            self._say(self._styled(visible(text), _DIM))

    def warn(self, text: str) -> None:
        """Warn of something on stderr."""
        self._say(f"{self._styled('Warning:', _YELLOW)} {visible(text)}")

    def print_error(self, error: HelmkitError) -> None:
        """Show an error and what to do next on stderr."""
        self._say(f"{self._styled('Error:', _RED)} {visible(error.message)}")
        if error.hint:
            self._say(f"{self._styled('Next:', _BOLD)} {visible(error.hint)}")

    def print_trace(self, text: str) -> None:
        """Show a traceback on stderr."""
        self._say(visible(text.rstrip("\n")))

    def progress(self, title: str) -> Progress:
        """Return a reporter for a long operation, to be used as a context manager."""
        if self.quiet:
            return SilentProgress()
        if self._live:
            return LiveProgress(title, self._stderr, color=self._color)
        return LineProgress(title, self._say)

    def _say(self, text: str) -> None:
        self._stderr.write(f"{text}\n")
        self._stderr.flush()

    def _styled(self, text: str, style: str) -> str:
        return f"{style}{text}{_PLAIN}" if self._color else text


def _plain(data: object) -> Any:
    return msgspec.to_builtins(data, str_keys=True)
