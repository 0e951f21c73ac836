"""relman images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relman.cli.options import cluster_options, output_options, target_options

if TYPE_CHECKING:
    from helmkit.console.table import Table
    from relman.actions.ports import World
    from relman.core.images import ImageLine


@click.command("images")
@target_options
@output_options
@cluster_options
def command(
    name: str | None, namespace: str | None, output: Any, kubeconfig: Path | None, kube_context: str | None,
    helm_binary: Path | None, debug: bool,  # noqa: FBT001, ARG001
) -> int:  # fmt: skip
    """Show the images of NAME (a namespace or a service), or of everything: wanted, running, and their digests.

    The digest is the one the kubelets resolved, so it tells what really runs behind a tag that was moved.

    \b
    Examples:
      relman images test-all-services
      relman images gateway -o json
    """  # noqa: D301 - click wants the character itself
    from helmkit.console.progress import SilentProgress
    from relman.actions.images import images
    from relman.cli.compose import Connection, build_console, run_command

    async def use_case(world: World) -> tuple[ImageLine, ...]:
        return await images(world, name, namespace)

    found = run_command(Connection(kubeconfig, kube_context, helm_binary), SilentProgress(), use_case)
    build_console().print_data(list(found), output, table=_table)
    return 0


def _table(lines: list[ImageLine]) -> Table:
    from helmkit.console.table import Table

    rows = [
        [
            line.namespace,
            line.service,
            line.container,
            line.wanted or None,
            "=" if not line.differs and line.pods else ", ".join(line.running) or None,
            ", ".join(line.digests) or None,
            line.pods,
        ]
        for line in lines
    ]
    return Table(["NAMESPACE", "SERVICE", "CONTAINER", "WANTED", "RUNNING", "DIGEST", "PODS"], rows, empty="no images")
