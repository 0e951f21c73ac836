"""`chartgen pin`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from chartgen.cli.options import App, command_options, output_option

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager

    from chartgen.manifest.resolved import ResolvedPlatform
    from chartgen.pinning.decide import Decision, Pin
    from chartgen.pinning.digests import Registry
    from helmkit.console import Output, Table

FAILED, STALE, UNREACHABLE = 1, 3, 5
"""Exit codes: a tag is missing or refused; --check found a tag that moved; a registry could not be asked."""


@click.command(short_help="Pin images to the digests that their tags mean now.")
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@click.option(
    "-e",
    "--environment",
    "environments",
    multiple=True,
    metavar="NAME",
    help="Only this one, in its layer; several are possible.  [default: all, where they agree in releases.toml]",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 3 when a tag is no longer what it is pinned to.")
@click.option("--dry-run", is_flag=True, help="Write nothing; tell what would be pinned.")
@output_option
@command_options
def pin(
    app: App,
    services: tuple[str, ...],
    *,
    environments: tuple[str, ...],
    check: bool,
    dry_run: bool,
    output: Output,
) -> None:
    """Ask the registries which digests the tags of SERVICE... (default: all) mean, and write them as image.digest.

    A digest wins over the tag: run it again after `chartgen set`. Comments and layout stay. A service whose tag cannot
    be asked for in one of the environments is left as it is, and named; the others are pinned. Credentials are those
    of `helm registry login` or `docker login`.

    \b
    Examples:
      chartgen pin
      chartgen pin gateway -e prod --dry-run
      chartgen pin --check -o json       in CI: has anybody moved a tag?
    """  # noqa: D301 - click wants the character itself
    from functools import partial

    from chartgen.manifest.load import display_prefix, load_edited, load_platform, load_sources
    from chartgen.output import write_file
    from chartgen.pinning.apply import apply_edits
    from chartgen.workspace import choose_environment
    from helmkit.console import run_async

    contents = load_sources(app.folder)
    platform = load_platform(app.folder)
    for name in environments:
        choose_environment(platform, name)
    _check_services(platform, services)
    decision = run_async(_decide(app, platform, contents, services, environments, check=check))
    resolve, shown_in = partial(load_edited, app.folder), display_prefix(app.folder)
    changed = apply_edits(contents, decision.edits, decision.pins, shown_in=shown_in, resolve=resolve)
    app.console.print_data(decision.pins, output, table=_table)
    for name, content in changed.items():
        if not dry_run:
            write_file(app.folder / name, content)
        app.console.info(f"{app.folder / name} {'would change' if dry_run else 'changed'}")
    for one in decision.pins:
        if one.reason:
            app.console.warn(f"{one.service} in {one.environment}: {one.reason}")
    sys.exit(_exit_code(decision.pins, check=check))


def _check_services(platform: ResolvedPlatform, services: Sequence[str]) -> None:
    from chartgen.manifest.keypath import did_you_mean
    from helmkit.errors import UsageError

    known = {key for environment in platform.environments.values() for key in environment.services}
    for key in services:
        if key not in known:
            message = f"there is no service called {key!r}"
            raise UsageError(message, hint=did_you_mean(key, known, f"There are: {', '.join(sorted(known))}."))


async def _decide(
    app: App,
    platform: ResolvedPlatform,
    contents: dict[str, bytes],
    services: Sequence[str],
    environments: Sequence[str],
    *,
    check: bool,
) -> Decision:
    from chartgen.cli.registry import connect
    from chartgen.harbor.connection import Access
    from chartgen.manifest.sources import parse_source
    from chartgen.pinning.decide import decide_pins
    from chartgen.pinning.digests import fetch_digests
    from chartgen.pinning.images import find_stated

    def reach(host: str, plain_http: bool) -> AbstractAsyncContextManager[Registry]:  # noqa: FBT001
        return connect(Access(app.environ, plain_http), host)

    images = find_stated(platform, environments or platform.environments, services)
    answers = await fetch_digests([image.tag for image in images], reach)
    sources = [parse_source(name, content)[0] for name, content in contents.items()]
    return decide_pins(
        images, answers, sources, platform.default_environment, layers_only=bool(environments), check=check
    )


def _exit_code(pins: Sequence[Pin], *, check: bool) -> int:
    """Return the exit code: what --check asks for first, then what stopped us."""
    if check and any(one.state == "stale" or (one.state == "missing" and one.old) for one in pins):
        return STALE
    if any(one.state == "unreachable" for one in pins):
        return UNREACHABLE
    return FAILED if any(one.state in ("missing", "refused") for one in pins) else 0


def _table(pins: Sequence[Pin]) -> Table:
    from helmkit.console import Table

    merged: dict[tuple[str, str, str, str], list[str]] = {}
    for one in pins:
        row = (one.service, one.image, one.state, one.new or one.old or "")
        merged.setdefault(row, []).append(one.environment)
    rows = [
        (service, ", ".join(found), image, state, digest or None)
        for (service, image, state, digest), found in merged.items()
    ]
    return Table(["SERVICE", "ENVIRONMENT", "IMAGE", "STATE", "DIGEST"], rows, empty="There is no image to pin.")
