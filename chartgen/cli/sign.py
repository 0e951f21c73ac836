"""`chartgen sign` and `chartgen verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from chartgen.cli.options import App, command_options, output_option
from chartgen.cli.registry_options import registry_options

if TYPE_CHECKING:
    from chartgen.harbor.connection import Access
    from chartgen.promote.signing import Signed
    from helmkit.console import Output, Table

_REGISTRY = click.option(
    "--registry", metavar="URL", help="Where CHART is, oci://host/project.  [default: [charts] of releases.toml]"
)


@click.command()
@click.argument("chart", metavar="CHART:VERSION")
@click.option("--key", required=True, metavar="KEY", help="Private key: a file, or awskms://… and the like.")
@_REGISTRY
@output_option
@command_options
@registry_options
def sign(app: App, access: Access, chart: str, key: str, registry: str | None, output: Output) -> None:
    """Attach a cosign signature to a published version: to the umbrella and each of its subcharts.

    What is published stays as it is, and the signatures go along with `chartgen promote` and `chartgen bundle`. The
    password of an encrypted key is read from COSIGN_PASSWORD. Nothing is sent to a public transparency log.

    \b
    Examples:
      cosign generate-key-pair
      chartgen sign spring-platform:1.4.2 --key cosign.key
    """  # noqa: D301 - click wants the character itself
    _run(app, access, chart, key, registry, output, check=False)


@click.command()
@click.argument("chart", metavar="CHART:VERSION")
@click.option("--key", required=True, metavar="KEY", help="Public key.")
@_REGISTRY
@output_option
@command_options
@registry_options
def verify(app: App, access: Access, chart: str, key: str, registry: str | None, output: Output) -> None:
    """Check that a published version is signed: the umbrella and each of its subcharts. Exit code 1 when one is not.

    \b
    Examples:
      chartgen verify spring-platform:1.4.2 --key cosign.pub
    """  # noqa: D301 - click wants the character itself
    _run(app, access, chart, key, registry, output, check=True)


def _run(app: App, access: Access, chart: str, key: str, registry: str | None, output: Output, *, check: bool) -> None:
    from dataclasses import replace

    from chartgen.harbor.place import find_place, load_base, parse_base
    from chartgen.promote.signing import sign_version
    from helmkit.console import run_async

    source = find_place(chart, parse_base(registry) if registry else load_base(app.folder))
    reached = replace(access, plain_http=access.plain_http or source.plain_http)
    done = run_async(sign_version(reached, source, key, check=check))
    app.console.print_data(done, output, table=_table)


def _table(done: list[Signed]) -> Table:
    from helmkit.console import Table

    return Table(["CHART", "DIGEST", "ACTION"], [(one.name, one.digest[:19], one.action) for one in done])
