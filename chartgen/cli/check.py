"""`chartgen check`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chartgen.cli.options import App, command_options, output_option

if TYPE_CHECKING:
    from chartgen.checks import Finding
    from chartgen.checks.catalogue import RuleEntry
    from chartgen.verify import CheckReport, PredictedSize
    from chartgen.workspace import Workspace
    from helmkit.console import Output, Table


@click.command(short_help="Check the release manifest and the charts it makes.")
@click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="[DIR]"
)
@click.option("-e", "--environment", "environments", multiple=True, metavar="NAME", help="Only this one; repeatable.")
@click.option("--strict", is_flag=True, help="Warnings fail as well.")
@click.option("--no-helm", is_flag=True, help="Only chartgen's own rules; needs no helm.")
@click.option("--explain", metavar="RULE", help="Tell what a rule looks for, why, and what to do; checks nothing.")
@click.option("--rules", "list_all", is_flag=True, help="List all rules; checks nothing.")
@output_option
@command_options
def check(
    app: App,
    folder: Path | None,
    *,
    environments: tuple[str, ...],
    strict: bool,
    no_helm: bool,
    explain: str | None,
    list_all: bool,
    output: Output,
) -> None:
    """Check the release manifest in DIR (default: here) and the charts it makes. Writes nothing.

    First chartgen's own rules, then `helm lint --strict` and `helm template` of every chart in every environment.
    Exit code 1 if there is an error, with --strict also if there is a warning.

    A warning that is meant to be so is accepted in the release manifest, with a reason:
    services.NAME.accept.RULE = "why"; in a layer [environment] accept.RULE, for all [platform] accept.RULE.

    \b
    Examples:
      chartgen check
      chartgen check --strict -e prod
      chartgen check --explain single-replica
      chartgen check -o json | jq -r '.findings[].rule'
    """  # noqa: D301 - click wants the character itself
    if explain or list_all:
        _look_up(app, explain, output)
        return
    from chartgen.manifest.load import display_prefix, load_sources
    from chartgen.review import review
    from chartgen.verify import inspect_values
    from chartgen.workspace import choose_services, load_workspace
    from helmkit.console import run_async

    home = folder or app.folder
    workspace = load_workspace(home)
    chosen = tuple(choose_services(workspace, name, None, ())[0] for name in environments)
    chosen = chosen or tuple(workspace.platform.environments)
    findings = inspect_values(workspace, chosen)
    found, sizes = ([], []) if no_helm else run_async(_inspect(app, workspace, chosen))
    contents, shown_in = load_sources(home), display_prefix(home)
    report = review(findings + found, workspace, chosen, contents, shown_in, with_helm=not no_helm, sizes=sizes)
    app.console.print_data(report, output, table=_table)
    if report.failed or (strict and report.findings):
        sys.exit(1)


def _look_up(app: App, name: str | None, output: Output) -> None:
    from chartgen.checks.catalogue import explain_rule, list_rules

    if name:
        app.console.print_data(explain_rule(name), output, table=_explained)
    else:
        app.console.print_data(list_rules(), output, table=_listed)


def _explained(rule: RuleEntry) -> Table:
    from helmkit.console import Table

    accept = "a reason in the release manifest accepts it" if rule.acceptable else "cannot be accepted"
    notes = ["", rule.reason, "", rule.remedy]
    return Table(["RULE", "SEVERITY", "LOOKS AT", ""], [(rule.id, rule.severity, rule.looks_at, accept)], notes=notes)


def _listed(rules: list[RuleEntry]) -> Table:
    from helmkit.console import Table

    return Table(["RULE", "SEVERITY", "LOOKS AT", "REMEDY"], [(r.id, r.severity, r.looks_at, r.remedy) for r in rules])


async def _inspect(
    app: App, workspace: Workspace, environments: tuple[str, ...]
) -> tuple[list[Finding], list[PredictedSize]]:
    from chartgen.render import written_charts
    from chartgen.verify import inspect_charts
    from helmkit.helm import Helm

    async with written_charts(workspace.built) as umbrella:
        return await inspect_charts(Helm(None, app.environ), workspace, umbrella, environments)


def _table(report: CheckReport) -> Table:
    from helmkit.console import Table

    scope = f"{report.charts} charts in {', '.join(report.environments)}"
    rows = [(f.severity, f.service or "(umbrella)", f.environment, f.rule, f.where, f.message) for f in report.findings]
    remedies = {f.rule: f.remedy for f in report.findings}
    notes = [f"{rule}: {remedy}" for rule, remedy in sorted(remedies.items())]
    if report.accepted:
        listed = [f"{f.rule} of {f.service or 'the platform'}: {f.accepted}" for f in report.accepted]
        notes += ["", f"accepted: {len(listed)}", *(f"  {line}" for line in sorted(set(listed)))]
    errors = sum(f.severity == "error" for f in report.findings)
    counted = f"{errors} errors, {len(rows) - errors} warnings; {scope}"
    return Table(
        ["SEVERITY", "SERVICE", "ENVIRONMENT", "RULE", "WHERE", "MESSAGE"],
        rows,
        notes=["", *notes, "", counted] if rows else notes,
        empty=f"All good: {scope}.",
    )
