"""What people see: data on stdout, everything else on stderr. Nothing else in this project prints.

run_cli (entry)  runs a click command and turns every way it can end into an exit code
Console          prints data, remarks and errors
Progress         shows what a long operation is at: a live table on a terminal, plain lines elsewhere
Table            rows for people
"""

from helmkit.console.entry import exit_code_for, run_async, run_cli
from helmkit.console.printer import Console, Output
from helmkit.console.progress import Progress
from helmkit.console.table import Table

__all__ = ["Console", "Output", "Progress", "Table", "exit_code_for", "run_async", "run_cli"]
