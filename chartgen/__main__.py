"""`python -m chartgen` is `chartgen`."""

from chartgen.cli import main

main()
