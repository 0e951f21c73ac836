"""An acceptance that accepts nothing: the finding is gone, or the rule is misspelt."""

from __future__ import annotations

from chartgen.checks.finding import Described

RULE = Described(
    "unused-acceptance",
    "warning",
    "What was accepted once would be accepted again when it comes back, by somebody who does not know of it.",
    "Delete it; `chartgen check --rules` lists all rules.",
)
