"""relman drift."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relman.cli.options import cluster_options, output_options, target_options

if TYPE_CHECKING:
    from helmkit.console.table import Table
    from relman.actions.drift import DriftReport, ServiceDrift
    from relman.actions.ports import World

DRIFTED = 3
"""Exit code when something drifted and --exit-code asks for it."""


@click.command("drift")
@target_options
@click.option("--exit-code", is_flag=True, help="Exit with 3 when something drifted.")
@output_options
@cluster_options
def command(
    name: str | None, namespace: str | None, exit_code: bool, output: Any, kubeconfig: Path | None,  # noqa: FBT001
    kube_context: str | None, helm_binary: Path | None, debug: bool,  # noqa: FBT001, ARG001
) -> int:  # fmt: skip
    """Compare live objects of NAME (a namespace or a service), or of everything, with what Helm installed.

    Shows each field that differs from the manifest, and who set it; and what others left that the manifest does not
    state, which no upgrade and no rollback takes away. Values named like secrets are never shown.

    \b
    Examples:
      relman drift test-all-services
      relman drift gateway --exit-code -o json
    """  # noqa: D301 - click wants the character itself
    from helmkit.console.progress import SilentProgress
    from relman.actions.drift import drift
    from relman.cli.compose import Connection, build_console, run_command

    async def use_case(world: World) -> DriftReport:
        return await drift(world, name, namespace)

    console = build_console()
    report = run_command(Connection(kubeconfig, kube_context, helm_binary), SilentProgress(), use_case)
    console.print_data(report, output, table=_table)
    for unseen in report.unseen:
        console.warn(f"not seen: {unseen}")
    return DRIFTED if exit_code and report.drifted else 0


def _table(report: DriftReport) -> Table:
    from helmkit.console.table import Table

    rows = [row for service in report.services if service.drifted for row in _rows(service)]
    as_installed = sum(not service.drifted for service in report.services)
    columns = ["NAMESPACE", "SERVICE", "OBJECT", "FIELD", "MANIFEST", "LIVE", "SET BY"]
    return Table(columns, rows, notes=["", f"{as_installed} services are as Helm installed them"], empty="no drift")


def _rows(service: ServiceDrift) -> list[list[object]]:
    head: list[object] = [service.namespace, service.service]
    rows: list[list[object]] = []
    for one in service.objects:
        if one.missing:
            rows.append([*head, one.object, "(the object)", "there", "gone", None])
        rows += [[*head, one.object, f.path, f.wanted, f.found, ", ".join(f.managers) or None] for f in one.fields]
        rows += [[*head, one.object, left.path, None, "(left)", left.manager] for left in one.leftovers]
    return rows or [[*head, None, service.detail, None, None, None]]
