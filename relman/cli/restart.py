"""relman restart."""

from __future__ import annotations

from typing import Any

import click

from relman.cli.options import cluster_options, output_options, pace_options, target_options
from relman.cli.single import run_single


@click.command("restart")
@target_options
@pace_options
@output_options
@cluster_options
def command(**options: Any) -> int:
    """Replace the pods of NAME (a namespace or a service) without changing anything else.

    Each service after what it depends on, each only once the one before is ready again. The restart is a revision of
    its own in the history. What others changed on the live objects stays, and stays visible as drift.

    \b
    Examples:
      relman restart gateway -m "new certificates"
      relman restart test-all-services --parallel 2
    """  # noqa: D301 - click wants the character itself
    from relman.actions.single import restart

    return run_single(restart, "restart", options, ask=False)
