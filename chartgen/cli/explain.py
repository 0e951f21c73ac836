"""`chartgen explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from chartgen.cli.options import App, command_options, environment_option, output_option

if TYPE_CHECKING:
    from chartgen.manifest.explain import Origin
    from helmkit.console import Output, Table


@click.command(short_help="Tell who says what about a value, and where.")
@click.argument("path")
@environment_option
@output_option
@command_options
def explain(app: App, path: str, environment: str | None, output: Output) -> None:
    """Tell who says what about PATH, the value in effect first.

    \b
    Examples:
      chartgen explain services.gateway.replicas -e prod
      chartgen explain services.nacos.env.NACOS_SERVERS
    """  # noqa: D301 - click wants the character itself
    from chartgen.manifest.explain import explain as find_origins
    from chartgen.manifest.load import load_platform, load_sources

    contents = load_sources(app.folder)
    origins = find_origins(contents, path, environment or load_platform(app.folder).default_environment)
    data = [{"value": _plain(one), "said_by": one.said_by, "where": str(one.where or "")} for one in origins]
    app.console.print_data(data, output, table=_table)


def _plain(origin: Origin) -> Any:
    from pydantic import BaseModel

    value = origin.value
    return value.model_dump(mode="json", by_alias=True, exclude_none=True) if isinstance(value, BaseModel) else value


def _table(data: list[dict[str, Any]]) -> Table:
    from helmkit.console import Table

    return Table(["VALUE", "SAID BY", "WHERE"], [(one["value"], one["said_by"], one["where"] or None) for one in data])
