"""`chartgen diff`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from chartgen.cli.options import App, command_options, environment_option, output_option
from chartgen.cli.registry_options import registry_options

if TYPE_CHECKING:
    from chartgen.comparison.records import PlatformDiff
    from chartgen.harbor.connection import Access
    from chartgen.umbrella import Umbrella
    from helmkit.console import Output

CHANGES = 3
"""Exit code when something changes and --exit-code asks for it."""


@click.command(short_help="Tell what changes, per service, and which pods restart.")
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@click.option(
    "--against",
    default="HEAD",
    show_default=True,
    metavar="GIT-REF|VERSION|DIR",
    help="What to compare with: a commit, branch or tag; a published version; a platform's or umbrella's folder.",
)
@click.option("--exit-code", is_flag=True, help="Exit 3 when something changes.")
@environment_option
@output_option
@command_options
@registry_options
def diff(
    app: App,
    access: Access,
    services: tuple[str, ...],
    *,
    against: str,
    exit_code: bool,
    environment: str | None,
    output: Output,
) -> None:
    """Tell what the files here change for SERVICE... (default: all): objects, fields, and which pods restart, and why.

    Commits and platform folders are built by this chartgen; published versions and umbrella folders are taken as they
    are, which also shows what another chartgen would change. Helm renders what differs. Pods restart when the pod
    template of a Deployment, StatefulSet or DaemonSet changes. Secrets are compared and never shown.

    A folder wins over a version (1.4.2, pulled from [charts].repository), a version over a commit; heads/NAME and
    tags/NAME are always git's.

    \b
    Examples:
      chartgen diff                              what is not committed yet
      chartgen diff gateway -e prod --against v1.4.1
      chartgen diff --against 1.4.1              since that published version
      chartgen diff --against ../shop-old -o json --exit-code
    """  # noqa: D301 - click wants the character itself
    from chartgen.comparison.text import table_of
    from helmkit.console import run_async

    found = run_async(_diff(app, access, services, against, environment))
    for refusal in found.refusals:
        app.console.warn(f"`chartgen build` would refuse this: {refusal}")
    app.console.print_data(found, output, table=table_of)
    if exit_code and found.changes:
        sys.exit(CHANGES)


async def _diff(
    app: App, access: Access, services: tuple[str, ...], against: str, environment: str | None
) -> PlatformDiff:
    from chartgen.comparison.against import load_other
    from chartgen.comparison.compare import compare_sides
    from chartgen.comparison.sides import build_side
    from helmkit.helm import Helm

    new = build_side(app.folder, "the files here")
    name = environment or new.bom.default_environment

    async def fetch(wanted: str) -> Umbrella:
        # An environment that was removed has no repository of its own any more.
        place = name if name in new.bom.environments else None
        return await _fetch(app, access, wanted, new.bom.platform, place)

    old = await load_other(app.folder, against, app.environ, fetch)
    return await compare_sides(Helm(None, app.environ), old, new, name, services)


async def _fetch(app: App, access: Access, wanted: str, platform: str, environment: str | None) -> Umbrella:
    from dataclasses import replace

    from chartgen.cli.registry import connect, find_target
    from chartgen.umbrella import fetch_umbrella
    from helmkit.oci import tag_for

    if wanted.startswith("oci://"):
        target, reached = find_target(app, access, wanted)
    else:
        target, reached = find_target(app, access, None, environment=environment)
        target = replace(target.child(platform), tag=tag_for(wanted))
    async with connect(reached, target.host) as client:
        return await fetch_umbrella(client, target)
