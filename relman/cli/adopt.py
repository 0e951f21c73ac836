"""relman adopt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relman.cli.options import (
    cluster_options,
    output_options,
    pace_options,
    require_version,
    source_options,
    target_options,
)

if TYPE_CHECKING:
    from helmkit.console.table import Table
    from relman.actions.adopt import AdoptOptions
    from relman.actions.ports import World
    from relman.actions.run import RunResult
    from relman.cli.compose import Connection
    from relman.core.plan import Plan


@click.command("adopt")
@target_options
@source_options
@pace_options
@output_options
@cluster_options
def command(
    name: str | None, namespace: str | None, version: str, everything: bool, source: str | None,  # noqa: FBT001
    kubeconfig: Path | None, kube_context: str | None, helm_binary: Path | None, **options: Any,
) -> int:  # fmt: skip
    """Take over what runs of NAME (a namespace or a service), or of --all, without touching a pod.

    Finds the objects by the names the charts of the version give them, records them as they are as the first good
    revision, so that a rollback leads back to them, and makes them Helm's: from kubectl apply, or from another Helm
    release, whose record is put aside once everything was seen to be ours. The charts come with the next upgrade;
    `relman diff` says what that restarts.

    \b
    Examples:
      relman adopt test-all-services --to 1.4.0 --from oci://harbor.example.com/charts/shop -e prod --dry-run
      relman adopt test-all-services --to 1.4.0 --from oci://harbor.example.com/charts/shop -e prod -m "from kubectl"
      relman adopt gateway --to 1.4.0
    """  # noqa: D301 - click wants the character itself
    from relman.actions.adopt import AdoptOptions
    from relman.cli.compose import Connection
    from relman.source import Source

    require_version(version)
    wanted = AdoptOptions(
        version=version,
        name=name,
        namespace=namespace,
        everything=everything,
        source=Source(source, options["plain_http"]) if source else None,
        environment=options["environment"],
        why=options["why"],
        dry_run=options["dry_run"],
        timeout=options["timeout"],
        parallel=options["parallel"],
    )
    return _adopt(Connection(kubeconfig, kube_context, helm_binary, options["verify_key"]), wanted, options)


def _adopt(connection: Connection, wanted: AdoptOptions, options: Mapping[str, Any]) -> int:
    from relman.actions.adopt import adopt
    from relman.cli.compose import build_console, run_command
    from relman.cli.review import build_review
    from relman.cli.run_output import finish_run

    name, namespace = wanted.name, wanted.namespace
    console = build_console()
    with console.progress(f"adopt {name or namespace or 'everything'}") as progress:

        async def use_case(world: World) -> RunResult:
            return await adopt(world, wanted, build_review(progress, yes=options["yes"]))

        result = run_command(connection, progress, use_case, wait_lock=options["wait_lock"])
    if wanted.dry_run:
        console.print_data(result.plan, options["output"], table=_planned)
        return 0
    code = finish_run(console, result, options["output"])
    if result.outcome == "done" and options["output"] == "table":
        where = f"{namespace}/" if namespace else name or "--all"
        console.info(f"See what the charts will change: `relman diff {where} --to {wanted.version}`.")
    return code


def _planned(plan: Plan) -> Table:
    from helmkit.console.table import Table
    from relman.core.drift import short_name

    rows = [[s.service, s.namespace, s.release, s.content.label or None, s.reason] for s in plan.steps if s.content]
    rows += [[skip.service, skip.namespace, skip.release, None, f"not adopted: {skip.reason}"] for skip in plan.skips]
    notes = [f"{s.service} takes {', '.join(short_name(ref) for ref in s.takes)}" for s in plan.steps]
    formers = sorted({f"{f.namespace}/{f.release}" for s in plan.steps for f in s.former})
    notes += [f"release {former} is retired: its Secrets stay, hidden from helm" for former in formers]
    notes += [f"Note: {note}" for note in plan.notes]
    refused = [f"would be refused: {one.message} {one.hint}" for one in plan.refusals]
    columns = ["SERVICE", "NAMESPACE", "RELEASE", "VERSION", "WHAT"]
    return Table(columns, rows, notes=["", *notes, *refused], empty="nothing to adopt")
