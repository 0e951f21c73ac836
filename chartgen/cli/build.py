"""`chartgen build`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chartgen.cli.options import App, command_options, output_option

if TYPE_CHECKING:
    from chartgen.workspace import BuildReport
    from helmkit.console import Output, Table

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command(short_help="Write the charts: releases.toml and values/ -> charts/.")
@click.argument("folders", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="[DIR]...")
@click.option("--check", is_flag=True, help="Write nothing; exit 3 and name the files when charts/ is stale.")
@click.option("--locked", is_flag=True, help="Exit 3 instead of changing releases.lock (for CI).")
@click.option("--charts", type=_FOLDER, help="Write the umbrella chart below this folder.  [default: DIR/charts]")
@click.option("--dist", type=_FOLDER, help="Write the archives to this folder.  [default: DIR/dist]")
@click.option("--no-dist", is_flag=True, help="Write no archives.")
@output_option
@command_options
def build(
    app: App,
    folders: tuple[Path, ...],
    *,
    check: bool,
    locked: bool,
    charts: Path | None,
    dist: Path | None,
    no_dist: bool,
    output: Output,
) -> None:
    """Write the charts of the platforms in DIR... (default: here).

    Writes charts/PLATFORM (replaced as a whole, nobody sees half of it), releases.lock, and one archive per chart
    to dist/. Charts of third parties are fetched once and kept in vendor/. A subchart keeps its version while its
    content stays the same; the same input gives the same bytes.

    \b
    Examples:
      chartgen build
      chartgen build examples/*               several platforms
      chartgen build --check --locked         in CI: is what is committed up to date?
      chartgen build -o json | jq '.charts[] | select(.state != "unchanged")'
    """  # noqa: D301 - click wants the character itself
    from chartgen import workspace as space

    reports = []
    for folder in folders or (app.folder,):
        workspace = space.load_workspace(folder, fetch=True)
        if locked:
            space.check_locked(workspace)
        target = charts or folder / "charts"
        if check:
            space.check_fresh(workspace, target)
            app.console.info(f"{target / workspace.built.name} is up to date")
            continue
        report = space.write_workspace(workspace, target, None if no_dist else dist or folder / "dist")
        app.console.info(_summary(report))
        reports.append(report)
    if reports:
        app.console.print_data(reports[0] if len(reports) == 1 else reports, output, table=lambda _: _table(reports))


def _summary(report: BuildReport) -> str:
    changed = sum(chart.state != "unchanged" for chart in report.charts)
    files = f"{len(report.written)} files written, {len(report.removed)} removed"
    lock = {"written": ", releases.lock written", "kept": ", releases.lock kept (pre-release)"}.get(report.lock, "")
    return f"{report.folder}: {changed} of {len(report.charts)} charts new or changed; {files}{lock}"


def _table(reports: list[BuildReport]) -> Table:
    from helmkit.console import Table

    rows = [(r.platform, c.name, c.version, c.state) for r in reports for c in r.charts if c.state != "unchanged"]
    return Table(["PLATFORM", "CHART", "VERSION", "STATE"], rows, empty="No chart changed.")
