"""`--probe` on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from relman.cli.options import Command

if TYPE_CHECKING:
    from relman.actions.ports import World


class Url(click.ParamType[str]):
    """An http or https URL."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it."""
        parts = urlsplit(str(value))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            self.fail("it must begin with http:// or https:// and name a host", param, ctx)
        return str(value)


def probe_options(command: Command) -> Command:
    """Add what is asked while services move."""
    command = click.option(
        "--probe-limit", type=click.IntRange(0), metavar="N",
        help="More than N failed requests to one URL fail the run, which then does as --on-failure says.",
    )(command)  # fmt: skip
    return click.option(
        "--probe", "probes", multiple=True, type=Url(),
        help="Ask this URL five times a second from here while services move, and report what failed; may be given "
        "again. The history keeps it.",
    )(command)  # fmt: skip


def with_probes(world: World, options: Mapping[str, Any]) -> World:
    """Return the world with the probes that were asked for.

    Raises:
        UsageError: A limit without a probe.
    """
    from dataclasses import replace

    from helmkit.errors import UsageError

    if not options["probes"]:
        if options["probe_limit"] is not None:
            raise UsageError("--probe-limit limits nothing", hint="Say what to ask: --probe URL.")
        return world
    from relman.probe import ProbedReporter, Probes
    from relman.probe.http import HttpAsker

    probes = Probes(
        tuple(dict.fromkeys(options["probes"])), HttpAsker, world.clock, world.control, world.reporter,
        limit=options["probe_limit"],
    )  # fmt: skip
    return replace(world, probes=probes, reporter=ProbedReporter(world.reporter, probes))
