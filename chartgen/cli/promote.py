"""`chartgen promote`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from chartgen.cli.options import App, command_options, output_option
from chartgen.cli.registry_options import registry_options

if TYPE_CHECKING:
    from chartgen.harbor.connection import Access
    from chartgen.promote.artifacts import Copied
    from helmkit.console import Output, Table


@click.command()
@click.argument("chart", metavar="CHART:VERSION")
@click.argument("target", metavar="URL")
@click.option(
    "--registry", metavar="URL", help="Where CHART is, oci://host/project.  [default: [charts] of releases.toml]"
)
@click.option("--images", is_flag=True, help="Copy the images of its bill of materials as well.")
@click.option("--plain-http-for", multiple=True, metavar="HOST", help="This registry speaks HTTP without TLS.")
@click.option("--dry-run", is_flag=True, help="Tell what would be copied, and copy nothing.")
@output_option
@command_options
@registry_options
def promote(
    app: App,
    access: Access,
    chart: str,
    target: str,
    *,
    registry: str | None,
    images: bool,
    plain_http_for: tuple[str, ...],
    dry_run: bool,
    output: Output,
) -> None:
    """Copy a published platform version to another project or registry: umbrella and subcharts, bit by bit the same.

    Inside one Harbor the server copies; otherwise only the blobs that are missing are sent. A version that is there
    with other content is refused before anything moves; the umbrella goes last. Running it again does what is left.

    \b
    Examples:
      chartgen promote spring-platform:1.4.2 oci://harbor.example/stable
      chartgen promote spring-platform:1.4.2 oci://other.example/charts --images --dry-run
    """  # noqa: D301 - click wants the character itself
    from chartgen.harbor.place import find_place, load_base, parse_base
    from chartgen.promote.promotion import find_ways
    from chartgen.promote.promotion import promote as copy_version
    from helmkit.console import run_async

    base = parse_base(registry) if registry else load_base(app.folder)
    source, goal = find_place(chart, base), find_place(target, base if target.startswith("oci://") else None)
    ways = find_ways(access, [source.host, goal.host], plain_http_for)
    with app.console.progress(f"{source} -> {goal}") as progress:
        done = run_async(copy_version(ways, source, goal, images=images, dry_run=dry_run, report=progress.report))
    app.console.print_data(done, output, table=table_of_copies)


def table_of_copies(done: list[Copied]) -> Table:
    """Return one row for each artifact."""
    from helmkit.console import Table

    return Table(["ARTIFACT", "KIND", "DIGEST", "ACTION"], [(c.target, c.kind, c.digest[:19], c.action) for c in done])
