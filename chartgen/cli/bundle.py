"""`chartgen bundle`, and what `chartgen push --bundle` does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chartgen.cli.options import App, command_options, output_option
from chartgen.cli.registry_options import registry_options

if TYPE_CHECKING:
    from chartgen.harbor.connection import Access
    from chartgen.promote.artifacts import Copied
    from helmkit.console import Output


@click.command()
@click.argument("chart", metavar="CHART:VERSION")
@click.argument("archive", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@click.option(
    "--registry", metavar="URL", help="Where CHART is, oci://host/project.  [default: [charts] of releases.toml]"
)
@click.option("--images", is_flag=True, help="Take the images of its bill of materials along.")
@click.option("--plain-http-for", multiple=True, metavar="HOST", help="This registry speaks HTTP without TLS.")
@output_option
@command_options
@registry_options
def bundle(
    app: App,
    access: Access,
    chart: str,
    archive: Path,
    *,
    registry: str | None,
    images: bool,
    plain_http_for: tuple[str, ...],
    output: Output,
) -> None:
    """Write a published platform version into FILE, one OCI layout archive, to carry it across an air gap.

    The same version gives the same bytes. `chartgen push --bundle FILE` publishes it on the other side, as it is.

    \b
    Examples:
      chartgen bundle spring-platform:1.4.2 spring-platform-1.4.2.tar --images
      chartgen push --bundle spring-platform-1.4.2.tar --to oci://harbor.inside/charts
    """  # noqa: D301 - click wants the character itself
    from chartgen.cli.promote import table_of_copies
    from chartgen.harbor.place import find_place, load_base, parse_base
    from chartgen.promote.promotion import find_ways, save_bundle
    from helmkit.console import run_async

    base = parse_base(registry) if registry else load_base(app.folder)
    source = find_place(chart, base)
    ways = find_ways(access, [source.host], plain_http_for)
    with app.console.progress(f"{source} -> {archive}") as progress:
        done = run_async(save_bundle(ways, source, archive, images=images, report=progress.report))
    app.console.print_data(done, output, table=table_of_copies)


def push_archive(app: App, access: Access, archive: Path, url: str, *, dry_run: bool) -> list[Copied]:
    """Publish an archive that `chartgen bundle` wrote: what `chartgen push --bundle` does.

    Args:
        app: The running command.
        access: How to reach the registry.
        archive: The bundle.
        url: Where to, `oci://host/project`.
        dry_run: Tell what would be pushed, and push nothing.

    Raises:
        HelmkitError: As `chartgen.promote.promotion.push_bundle` says.
    """
    from chartgen.harbor.connection import connect
    from chartgen.harbor.place import parse_base
    from chartgen.promote.promotion import push_bundle
    from helmkit.console import run_async

    base = parse_base(url)

    async def push() -> list[Copied]:
        async with connect(base.host, access) as connection:
            with app.console.progress(f"{archive} -> {base.host}/{base.path}") as progress:
                return await push_bundle(connection, archive, base.path, dry_run=dry_run, report=progress.report)

    return run_async(push())
