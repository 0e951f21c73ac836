"""relman show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relman.cli.options import cluster_options, output_options, target_options

if TYPE_CHECKING:
    from helmkit.console.table import Table
    from relman.actions.ports import World
    from relman.actions.show import ShownRevision, ShownService


@click.command("show")
@target_options
@click.argument("revision", type=click.IntRange(1), required=False)
@output_options
@cluster_options
def command(
    name: str | None, namespace: str | None, revision: int | None, output: Any, kubeconfig: Path | None,
    kube_context: str | None, helm_binary: Path | None, debug: bool,  # noqa: FBT001, ARG001
) -> int:  # fmt: skip
    """Show one REVISION of NAME (a namespace, or one service of it) whole; the newest when none is named.

    Who, when, why and the link of the CI build; every chart, digest and image; the checks that were skipped; for each
    service what became of it, and the causes. Needs no right on Secrets.

    \b
    Examples:
      relman show test-all-services 7
      relman show gateway 7 -o json
    """  # noqa: D301 - click wants the character itself
    from helmkit.console.progress import SilentProgress
    from relman.actions.show import show
    from relman.cli.compose import Connection, build_console, run_command

    async def use_case(world: World) -> ShownRevision:
        return await show(world, name, namespace, revision or 0)

    shown = run_command(Connection(kubeconfig, kube_context, helm_binary), SilentProgress(), use_case)
    build_console().print_data(shown, output, table=_table)
    return 0


def _table(shown: ShownRevision) -> Table:
    from helmkit.console.table import Table

    rows = [
        [s.service, s.content.label if s.content else None, s.revision or None, s.action, s.outcome, _why(s)]
        for s in shown.services
    ]
    columns = ["SERVICE", "VERSION", "RELEASE REV", "ACTION", "OUTCOME", "WHY"]
    return Table(columns, rows, notes=["", *_head(shown), *_details(shown)], empty="no services")


def _why(service: ShownService) -> str:
    return service.causes[0].summary if service.causes else service.reason


def _head(shown: ShownRevision) -> list[str]:
    lines = {
        "revision": f"{shown.revision} of {shown.namespace}" + (", good" if shown.good else ""),
        "action": f"{shown.action} to {shown.platform} {shown.version} ({shown.environment}): {shown.outcome}",
        "stands at": shown.stands_at or "no single version",
        "who": str(shown.who) + (f" (in the cluster: {shown.who.cluster_user})" if shown.who.cluster_user else ""),
        "when": f"{shown.started} to {shown.finished or '(not finished)'}",
        "why": shown.why,
        "CI": shown.who.ci_url,
        "charts": f"{shown.source} {shown.source_digest}".strip(),
        "bill of materials": shown.bom_digest,
        "goes back to": f"revision {shown.target}" if shown.target else "",
        "carries on": f"revision {shown.previous}" if shown.continues else "",
        "checks skipped": ", ".join(shown.skipped_checks),
        "holds": ", ".join(f"{hold.service} {hold.content.label}" for hold in shown.holds),
    }
    head = [f"{name + ':':<19}{text}" for name, text in lines.items() if text]
    head += [f"{'probe:':<19}{probe.sentence}" for probe in shown.probes]
    return head + [f"{'note:':<19}{text}" for text in (*shown.notes, *shown.events)]


def _details(shown: ShownRevision) -> list[str]:
    lines = []
    for service in shown.services:
        content = service.content
        if content:
            lines += ["", f"{service.service}: chart {content.chart} {content.chart_version} {content.content_digest}"]
            lines.append(f"  values {content.values_digest}")
            lines += [f"  image {image}" for image in content.images]
        for cause in service.causes:
            lines += ["", f"{service.service} failed: {cause.summary}"]
            lines += [f"  {line}" for line in cause.detail.splitlines()[:20]]
        lines += [f"{service.service}: {one.object} was made anew ({one.kind})" for one in service.migrations]
        lines += [f"{service.service}: {left}" for left in service.leftovers]
    return lines
