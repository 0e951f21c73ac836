"""`chartgen browse`."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from chartgen.cli.options import App, command_options, environment_option, output_option
from chartgen.cli.registry_options import registry_options

if TYPE_CHECKING:
    from chartgen.browse.catalogue import Catalogue
    from chartgen.browse.records import Comparison
    from chartgen.harbor.connection import Access
    from chartgen.harbor.place import Place
    from helmkit.console import Output


@click.command()
@click.argument("chart", required=False, default="", metavar="[CHART[:VERSION]]")
@click.option("--registry", metavar="URL", help="Look here, oci://host/project.  [default: [charts] of releases.toml]")
@click.option("-s", "--search", default="", metavar="TEXT", help="Only charts whose name or description holds TEXT.")
@click.option("--values", "show", flag_value="values.yaml", help="Print the version's values.yaml.")
@click.option("--readme", "show", flag_value="README.md", help="Print its README.md.")
@click.option("--bom", "show", flag_value="bom.json", help="Print an umbrella's bill of materials.")
@click.option("--diff", nargs=2, metavar="A B", help="Compare two versions: CHART:1.4.1 CHART:1.4.2.")
@environment_option
@output_option
@command_options
@registry_options
def browse(app: App, access: Access, chart: str, **options: Any) -> None:
    """Look at what is published: charts, the versions of CHART, or one version.

    A CHART is below the repository of releases.toml, such as spring-platform/gateway, or oci://host/… as a whole.
    Harbor tells most; other registries tell names, tags and digests. --bom and --diff count as pulls.

    \b
    Examples:
      chartgen browse                                              projects and charts
      chartgen browse spring-platform                              its versions
      chartgen browse spring-platform/gateway:1.4.2 --values
      chartgen browse --diff spring-platform:1.4.1 spring-platform:1.4.2 -e prod
      chartgen browse -s gateway -o json
    """  # noqa: D301 - click wants the character itself
    from chartgen.harbor.place import find_place, load_base, parse_base
    from helmkit.console import run_async

    base = parse_base(options["registry"]) if options["registry"] else load_base(app.folder)
    if options["diff"]:
        places = [find_place(name, base) for name in options["diff"]]
        run_async(_diff(app, access, (places[0], places[1]), options["environment"] or "", options["output"]))
        return
    place = find_place(chart, base)
    if not chart and not options["registry"]:
        # Without any name it is the whole registry: projects and charts.
        place = replace(place, path="")
    run_async(_browse(app, access, place, options, is_chart=bool(chart)))


async def _browse(app: App, access: Access, place: Place, options: dict[str, Any], *, is_chart: bool) -> None:
    from chartgen.browse import tables

    output: Output = options["output"]
    async with AsyncExitStack() as stack:
        catalogue = await _open(stack, access, place)
        # In a Harbor the first part of a path is a project; elsewhere it may well be a chart.
        is_chart = is_chart and bool(place.repository or (place.path and catalogue.kind == "oci"))
        if options["show"]:
            app.console.print_text(await _text(catalogue, place, options["show"]))
        elif place.version:
            app.console.print_data(await catalogue.detail(place), output, table=tables.table_of_detail)
        elif is_chart and not options["search"]:
            app.console.print_data(await catalogue.list_versions(place), output, table=tables.table_of_versions)
        else:
            listing = await catalogue.list_charts(place, options["search"])
            app.console.print_data(listing, output, table=tables.table_of_charts)


async def _open(stack: AsyncExitStack, access: Access, place: Place) -> Catalogue:
    from chartgen.browse.catalogue import open_catalogue
    from chartgen.harbor.connection import connect

    reached = replace(access, plain_http=access.plain_http or place.plain_http)
    return open_catalogue(await stack.enter_async_context(connect(place.host, reached)))


async def _text(catalogue: Catalogue, place: Place, name: str) -> str:
    from helmkit.charts import parse_archive
    from helmkit.errors import HelmkitError, UsageError

    if not place.version:
        message = f"{place} names no version"
        raise UsageError(message, hint=f"Write {place.path}:VERSION; `chartgen browse {place.path}` lists them.")
    if name != "bom.json":
        return await catalogue.text(place, name)
    _, files = parse_archive(await catalogue.archive(place), str(place))
    if name not in files:
        message = f"{place} has no bill of materials: only an umbrella chart that chartgen built has one"
        raise HelmkitError(message, hint="Name the platform's chart.")
    return files[name].decode()


async def _diff(app: App, access: Access, places: tuple[Place, Place], environment: str, output: Output) -> None:
    from chartgen.browse.diff import compare_versions
    from chartgen.browse.tables import text_of_comparison
    from helmkit.helm import Helm

    async with AsyncExitStack() as stack:
        opened = {place.host: await _open(stack, access, place) for place in places}
        helm = Helm(None, app.environ)
        comparison: Comparison = await compare_versions(
            lambda place: opened[place.host], helm, places[0], places[1], environment
        )
    if output == "table":
        app.console.print_text(text_of_comparison(comparison))
    else:
        app.console.print_data(comparison, output, table=lambda _: None)  # type: ignore[arg-type, return-value]
