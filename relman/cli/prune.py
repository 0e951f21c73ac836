"""relman prune."""

from __future__ import annotations

from typing import Any

import click

from relman.cli.options import cluster_options, freeze_option, output_options, pace_options, target_options
from relman.cli.single import run_single


@click.command("prune")
@target_options
@freeze_option
@pace_options
@output_options
@cluster_options
def command(**options: Any) -> int:
    """Remove the services of namespace NAME that are no longer part of the platform. Asks, unless --yes.

    An upgrade reports such services and leaves them alone; this removes them. One that moved to another namespace is
    removed only when it runs healthy there.

    \b
    Examples:
      relman prune test-all-services --dry-run
      relman prune test-all-services -m "replaced by search" --yes
    """  # noqa: D301 - click wants the character itself
    from relman.actions.single import prune

    return run_single(prune, "prune", options, ask=True)
