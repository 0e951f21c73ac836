"""The reference says what the programs say, and every command explains itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from chartgen.cli import cli as chartgen
from relman.cli.group import relman

PROJECT = Path(__file__).resolve().parents[2]


def commands(program: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Yield every command of a program with its path."""

    def walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
        yield path, command
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                child = command.get_command(context, name)
                assert child is not None
                yield from walk(child, f"{path} {name}")

    yield from walk(program, name)


EVERY = [*commands(chartgen, "chartgen"), *commands(relman, "relman")]


def test_the_generated_pages_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stderr}run `make docs`"


@pytest.mark.parametrize(("path", "command"), EVERY, ids=[path for path, _ in EVERY])
def test_every_command_has_help_with_an_example(path: str, command: click.Command) -> None:
    text = command.help or ""
    assert text, f"{path} has no help"
    if not isinstance(command, click.Group):
        assert f"{path} " in text or f"{path}\n" in text, f"{path} --help shows no example"


@pytest.mark.parametrize(("path", "command"), EVERY, ids=[path for path, _ in EVERY])
def test_every_option_has_help(path: str, command: click.Command) -> None:
    bare = [o.name for o in command.params if isinstance(o, click.Option) and not (o.help or "").strip()]
    assert not bare, f"{path}: options without help: {bare}"
