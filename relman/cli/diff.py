"""relman diff."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relman.cli.options import cluster_options, output_options, require_version, source_options, target_options

if TYPE_CHECKING:
    from helmkit.console.table import Table
    from relman.actions.diff import DiffReport, ServiceDiff
    from relman.actions.ports import World
    from relman.actions.upgrade import UpgradeOptions
    from relman.cli.compose import Connection
    from relman.core.revisions import RevisionDiff

CHANGES = 3
"""Exit code when there are changes and --exit-code asks for it."""


@click.command("diff")
@target_options
@source_options
@click.option("--change-environment", is_flag=True, help="Let -e name another environment than the recorded one.")
@click.option("--release-hold", "release_holds", is_flag=True, help="As if nothing was on hold.")
@click.option(
    "--revisions",
    nargs=2,
    type=click.IntRange(1),
    metavar="OLD NEW",
    help="Compare two revisions of the history instead; nothing is rendered.",
)
@click.option("--exit-code", is_flag=True, help="Exit with 3 when there are changes.")
@output_options
@cluster_options
def command(
    name: str | None, namespace: str | None, version: str, everything: bool, source: str | None,  # noqa: FBT001
    kubeconfig: Path | None, kube_context: str | None, helm_binary: Path | None, **options: Any,
) -> int:  # fmt: skip
    """Show what an upgrade of NAME, or of --all, to a version would change; or what two revisions had different.

    Changes nothing.

    Values of Secrets, and of fields named like one, are never shown.

    \b
    Examples:
      relman diff test-all-services --to 1.4.1
      relman diff --all --to 1.4.1 --exit-code -o json
      relman diff test-all-services --revisions 3 5
    """  # noqa: D301 - click wants the character itself
    from relman.actions.upgrade import UpgradeOptions
    from relman.cli.compose import Connection
    from relman.source import Source

    connection = Connection(kubeconfig, kube_context, helm_binary, options["verify_key"])
    if options["revisions"]:
        return _between(connection, name, namespace, options, version=version)
    require_version(version)
    wanted = UpgradeOptions(
        version=version,
        name=name,
        namespace=namespace,
        everything=everything,
        source=Source(source, options["plain_http"]) if source else None,
        environment=options["environment"],
        change_environment=options["change_environment"],
        release_holds=options["release_holds"],
    )
    return _ahead(connection, wanted, options)


def _ahead(connection: Connection, wanted: UpgradeOptions, options: Mapping[str, Any]) -> int:
    from helmkit.console.progress import SilentProgress
    from relman.actions.diff import diff
    from relman.cli.compose import build_console, run_command

    async def use_case(world: World) -> DiffReport:
        return await diff(world, wanted)

    report = run_command(connection, SilentProgress(), use_case)
    build_console().print_data(report, options["output"], table=_table)
    return CHANGES if options["exit_code"] and report.changes else 0


def _between(
    connection: Connection, name: str | None, namespace: str | None, options: Mapping[str, Any], *, version: str
) -> int:
    from helmkit.console.progress import SilentProgress
    from helmkit.errors import UsageError
    from relman.actions.show import compare
    from relman.cli.compose import build_console, run_command

    if version:
        raise UsageError("--to and --revisions ask for two comparisons", hint="Leave one of them out.")
    old, new = options["revisions"]

    async def use_case(world: World) -> RevisionDiff:
        return await compare(world, name, namespace, old, new)

    found = run_command(connection, SilentProgress(), use_case)
    build_console().print_data(found, options["output"], table=_revisions_table)
    return CHANGES if options["exit_code"] and found.services else 0


def _revisions_table(found: RevisionDiff) -> Table:
    from helmkit.console.table import Table

    rows = [
        [s.service, s.change, s.old.label if s.old else None, s.new.label if s.new else None, "; ".join(s.differs)]
        for s in found.services
    ]
    head = f"{found.namespace}: revision {found.old} ({found.old_version}) -> {found.new} ({found.new_version})"
    notes = ["", head, *(f"  {text}" for text in found.differs), f"  {found.unchanged} services run the same"]
    return Table(["SERVICE", "CHANGE", "OLD", "NEW", "DIFFERS"], rows, notes=notes, empty="no service differs")


def _table(report: DiffReport) -> Table:
    from helmkit.console.table import Table

    rows = [
        [s.service, s.namespace, s.action, s.old or None, s.new or None, _restarts(s), s.reason]
        for s in report.services
    ]
    notes = [line for service in report.services for line in _fields(service)]
    held = [f"{s.service}: {s.outcome}, {s.reason}" for s in report.plan.skips if s.outcome != "unchanged"]
    refused = [f"would be refused: {refusal.message}" for refusal in report.plan.refusals]
    return Table(
        ["SERVICE", "NAMESPACE", "ACTION", "FROM", "TO", "RESTARTS", "WHY"],
        rows,
        notes=[*notes, *(["", *held, *refused] if held or refused else [])],
        empty="no changes",
    )


def _restarts(service: ServiceDiff) -> str:
    return ", ".join(service.restarts) or ("new" if service.action == "install" else "none")


def _fields(service: ServiceDiff) -> list[str]:
    lines = ["", f"{service.service} {service.old} -> {service.new}"]
    for change in service.objects:
        if change.change != "changed":
            lines.append(f"  {change.object} {change.change}")
            continue
        lines.append(f"  {change.object}" + (" (pods restart)" if change.restarts else ""))
        lines += [f"    {field.path}: {_shown(field.old)} -> {_shown(field.new)}" for field in change.fields]
    return lines


def _shown(value: str | None) -> str:
    return "(none)" if value is None else value
