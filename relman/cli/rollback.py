"""relman rollback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from relman.cli.options import (
    cluster_options,
    irreversible_option,
    output_options,
    run_options,
    target_options,
    verify_option,
)
from relman.cli.probing import probe_options, with_probes


@click.command("rollback")
@target_options
@click.option("--to", "version", default="", help="Go back to this version, of the platform or of the service.")
@click.option("--revision", "number", type=click.IntRange(1), help="Go back to this revision of the set.")
@click.option("--prune", is_flag=True, help="Remove services that were added since.")
@irreversible_option
@verify_option
@run_options
@probe_options
@output_options
@cluster_options
def command(
    name: str | None, namespace: str | None, kubeconfig: Path | None, kube_context: str | None,
    helm_binary: Path | None, **options: Any,
) -> int:  # fmt: skip
    """Bring NAME (a service or a namespace) back to the last revision that was good, or to a named one.

    Shows first what changes. Claims, CRDs and configuration elsewhere stay as they are. A service that is rolled
    back is put on hold: later upgrades leave it there until it changes again, or --release-hold.

    \b
    Examples:
      relman rollback gateway -m "502s since gateway 2"
      relman rollback test-all-services --to 1.4.0
      relman rollback test-all-services --revision 7 --dry-run
    """  # noqa: D301 - click wants the character itself
    from relman.actions.ports import World
    from relman.actions.rollback import RollbackOptions, rollback
    from relman.actions.run import RunResult
    from relman.cli.compose import Connection, build_console, run_command
    from relman.cli.review import build_review
    from relman.cli.run_output import finish_run

    console = build_console()
    wanted = RollbackOptions(
        name=name,
        namespace=namespace,
        version=options["version"],
        number=options["number"] or 0,
        why=options["why"],
        restore=options["on_failure"] == "restore",
        dry_run=options["dry_run"],
        timeout=options["timeout"],
        parallel=options["parallel"],
        skip=options["skip"],
        prune=options["prune"],
        accept_irreversible=options["accept_irreversible"],
    )
    with console.progress(f"rollback of {name or namespace}") as progress:

        async def use_case(world: World) -> RunResult:
            review = build_review(progress, yes=options["yes"], world=world)
            return await rollback(with_probes(world, options), wanted, review)

        connection = Connection(kubeconfig, kube_context, helm_binary, options["verify_key"])
        result = run_command(connection, progress, use_case, wait_lock=options["wait_lock"])
    return finish_run(console, result, options["output"])
