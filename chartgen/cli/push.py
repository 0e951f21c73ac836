"""`chartgen push`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chartgen.cli.options import App, command_options, output_option

if TYPE_CHECKING:
    from chartgen.publish import Chart, Published
    from helmkit.console import Output, Table
    from helmkit.oci import ChartReference


@click.command()
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    help="Umbrella chart: its folder or .tgz, or a folder with one.  [default: charts/]",
)
@click.option("--to", metavar="URL", help="Chart repository, oci://HOST/PROJECT.  [default: [charts].repository]")
@click.option("--plain-http", is_flag=True, help="The registry speaks HTTP without TLS.")
@click.option("--dry-run", is_flag=True, help="Push nothing; tell what would be pushed or refused.")
@output_option
@command_options
def push(app: App, *, source: Path | None, to: str | None, plain_http: bool, dry_run: bool, output: Output) -> None:
    """Publish the umbrella chart and its subcharts to an OCI registry.

    URL/PLATFORM/SERVICE for each subchart, URL/PLATFORM for the umbrella, which goes last. What is published already
    is left alone; a version that is published with other content is refused before anything is pushed. Log in with
    `helm registry login` or `docker login`.

    \b
    Examples:
      chartgen push
      chartgen push --dry-run -o json
      chartgen push --from dist/shop-1.4.2.tgz --to oci://localhost:5000/charts --plain-http
    """  # noqa: D301 - click wants the character itself
    from chartgen.cli.registry import find_target
    from chartgen.publish import plan_charts
    from chartgen.umbrella import check_contents, load_umbrella
    from helmkit.console import run_async

    umbrella = load_umbrella(source or app.folder / "charts")
    check_contents(umbrella)
    target, plain = find_target(app, to, plain_http=plain_http, recorded=umbrella.bom.repository)
    charts = plan_charts(umbrella, target)
    results = run_async(_push(app, target, charts, plain_http=plain, dry_run=dry_run))
    app.console.print_data(results, output, table=_table)


async def _push(
    app: App, target: ChartReference, charts: list[Chart], *, plain_http: bool, dry_run: bool
) -> list[Published]:
    from chartgen.cli.registry import connect
    from chartgen.publish import preview, publish

    async with connect(app, target, plain_http=plain_http) as client:
        if dry_run:
            return await preview(client, charts)
        return await publish(client, charts, lambda done: app.console.detail(f"{done.url} {done.action}"))


def _table(results: list[Published]) -> Table:
    from helmkit.console import Table

    return Table(["CHART", "VERSION", "ACTION", "URL"], [(r.name, r.version, r.action, r.url) for r in results])
