"""Options that several commands share, and what a command gets besides its own."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from helmkit.console import Console

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class App:
    """What every command has: where the platform is, where to print, and the environment's variables."""

    folder: Path
    console: Console
    environ: Mapping[str, str]


def command_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add -C, -q, -v and --debug to a command, and give it an `App` as its first argument."""

    @click.option(
        "-C",
        "--directory",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder of the platform: where releases.toml is.",
    )
    @click.option("-q", "--quiet", is_flag=True, help="Leave out remarks; warnings and errors stay.")
    @click.option("-v", "--verbose", count=True, help="Say more.")
    @click.option("--debug", is_flag=True, help="Show tracebacks.")
    @functools.wraps(function)
    def command(*args: Any, **options: Any) -> Any:
        from helmkit.console import Console

        quiet, verbose, _ = options.pop("quiet"), options.pop("verbose"), options.pop("debug")
        console = Console.for_streams(sys.stdout, sys.stderr, os.environ, quiet=quiet, verbose=verbose)
        given = click.get_current_context().find_object(Path)
        app = App(options.pop("directory") or given or Path(), console, os.environ)
        return function(app, *args, **options)

    return command


def output_option(function: Function) -> Function:
    """Add -o/--output to a command."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["table", "json", "yaml"]),
        default="table",
        show_default=True,
        help="How to print the result.",
    )(function)


def environment_option(function: Function) -> Function:
    """Add -e/--environment to a command."""
    return click.option(
        "-e", "--environment", metavar="NAME", help="Environment, as in values/NAME.toml. Default: the manifest's."
    )(function)
