"""relman doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from relman.cli.options import cluster_options, output_options, target_options

if TYPE_CHECKING:
    from helmkit.console.table import Table
    from relman.actions.doctor import DoctorReport
    from relman.actions.ports import World
    from relman.core.doctor import Finding

_LINES = 12
"""Of what the cluster said, for each finding."""


@click.command("doctor")
@target_options
@click.option("--exit-code", is_flag=True, help="Exit with 1 when anything is wrong.")
@click.option("--fix", is_flag=True, help="Remove stale endpoints and pods that block a StatefulSet, as upgrade does.")
@output_options
@cluster_options
def command(**options: Any) -> int:
    """Say everything that is wrong now in NAME (a namespace or a service), or everywhere.

    Changes nothing without --fix.

    Health with its root cause, releases that a dead helm left pending, unfinished runs, locks, holds, drift, releases
    that are not relman's, what Helm and the history disagree about, claims, pods that block a StatefulSet, endpoints
    that are left over, rights you lack, versions; each with the command to type next.

    \b
    Examples:
      relman doctor
      relman doctor test-all-services
      relman doctor gateway --exit-code -o json
    """  # noqa: D301 - click wants the character itself
    from relman.actions.doctor import doctor
    from relman.cli.compose import Connection, build_console, run_command

    console = build_console()
    connection = Connection(options["kubeconfig"], options["kube_context"], options["helm_binary"])
    with console.progress("doctor") as progress:

        async def use_case(world: World) -> DoctorReport:
            return await doctor(world, options["name"], options["namespace"], fix=options["fix"])

        report = run_command(connection, progress, use_case)
    console.print_data(report, options["output"], table=_table)
    return 1 if options["exit_code"] and report.troubled else 0


def _table(report: DoctorReport) -> Table:
    from helmkit.console.table import Table

    rows = [[one.severity, one.where or None, _concerned(one), one.next or None] for one in report.findings]
    notes = []
    for one in report.findings:
        if one.detail:
            lines = one.detail.splitlines()
            notes += ["", f"{one.where}: {one.summary}", *(f"  {line}" for line in lines[-_LINES:])]
    wrong = sum(one.severity != "info" for one in report.findings)
    notes += ["", f"{wrong} things to look at" if wrong else "nothing is wrong"]
    return Table(["SEVERITY", "WHERE", "WHAT", "NEXT"], rows, notes=notes, empty="nothing is wrong")


def _concerned(one: Finding) -> str:
    if len(one.services) > 1:
        return f"{len(one.services)} services for one reason: {one.summary}: {', '.join(one.services)}"
    return one.summary
