"""relman upgrade."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from relman.cli.options import cluster_options, output_options, run_options, source_options, target_options


@click.command("upgrade")
@target_options
@source_options
@run_options
@click.option("--change-environment", is_flag=True, help="Let -e name another environment than the recorded one.")
@click.option("--release-hold", "release_holds", is_flag=True, help="Move services that a rollback put on hold, too.")
@output_options
@cluster_options
def command(
    name: str | None, namespace: str | None, version: str, everything: bool, source: str | None,  # noqa: FBT001
    kubeconfig: Path | None, kube_context: str | None, helm_binary: Path | None, **options: Any,
) -> int:  # fmt: skip
    """Bring NAME (a namespace or a service), or --all, to a version of the platform.

    Installs what is missing, upgrades what differs or drifted, skips the rest and says why. Waits until everything
    is ready; after a failure everything this run moved goes back to exactly the revision it had.

    \b
    Examples:
      relman upgrade --all --to 1.4.0 --from oci://harbor.example.com/charts/shop -e prod -m "first installation"
      relman upgrade test-all-services --to 1.4.1 -m "id generator 4"
      relman upgrade gateway --to 1.4.2 --dry-run
    """  # noqa: D301 - click wants the character itself
    from relman.actions.ports import World
    from relman.actions.run import RunResult
    from relman.actions.upgrade import UpgradeOptions, upgrade
    from relman.cli.compose import Connection, build_console, run_command
    from relman.cli.review import build_review
    from relman.cli.run_output import finish_run
    from relman.source import Source

    console = build_console()
    wanted = UpgradeOptions(
        version=version,
        name=name,
        namespace=namespace,
        everything=everything,
        source=Source(source, options["plain_http"]) if source else None,
        environment=options["environment"],
        change_environment=options["change_environment"],
        why=options["why"],
        restore=options["on_failure"] == "restore",
        dry_run=options["dry_run"],
        timeout=options["timeout"],
        parallel=options["parallel"],
        release_holds=options["release_holds"],
    )
    with console.progress(f"upgrade to {version}") as progress:

        async def use_case(world: World) -> RunResult:
            return await upgrade(world, wanted, build_review(progress, yes=options["yes"]))

        connection = Connection(kubeconfig, kube_context, helm_binary)
        result = run_command(connection, progress, use_case, wait_lock=options["wait_lock"])
    return finish_run(console, result, options["output"])
