"""relman history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relman.cli.options import cluster_options, output_options, target_options

if TYPE_CHECKING:
    from helmkit.console.table import Table
    from relman.actions.history import HistoryEntry


@click.command("history")
@target_options
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Revisions to show.")
@output_options
@cluster_options
def command(
    name: str | None, namespace: str | None, limit: int, output: Any, kubeconfig: Path | None,
    kube_context: str | None, helm_binary: Path | None, debug: bool,  # noqa: FBT001, ARG001
) -> int:  # fmt: skip
    """Show the revisions of NAME (a namespace or a service), newest first.

    \b
    Examples:
      relman history test-all-services
      relman history gateway --limit 5 -o json
    """  # noqa: D301 - click wants the character itself
    from helmkit.console.progress import SilentProgress
    from relman.actions.history import history
    from relman.actions.ports import World
    from relman.cli.compose import Connection, build_console, run_command

    async def use_case(world: World) -> tuple[HistoryEntry, ...]:
        return await history(world, name, namespace, limit=limit)

    entries = run_command(Connection(kubeconfig, kube_context, helm_binary), SilentProgress(), use_case)
    build_console().print_data(list(entries), output, table=_table)
    return 0


def _table(entries: list[HistoryEntry]) -> Table:
    from helmkit.console.table import Table
    from relman.cli.ages import age

    single = any(entry.service for entry in entries)
    middle = ["SERVICE", "RELEASE REV"] if single else ["ENV"]
    rows = [
        [
            entry.namespace,
            entry.revision,
            entry.version,
            *([entry.service_version, entry.helm_revision or None] if single else [entry.environment]),
            f"{entry.action} to revision {entry.target}" if entry.target else entry.action,
            entry.outcome,
            "good" if entry.good else None,
            age(entry.started),
            str(entry.who),
            "; ".join(part for part in (entry.why, *entry.causes, *entry.events) if part),
        ]
        for entry in entries
    ]
    columns = ["NAMESPACE", "REVISION", "VERSION", *middle, "ACTION", "OUTCOME", "", "AGE", "WHO", "WHY"]
    return Table(columns, rows, empty="no history yet")
