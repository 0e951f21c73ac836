"""relman unlock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relman.cli.options import cluster_options, output_options, target_options

if TYPE_CHECKING:
    from helmkit.console.table import Table
    from relman.actions.ports import World
    from relman.actions.unlock import Unlocked


@click.command("unlock")
@target_options
@click.option("-m", "--message", "why", required=True, help="Why; stands in the history.")
@click.option("--dry-run", is_flag=True, help="Show who holds the lock and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask, also where the environment is protected.")
@output_options
@cluster_options
def command(
    name: str | None, namespace: str | None, why: str, dry_run: bool, yes: bool, output: Any, kubeconfig: Path | None,  # noqa: FBT001
    kube_context: str | None, helm_binary: Path | None, debug: bool,  # noqa: FBT001, ARG001
) -> int:  # fmt: skip
    """Free the lock of NAME (a namespace, or the one of a service) whose holder is gone.

    Watches the lock as long as a holder may stay silent, and refuses when it is renewed: that run lives. Locks expire
    by themselves; this is for those who must not wait, or want it on record. Unfinished runs stay to be resumed or
    aborted.

    \b
    Examples:
      relman unlock test-all-services -m "the agent was lost"
      relman unlock test-all-services -m "who is it?" --dry-run
    """  # noqa: D301 - click wants the character itself
    from helmkit.errors import UsageError
    from relman.actions.unlock import unlock
    from relman.cli.compose import Connection, build_console, run_command
    from relman.cli.review import ask_protected

    if not (name or namespace):
        raise UsageError("nothing is named", hint="Name the namespace: `relman unlock NAMESPACE -m WHY`.")
    if not why.strip():
        raise UsageError("the reason is empty", hint="Say why with -m: it stands in the history.")
    console = build_console()
    with console.progress(f"unlock {name or namespace}") as progress:

        async def use_case(world: World) -> tuple[Unlocked, ...]:
            ask = None if yes else ask_protected
            return await unlock(world, name, namespace, why=why, dry_run=dry_run, ask=ask)

        found = run_command(Connection(kubeconfig, kube_context, helm_binary), progress, use_case)
    console.print_data(list(found), output, table=_table)
    if any(one.freed and not one.noted for one in found):
        console.warn("there is no history yet to write the reason into")
    return 0


def _table(found: list[Unlocked]) -> Table:
    from helmkit.console.table import Table

    rows = [
        [one.namespace, one.platform, one.holder, one.since, "freed" if one.freed else "held", one.noted or None]
        for one in found
    ]
    return Table(["NAMESPACE", "PLATFORM", "HOLDER", "SINCE", "LOCK", "NOTED IN REVISION"], rows, empty="not locked")
