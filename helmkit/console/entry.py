"""The way in and the way out of a command line tool: every end of a command becomes an exit code and a message."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from typing import Any, TextIO, TypeVar

from helmkit.console.printer import Console, ReaderGoneError
from helmkit.errors import HelmkitError

INTERRUPTED = 130
"""Exit code after Ctrl-C or SIGTERM."""
BROKEN_PIPE = 141
"""Exit code when the reader of stdout went away (128 + SIGPIPE), as other tools have it."""

Result = TypeVar("Result")


def exit_code_for(error: BaseException) -> int:
    """Return the exit code that `error` stands for; `helmkit.errors` lists them.

    Of a group it is the highest-ranking one: interrupted, then a bug, then the first error of ours.
    """
    if isinstance(error, BaseExceptionGroup):
        codes = [exit_code_for(one) for one in error.exceptions]
        return INTERRUPTED if INTERRUPTED in codes else codes[0]
    if isinstance(error, HelmkitError):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt | asyncio.CancelledError):
        return INTERRUPTED
    return BROKEN_PIPE if isinstance(error, ReaderGoneError) else 1


def run_async(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a use case from a command; the one event loop of the program.

    Ctrl-C and SIGTERM cancel it, and it gets the time its clean-up takes; a second Ctrl-C does not wait.

    Raises:
        KeyboardInterrupt: It was stopped.
    """

    async def guarded() -> Result:
        task = asyncio.current_task()
        if task is not None:
            # CI systems stop jobs by SIGTERM; asyncio itself looks after SIGINT alone.
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await main

    try:
        return asyncio.run(guarded())
    except asyncio.CancelledError as error:
        raise KeyboardInterrupt from error


def run_cli(
    command: Any,
    args: Sequence[str],
    *,
    prog_name: str,
    environ: Mapping[str, str],
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
) -> int:
    """Run a click command and return its exit code. Never raises.

    Args:
        command: The click command or group.
        args: Its arguments, without the program's name. `--debug` anywhere in them shows tracebacks.
        prog_name: The program's name.
        environ: The environment.
        stdout: For tests; the process's own when None.
        stderr: For tests; the process's own when None.
    """
    console = Console.for_streams(stdout or sys.stdout, stderr or sys.stderr, environ)
    try:
        result = command.main(args=list(args), prog_name=prog_name, standalone_mode=False)
        (stdout or sys.stdout).flush()
    except BaseException as error:  # noqa: BLE001 - the last resort: nothing may end in a traceback
        return _report(error, console, stderr or sys.stderr, prog_name, debug="--debug" in args)
    return result if isinstance(result, int) else 0


def _report(error: BaseException, console: Console, stderr: TextIO, prog_name: str, *, debug: bool) -> int:
    import click

    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.ClickException):
        error.show(file=stderr)
        return error.exit_code
    if isinstance(error, click.Abort):
        # What click makes of a KeyboardInterrupt, after it ended the line that shows ^C.
        console.warn("interrupted")
        return INTERRUPTED
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    for one in _leaves(error):
        _show(one, console, prog_name, debug=debug)
    return exit_code_for(error)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
    else:
        yield error


def _show(error: BaseException, console: Console, prog_name: str, *, debug: bool) -> None:
    trace = "".join(traceback.format_exception(error))
    if isinstance(error, KeyboardInterrupt | asyncio.CancelledError):
        console.warn("interrupted")
    elif isinstance(error, ReaderGoneError):
        # Otherwise the interpreter's last flush complains on stderr.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    elif isinstance(error, HelmkitError):
        if debug:
            console.print_trace(trace)
        console.print_error(error)
    else:
        if debug:
            console.print_trace(trace)
        message = f"{prog_name} failed in a way nobody foresaw: {type(error).__name__}: {error}. This is a bug."
        hint = "Please report it" + (" with the traceback above." if debug else ", with what --debug shows.")
        console.print_error(HelmkitError(message, hint=hint))
