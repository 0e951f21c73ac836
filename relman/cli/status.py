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
@output_options
@cluster_options
def command(
    name: str | None, namespace: str | None, output: Any, kubeconfig: Path | None, kube_context: str | None,
    helm_binary: Path | None, debug: bool,  # noqa: FBT001, ARG001
) -> int:  # fmt: skip
    """Show what runs in NAME (a namespace or a service), or everywhere.

    \b
    Examples:
      relman status
      relman status test-all-services
      relman status gateway -o json
    """  # noqa: D301 - click wants the character itself
    from helmkit.console.progress import SilentProgress
    from relman.actions.ports import World
    from relman.actions.status import status
    from relman.cli.compose import Connection, build_console, run_command

    async def use_case(world: World) -> StatusReport:
        return await status(world, name, namespace)

    console = build_console()
    report = run_command(Connection(kubeconfig, kube_context, helm_binary), SilentProgress(), use_case)
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
