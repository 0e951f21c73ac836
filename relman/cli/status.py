"""relman status."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relman.cli.options import cluster_options, output_options, target_options

if TYPE_CHECKING:
    from helmkit.console.table import Table
    from relman.actions.status import ServiceStatus, StatusReport


@click.command("status")
@target_options
@click.option("-w", "--watch", "watched", is_flag=True, help="Go on and show every change, until Ctrl-C.")
@output_options
@cluster_options
def command(
    name: str | None, namespace: str | None, watched: bool, output: Any, kubeconfig: Path | None,  # noqa: FBT001
    kube_context: str | None, helm_binary: Path | None, debug: bool,  # noqa: FBT001, ARG001
) -> int:  # fmt: skip
    """Show what runs in NAME (a namespace or a service), or everywhere.

    With --watch a table that is redrawn on a terminal; elsewhere the table once, then a line for each change, or with
    -o json and yaml a document for each.

    \b
    Examples:
      relman status
      relman status test-all-services
      relman status gateway -o json
      relman status test-all-services --watch
    """  # noqa: D301 - click wants the character itself
    from helmkit.console.progress import SilentProgress
    from relman.actions.ports import World
    from relman.actions.status import status
    from relman.cli.compose import Connection, build_console, run_command

    async def use_case(world: World) -> StatusReport:
        return await status(world, name, namespace)

    connection = Connection(kubeconfig, kube_context, helm_binary)
    if watched:
        from relman.cli.watching import watch

        return watch(connection, name, namespace, output, _table)
    console = build_console()
    report = run_command(connection, SilentProgress(), use_case)
    console.print_data(report, output, table=_table)
    for unseen in report.unseen:
        console.warn(f"not seen: {unseen}")
    return 0


def _table(report: StatusReport) -> Table:
    from helmkit.console.table import Table
    from relman.cli.ages import age

    rows = [
        [
            one.namespace,
            service.service,
            service.version or None,
            service.wanted if service.wanted != service.version else "=",
            service.revision or None,
            f"{service.health} {service.ready}/{service.pods}" if service.pods else service.health or None,
            age(service.since),
            _remark(service),
        ]
        for one in report.sets
        for service in one.services
    ]
    sets = [
        f"{s.namespace}: {s.platform} {s.version or 'at mixed versions'} ({s.environment}), revision {s.revision}: "
        f"{s.action} to {s.asked} {s.outcome}, by {s.who} {age(s.since)} ago"
        for s in report.sets
    ]
    columns = ["NAMESPACE", "SERVICE", "VERSION", "WANTED", "REVISION", "HEALTH", "AGE", "REMARK"]
    return Table(columns, rows, notes=["", *sets], empty="nothing is installed")


def _remark(service: ServiceStatus) -> str:
    remarks = [service.detail] if service.state not in ("", "in-sync") else []
    if service.held:
        remarks.append(f"{service.held} is on hold")
    return "; ".join(remarks)
