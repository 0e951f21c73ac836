"""relman copy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relman.cli.options import cluster_options, freeze_option, output_options, run_options, verify_option

if TYPE_CHECKING:
    from helmkit.console.printer import Console
    from helmkit.console.table import Table
    from relman.actions.copying import CopyOptions, CopyResult
    from relman.actions.ports import World
    from relman.core.copying import CopyPlan


@click.command("copy")
@click.option("--from-env", "from_environment", default="", help="Copy everything that runs in this environment.")
@click.option(
    "--from", "from_namespaces", multiple=True, metavar="NAMESPACE", help="Copy this namespace; may be given again."
)
@click.option(
    "--from-context", default="", help="The kubeconfig's context of the cluster copied from; the same otherwise."
)
@click.option("--to-env", "to_environment", required=True, help="The environment to bring to what runs.")
@click.option("--platform", default="", help="Which platform, where there are several.")
@click.option("--charts", "source", help="Where the charts are; where the copied ones came from otherwise.")
@click.option("--plain-http", is_flag=True, help="Speak HTTP with the registry.")
@click.option("--allow-differences", is_flag=True, help="Go on although one version cannot say all that runs.")
@verify_option
@freeze_option
@run_options
@output_options
@cluster_options
def command(**options: Any) -> int:
    """Bring what runs in one environment to another: the same versions, with that environment's own values.

    Finds the platform version that is what runs, and upgrades to it as `relman upgrade` does. Services that run
    something else are named, each with the command that brings it; without --allow-differences nothing moves then.
    Reads what runs from the history, so no right on Secrets is needed where it is copied from.

    \b
    Examples:
      relman copy --from-env staging --to-env prod --dry-run
      relman copy --from-env staging --from-context staging --to-env prod -m "release 14"
      relman copy --from dev-gateway --from dev-nacos --to-env test
    """  # noqa: D301 - click wants the character itself
    from relman.actions.copying import CopyOptions
    from relman.source import Source

    source = options["source"]
    wanted = CopyOptions(
        to_environment=options["to_environment"],
        from_environment=options["from_environment"],
        from_namespaces=tuple(options["from_namespaces"]),
        platform=options["platform"],
        source=Source(source, options["plain_http"]) if source else None,
        allow_differences=options["allow_differences"],
        why=options["why"],
        restore=options["on_failure"] == "restore",
        dry_run=options["dry_run"],
        timeout=options["timeout"],
        parallel=options["parallel"],
        skip=options["skip"],
        override_freeze=options["override_freeze"],
    )
    return _copy(wanted, options)


def _copy(wanted: CopyOptions, options: dict[str, Any]) -> int:
    from relman.actions.copying import copy
    from relman.cli.compose import Connection, build_console, open_origin, run_command
    from relman.cli.review import build_review

    console = build_console()
    kubeconfig: Path | None = options["kubeconfig"]
    connection = Connection(kubeconfig, options["kube_context"], options["helm_binary"], options["verify_key"])
    with console.progress(f"copy to {wanted.to_environment}") as progress:

        async def use_case(world: World) -> CopyResult:
            async with open_origin(world, kubeconfig, options["from_context"]) as origin:
                return await copy(world, wanted, build_review(progress, yes=options["yes"]), origin=origin)

        result = run_command(connection, progress, use_case, wait_lock=options["wait_lock"])
    return _finish(console, result, options["output"])


def _finish(console: Console, result: CopyResult, output: Any) -> int:
    from relman.cli.run_output import build_report, finish_run, raise_outcome

    plan = result.plan
    if output == "table":
        console.print_data(plan, output, table=_table)
        for run in result.runs:
            finish_run(console, run, output)
        return 0
    console.print_data({"copy": plan, "runs": [build_report(run) for run in result.runs]}, output, table=_never)
    for run in result.runs:
        raise_outcome(run)
    return 0


def _table(plan: CopyPlan) -> Table:
    from helmkit.console.table import Table

    rows = [
        [s.service, s.namespace, s.target or None, s.version, s.brings or None, "yes" if s.same and s.target else "no"]
        for s in plan.services
    ]
    head = f"{plan.from_environment} runs {plan.platform} {plan.version}; {plan.to_environment} is brought to it"
    notes = [
        "",
        head,
        *(f"differs: {text}" for text in plan.differences),
        *(f"Note: {text}" for text in plan.notes),
        "",
    ]
    columns = ["SERVICE", "RUNS IN", "GOES TO", "RUNS", "BRINGS", "SAME"]
    return Table(columns, rows, notes=notes, empty="nothing runs there")


def _never(_: Any) -> Any:
    raise AssertionError
