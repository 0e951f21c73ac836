"""`chartgen check`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chartgen.cli.options import App, command_options, output_option

if TYPE_CHECKING:
    from chartgen.checks import Finding
    from chartgen.verify import CheckReport
    from chartgen.workspace import Workspace
    from helmkit.console import Output, Table


@click.command(short_help="Check the release manifest and the charts it makes.")
@click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="[DIR]"
)
@click.option("-e", "--environment", "environments", multiple=True, metavar="NAME", help="Only this one; repeatable.")
@click.option("--strict", is_flag=True, help="Warnings fail as well.")
@click.option("--no-helm", is_flag=True, help="Only chartgen's own rules; needs no helm.")
@output_option
@command_options
def check(
    app: App, folder: Path | None, *, environments: tuple[str, ...], strict: bool, no_helm: bool, output: Output
) -> None:
    """Check the release manifest in DIR (default: here) and the charts it makes. Writes nothing.

    First chartgen's own rules, then `helm lint --strict` and `helm template` of every chart in every environment.
    Exit code 1 if there is an error, with --strict also if there is a warning.

    \b
    Examples:
      chartgen check
      chartgen check --strict -e prod
      chartgen check -o json | jq -r '.findings[].rule'
    """  # noqa: D301 - click wants the character itself
    from chartgen.verify import CheckReport, inspect_values, summarize
    from chartgen.workspace import choose_services, load_workspace
    from helmkit.console import run_async

    workspace = load_workspace(folder or app.folder)
    chosen = tuple(choose_services(workspace, name, None, ())[0] for name in environments)
    chosen = chosen or tuple(workspace.platform.environments)
    findings = inspect_values(workspace, chosen)
    if not no_helm:
        findings += run_async(_inspect(app, workspace, chosen))
    built = workspace.built
    report = CheckReport(built.name, built.version, len(built.charts), chosen, summarize(findings))
    app.console.print_data(report, output, table=_table)
    if report.failed or (strict and report.findings):
        sys.exit(1)


async def _inspect(app: App, workspace: Workspace, environments: tuple[str, ...]) -> list[Finding]:
    from chartgen.render import written_charts
    from chartgen.verify import inspect_charts
    from helmkit.helm import Helm

    async with written_charts(workspace.built) as umbrella:
        return await inspect_charts(Helm(None, app.environ), workspace, umbrella, environments)


def _table(report: CheckReport) -> Table:
    from helmkit.console import Table

    scope = f"{report.charts} charts in {', '.join(report.environments)}"
    rows = [(f.severity, f.service or "(umbrella)", f.environment, f.rule, f.message) for f in report.findings]
    remedies = {f.rule: f.remedy for f in report.findings}
    notes = [f"{rule}: {remedy}" for rule, remedy in sorted(remedies.items())]
    errors = sum(f.severity == "error" for f in report.findings)
    counted = f"{errors} errors, {len(rows) - errors} warnings; {scope}"
    return Table(
        ["SEVERITY", "SERVICE", "ENVIRONMENT", "RULE", "MESSAGE"],
        rows,
        notes=["", *notes, "", counted] if notes else [],
        empty=f"All good: {scope}.",
    )
