"""`chartgen schema`."""

from __future__ import annotations

import click

from chartgen.cli.options import App, command_options


@click.command(short_help="Print the JSON schema of the release manifest.")
@click.option("--layer", is_flag=True, help="Of values/ENVIRONMENT.toml instead of releases.toml.")
@command_options
def schema(app: App, *, layer: bool) -> None:
    """Print the JSON schema of the release manifest, so that editors complete and check it.

    \b
    Examples:
      chartgen schema > releases.schema.json         and in releases.toml: #:schema ./releases.schema.json
      chartgen schema --layer > layer.schema.json    and in values/prod.toml: #:schema ../layer.schema.json
    """  # noqa: D301 - click wants the character itself
    import json

    from chartgen.manifest.schema import build_schema

    app.console.print_text(json.dumps(build_schema("layer" if layer else "manifest"), indent=2, ensure_ascii=False))
