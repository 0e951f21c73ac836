"""relman uninstall."""

from __future__ import annotations

from typing import Any

import click

from relman.cli.options import cluster_options, freeze_option, output_options, pace_options, target_options
from relman.cli.single import run_single


@click.command("uninstall")
@target_options
@freeze_option
@pace_options
@output_options
@cluster_options
def command(**options: Any) -> int:
    """Remove NAME (a namespace's services, or one service), dependants first. Asks, unless --yes.

    Says first what stays: claims with their data, objects with the resource policy keep, Secrets that were referred
    to, the namespace. The history stays too, so that it can be seen what ran; Helm's own history goes.

    \b
    Examples:
      relman uninstall gateway --dry-run
      relman uninstall test-all-services -m "moved to another cluster" --yes
    """  # noqa: D301 - click wants the character itself
    from relman.actions.single import uninstall

    return run_single(uninstall, "uninstall", options, ask=True)
