"""The chartgen command line: one file per command. Nothing here decides anything."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from chartgen.cli.lazy import LazyGroup

_COMMANDS = {
    "add": "chartgen.cli.add:add",
    "browse": "chartgen.cli.browse:browse",
    "build": "chartgen.cli.build:build",
    "bump": "chartgen.cli.bump:bump",
    "bundle": "chartgen.cli.bundle:bundle",
    "check": "chartgen.cli.check:check",
    "completion": "chartgen.cli.completion:completion",
    "diff": "chartgen.cli.diff:diff",
    "emit": "chartgen.cli.emit:emit",
    "explain": "chartgen.cli.explain:explain",
    "harbor": "chartgen.cli.harbor:harbor",
    "init": "chartgen.cli.init:init",
    "lock": "chartgen.cli.lock:lock",
    "pin": "chartgen.cli.pin:pin",
    "promote": "chartgen.cli.promote:promote",
    "push": "chartgen.cli.push:push",
    "render": "chartgen.cli.render:render",
    "schema": "chartgen.cli.schema:schema",
    "set": "chartgen.cli.set:set_versions",
    "sign": "chartgen.cli.sign:sign",
    "verify": "chartgen.cli.sign:verify",
}

_QUESTIONS = frozenset({"--help", "-h", "--version"})


@click.group(cls=LazyGroup, commands_by_name=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="chartgen-relman", prog_name="chartgen")
@click.option(
    "-C",
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder of the platform: where releases.toml is. Default: the current one.",
)
@click.pass_context
def cli(context: click.Context, directory: Path) -> None:
    """Turn one release manifest into one umbrella chart with a subchart per service, and publish it.

    \b
    A first session:
      chartgen check             is everything right?
      chartgen build             releases.toml and values/ -> charts/
      chartgen render gateway    what Helm will apply
      chartgen push              charts/ -> the registry

    Every option can be set by a variable: --directory of chartgen is CHARTGEN_DIRECTORY, --dist of build is
    CHARTGEN_BUILD_DIST. Data goes to stdout, everything else to stderr; NO_COLOR is honoured.

    \b
    Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 stale (--check, --locked),
    5 registry unreachable, 6 timed out, 130 interrupted.
    """  # noqa: D301 - click wants the character itself
    context.obj = directory


def main() -> None:
    """Run chartgen and exit."""
    cli.context_settings["auto_envvar_prefix"] = "CHARTGEN"
    # Whoever asks for help, or presses Tab, waits for click alone.
    if len(sys.argv) == 1 or _QUESTIONS.intersection(sys.argv) or "_CHARTGEN_COMPLETE" in os.environ:
        cli(prog_name="chartgen")
    from helmkit.console.entry import run_cli

    sys.exit(run_cli(cli, sys.argv[1:], prog_name="chartgen", environ=os.environ))
