"""`chartgen init`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chartgen.cli.options import App, command_options

if TYPE_CHECKING:
    from chartgen.scaffold.platform import NewPlatform


@click.command(short_help="Begin a platform: releases.toml, values/, .gitignore.")
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path), metavar="[DIR]")
@click.option("--name", metavar="NAME", help="Name of the platform and its umbrella chart.  [default: the folder's]")
@click.option("--repository", metavar="URL", help="Where charts are published: oci://HOST/PROJECT.")
@click.option("--plain-http", is_flag=True, help="That repository speaks HTTP without TLS.")
@click.option("--empty", is_flag=True, help="Without the service that serves as an example.")
@click.option("--schema", is_flag=True, help="Write JSON schemas too, so that editors complete and check.")
@click.option("--dry-run", is_flag=True, help="Write nothing; print releases.toml.")
@command_options
def init(
    app: App,
    *,
    folder: Path | None,
    name: str | None,
    repository: str | None,
    plain_http: bool,
    empty: bool,
    schema: bool,
    dry_run: bool,
) -> None:
    """Begin a platform in DIR (default: here): releases.toml, values/dev.toml, values/prod.toml, .gitignore.

    What it writes builds and checks at once. It never overwrites a file; an existing .gitignore gets one more line.
    On a terminal it asks for what is not given.

    \b
    Examples:
      chartgen init shop --repository oci://harbor.example.com/charts
      chartgen init --name shop --empty --schema
    """  # noqa: D301 - click wants the character itself
    from chartgen.scaffold.platform import NewPlatform

    target = folder or app.folder
    _refuse_overwriting(target)
    proposed = _proposed_name(target)
    if sys.stdin.isatty() and sys.stderr.isatty():
        name = name or click.prompt("Name of the platform", default=proposed or None, err=True)
        if repository is None:
            asked = "Where charts are published (oci://HOST/PROJECT, empty: nowhere yet)"
            repository = click.prompt(asked, default="", show_default=False, err=True)
    platform = NewPlatform(name or proposed, repository or None, plain_http, sample=not empty)
    _write(app, target, platform, schema=schema, dry_run=dry_run)


def _write(app: App, target: Path, platform: NewPlatform, *, schema: bool, dry_run: bool) -> None:
    from chartgen.manifest.sources import MAIN
    from chartgen.output import write_file
    from chartgen.scaffold.platform import IGNORE, LAYER_SCHEMA, SCHEMA, render_platform

    there = {path: (target / path).read_bytes() for path in (IGNORE, SCHEMA, LAYER_SCHEMA) if (target / path).is_file()}
    files = render_platform(platform, there, schema=schema)
    if dry_run:
        app.console.info(f"would write {', '.join(str(target / path) for path in files)}")
        app.console.print_text(files[MAIN].decode())
        return
    for path, content in files.items():
        write_file(target / path, content)
        app.console.info(f"{target / path} written")
    inside = "" if target == Path() else f" -C {target}"
    app.console.info(f"Next: chartgen{inside} check, chartgen{inside} build, chartgen{inside} add --help")


def _proposed_name(target: Path) -> str:
    from helmkit.names import is_service_name

    name = target.resolve().name.lower().replace("_", "-").replace(".", "-")
    return name if is_service_name(name) and len(name) <= 53 else "platform"


def _refuse_overwriting(target: Path) -> None:
    from chartgen.manifest.sources import MAIN
    from helmkit.errors import UsageError

    taken = [target / path for path in (MAIN, "values/dev.toml", "values/prod.toml") if (target / path).exists()]
    taken += [path for path in sorted((target / "values").glob("*.toml")) if path not in taken]
    if taken:
        message = f"there is a platform already: {', '.join(map(str, taken))}"
        raise UsageError(message, hint="Name another folder: chartgen init DIR. Nothing is written.")
