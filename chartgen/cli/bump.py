"""`chartgen bump`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from chartgen.cli.options import App, command_options

if TYPE_CHECKING:
    from chartgen.manifest.splice import BumpPart


@click.command(short_help="Raise the platform's version.")
@click.argument("part", type=click.Choice(["major", "minor", "patch", "pre"]))
@click.option("--dry-run", is_flag=True, help="Write nothing; print the version it would be.")
@command_options
def bump(app: App, part: BumpPart, *, dry_run: bool) -> None:
    """Raise the platform's version in releases.toml.

    `pre` leads to a pre-release of the next patch (1.4.2 -> 1.4.3-rc.1) and counts on from there; `patch` makes a
    pre-release final (1.4.3-rc.2 -> 1.4.3). The new version goes to stdout.

    \b
    Examples:
      chartgen bump patch
      git tag "v$(chartgen bump minor)"
    """  # noqa: D301 - click wants the character itself
    import tomllib

    from chartgen.manifest.load import display_prefix, load_sources
    from chartgen.manifest.sources import MAIN
    from chartgen.manifest.splice import bump_version
    from chartgen.output import write_file

    content = load_sources(app.folder)[MAIN]
    changed = bump_version(content, part, shown_in=display_prefix(app.folder))
    if not dry_run:
        write_file(app.folder / MAIN, changed)
    app.console.info(f"{app.folder / MAIN} {'would change' if dry_run else 'changed'}")
    app.console.print_text(str(tomllib.loads(changed.decode())["platform"]["version"]))
