"""relman abort."""

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


@click.command("abort")
@target_options
@click.option("--all", "everything", is_flag=True, help="Whatever run is unfinished, in any namespace.")
@verify_option
@irreversible_option
@pace_options
@output_options
@cluster_options
def command(**options: Any) -> int:
    """Take an unfinished run back, from any host: of NAME (a namespace or a service), or whichever there is.

    Every service it moved returns to exactly the revision it had before, in all namespaces of the run; what it
    installed is removed. Refused when somebody changed one of them since. The history keeps both.

    \b
    Examples:
      relman abort test-all-services -m "wrong version"
      relman abort --all --dry-run
    """  # noqa: D301 - click wants the character itself
    from relman.actions.recover import abort

    return run_recovery(abort, "abort", options)
