"""The relman command line: one module per command, imported when it is used."""

from __future__ import annotations

import os
import sys

_ONLY_CLICK = frozenset({"-h", "--help", "--version"})


def main() -> None:
    """Run relman and leave with its exit code (design.md section 6: 0 done … 9 refused, 130 interrupted)."""
    from relman.cli.group import relman

    arguments = sys.argv[1:]
    if not arguments or not _ONLY_CLICK.isdisjoint(arguments) or "_RELMAN_COMPLETE" in os.environ:
        # Help and completion need click alone; what the console brings with it would double their time.
        relman(prog_name="relman")
    from helmkit.console.entry import run_cli

    sys.exit(run_cli(relman, arguments, prog_name="relman", environ=os.environ))
