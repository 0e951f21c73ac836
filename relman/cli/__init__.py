"""The relman command line: one module per command, imported when it is used."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run relman and leave with its exit code (design.md section 6: 0 done … 9 refused, 130 interrupted)."""
    from helmkit.console.entry import run_cli
    from relman.cli.group import relman

    sys.exit(run_cli(relman, sys.argv[1:], prog_name="relman", environ=os.environ))
