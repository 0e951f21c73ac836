"""relman upgrade."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relman.cli.options import (
    cluster_options,
    freeze_option,
    irreversible_option,
    output_options,
    require_version,
    run_options,
    source_options,
    target_options,
)
from relman.cli.probing import probe_options, with_probes

if TYPE_CHECKING:
    from relman.actions.upgrade import UpgradeOptions
    from relman.cli.compose import Connection


@click.command("upgrade")
@target_options
@source_options
@run_options
@probe_options
@click.option("--change-environment", is_flag=True, help="Let -e name another environment than the recorded one.")
@click.option("--release-hold", "release_holds", is_flag=True, help="Move services that a rollback put on hold, too.")
@freeze_option
@irreversible_option
@click.option("--resume", "first", flag_value="resume", help="Finish a run that died here first, then upgrade.")
@click.option("--abort", "first", flag_value="abort", help="Take back a run that died here first, then upgrade.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the plan to this file, and change nothing."
)
@click.option(
    "--plan",
    "stored",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Carry out a plan that --out wrote; refused, with what differs, when it no longer fits.",
)
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
      relman upgrade gateway --to 1.4.2 --dry-run -o json
      relman upgrade --all --to 1.5.0 --out plan.json
      relman upgrade --plan plan.json -m "reviewed by Anna" --yes
    """  # noqa: D301 - click wants the character itself
    from relman.cli.compose import Connection
    from relman.cli.planned import stored_options

    if options["stored"]:
        wanted = stored_options({"name": name, "namespace": namespace, "version": version, "all": everything}, options)
    else:
        wanted = _wanted(name, namespace, version, source, options, everything=everything)
    return _upgrade(Connection(kubeconfig, kube_context, helm_binary, options["verify_key"]), wanted, options)


def _upgrade(connection: Connection, wanted: UpgradeOptions, options: Mapping[str, Any]) -> int:
    from relman.actions.ports import World
    from relman.actions.run import RunResult
    from relman.actions.upgrade import upgrade
    from relman.cli.compose import build_console, run_command
    from relman.cli.planned import finish_planned
    from relman.cli.review import build_review
    from relman.cli.run_output import finish_run

    console = build_console()
    with console.progress(f"upgrade to {wanted.version}") as progress:

        async def use_case(world: World) -> RunResult:
            review = build_review(progress, yes=options["yes"])
            if options["first"]:
                from relman.actions.recover import finish_first

                finished = await finish_first(world, wanted, review, how=options["first"])
                if finished is not None and finished.outcome not in ("done", "nothing"):
                    return finished
            return await upgrade(with_probes(world, options), wanted, review)

        result = run_command(connection, progress, use_case, wait_lock=options["wait_lock"])
    if wanted.dry_run:
        return finish_planned(console, result, wanted, options["output"], options["out"])
    return finish_run(console, result, options["output"])


def _wanted(
    name: str | None, namespace: str | None, version: str, source: str | None, options: Mapping[str, Any],
    *, everything: bool,
) -> UpgradeOptions:  # fmt: skip
    from relman.actions.upgrade import UpgradeOptions
    from relman.source import Source

    require_version(version)
    return UpgradeOptions(
        version=version,
        name=name,
        namespace=namespace,
        everything=everything,
        source=Source(source, options["plain_http"]) if source else None,
        environment=options["environment"],
        change_environment=options["change_environment"],
        why=options["why"],
        restore=options["on_failure"] == "restore",
        dry_run=options["dry_run"] or bool(options["out"]),
        timeout=options["timeout"],
        parallel=options["parallel"],
        skip=options["skip"],
        release_holds=options["release_holds"],
        override_freeze=options["override_freeze"],
        accept_irreversible=options["accept_irreversible"],
    )
