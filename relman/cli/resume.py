"""relman resume."""

from __future__ import annotations

from typing import Any

import click

from relman.cli.options import (
    cluster_options,
    irreversible_option,
    output_options,
    pace_options,
    target_options,
    verify_option,
)
from relman.cli.recovery import run_recovery


@click.command("resume")
@target_options
@click.option("--all", "everything", is_flag=True, help="Whatever run is unfinished, in any namespace.")
@verify_option
@irreversible_option
@pace_options
@output_options
@cluster_options
def command(**options: Any) -> int:
    """Carry an unfinished run on to its end, from any host: of NAME (a namespace or a service), or whichever there is.

    A run that died is finished with exactly the charts it took. One that had failed and was on its way back goes all
    the way back. What is to be done is decided from what is there now.

    \b
    Examples:
      relman resume test-all-services
      relman resume --all -m "the agent was restarted" --yes
    """  # noqa: D301 - click wants the character itself
    from relman.actions.recover import resume

    return run_recovery(resume, "resume", options)
