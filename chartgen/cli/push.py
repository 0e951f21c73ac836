"""`chartgen push`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chartgen.cli.options import App, command_options, output_option
from chartgen.cli.registry_options import registry_options

if TYPE_CHECKING:
    from chartgen.harbor.connection import Access
    from chartgen.publish import Chart, Published
    from helmkit.console import Output, Table


@click.command(short_help="Publish the charts to an OCI registry.")
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    help="Umbrella chart: its folder or .tgz, or a folder with one.  [default: charts/]",
)
@click.option(
    "--bundle",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Publish the archive that `chartgen bundle` wrote instead of charts/.",
)
@click.option("--to", metavar="URL", help="Chart repository, oci://HOST/PROJECT.  [default: [charts].repository]")
@click.option("-e", "--environment", metavar="NAME", help="To the repository that values/NAME.toml names.")
@click.option("--dry-run", is_flag=True, help="Push nothing; tell what would be pushed or refused.")
@output_option
@command_options
@registry_options
def push(
    app: App,
    access: Access,
    *,
    source: Path | None,
    bundle: Path | None,
    to: str | None,
    environment: str | None,
    dry_run: bool,
    output: Output,
) -> None:
    """Publish the umbrella chart and its subcharts to an OCI registry.

    URL/PLATFORM/SERVICE for each subchart, URL/PLATFORM for the umbrella, which goes last. What is published already
    is left alone; a version that is published with other content is refused before anything is pushed. Log in with
    `helm registry login` or `docker login`.

    \b
    Examples:
      chartgen push
      chartgen push --dry-run -o json
      chartgen push --from dist/shop-1.4.2.tgz --to oci://localhost:5000/charts --plain-http
      chartgen push --bundle shop-1.4.2.tar --to oci://harbor.inside/charts
    """  # noqa: D301 - click wants the character itself
    from chartgen.cli.registry import find_target
    from chartgen.publish import plan_charts
    from chartgen.umbrella import check_contents, load_umbrella
    from helmkit.console import run_async
    from helmkit.errors import UsageError

    if bundle:
        if source:
            message = "--bundle and --from both say what to publish"
            raise UsageError(message, hint="Leave one of them out.")
        _push_bundle(app, access, bundle, to, environment, dry_run=dry_run, output=output)
        return
    umbrella = load_umbrella(source or app.folder / "charts")
    check_contents(umbrella)
    target, access = find_target(app, access, to, environment=environment, recorded=umbrella.bom.repository)
    charts = plan_charts(umbrella, target)
    results = run_async(_push(app, access, target.host, charts, dry_run=dry_run))
    app.console.print_data(results, output, table=_table)


def _push_bundle(
    app: App, access: Access, bundle: Path, to: str | None, environment: str | None, *, dry_run: bool, output: Output
) -> None:
    from chartgen.cli.bundle import push_archive
    from chartgen.cli.promote import table_of_copies
    from chartgen.cli.registry import find_target

    target, access = find_target(app, access, to, environment=environment, recorded="")
    done = push_archive(app, access, bundle, str(target), dry_run=dry_run)
    app.console.print_data(done, output, table=table_of_copies)


async def _push(app: App, access: Access, host: str, charts: list[Chart], *, dry_run: bool) -> list[Published]:
    from chartgen.cli.registry import connect
    from chartgen.publish import preview, publish

    async with connect(access, host) as client:
        if dry_run:
            return await preview(client, charts)
        return await publish(client, charts, lambda done: app.console.detail(f"{done.url} {done.action}"))


def _table(results: list[Published]) -> Table:
    from helmkit.console import Table

    return Table(["CHART", "VERSION", "ACTION", "URL"], [(r.name, r.version, r.action, r.url) for r in results])
