"""`chartgen render`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from chartgen.cli.options import App, command_options, environment_option

if TYPE_CHECKING:
    from chartgen.render import RenderedService
    from chartgen.workspace import Workspace


@click.command(short_help="Print Kubernetes objects as Helm will apply them.")
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@environment_option
@click.option("-n", "--namespace", metavar="NAME", help="Only services of this namespace.")
@click.option(
    "-o", "--output", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True, help="How to print them."
)
@command_options
def render(app: App, services: tuple[str, ...], environment: str | None, namespace: str | None, output: str) -> None:
    """Print the Kubernetes objects of SERVICE... (default: all), rendered by helm as it will apply them.

    Reads releases.toml, not charts/: shows what the next build would make. Services come in dependency order, each
    object with a comment that names its chart and template.

    \b
    Examples:
      chartgen render gateway -e prod
      chartgen render -n test-basic-nacos | kubectl diff -f -
      chartgen render -o json | jq -r '.[].metadata.name'
    """  # noqa: D301 - click wants the character itself
    from chartgen.workspace import choose_services, load_workspace
    from helmkit.console import run_async

    workspace = load_workspace(app.folder)
    name, keys = choose_services(workspace, environment, namespace, services)
    rendered = run_async(_render(app, workspace, name, keys))
    if output == "json":
        import msgspec

        objects: list[dict[str, Any]] = [found for service in rendered for found in service.objects()]
        app.console.print_text(msgspec.json.format(msgspec.json.encode(objects), indent=2).decode())
    else:
        app.console.print_text("".join(service.text for service in rendered))


async def _render(app: App, workspace: Workspace, environment: str, keys: list[str]) -> list[RenderedService]:
    from chartgen.render import render_services, written_charts
    from helmkit.helm import Helm

    async with written_charts(workspace.built) as umbrella:
        return await render_services(Helm(None, app.environ), workspace.built, umbrella, environment, keys)
