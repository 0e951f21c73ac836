"""Preflight: what would make a run fail, found before anything moves (core, pure).

facts (what was seen)  ->  one rule per file  ->  decide: findings  ->  plan: refusals and notes

`relman.preflight` gathers the facts.
"""

from __future__ import annotations

from relman.core.preflight.decide import decide_report
from relman.core.preflight.facts import Facts
from relman.core.preflight.finding import CHECKS, REFUSE, ROLLBACK_CHECKS, WARN, Finding, Report
from relman.core.preflight.outcome import report_lines, with_report

__all__ = [
    "CHECKS",
    "REFUSE",
    "ROLLBACK_CHECKS",
    "WARN",
    "Facts",
    "Finding",
    "Report",
    "decide_report",
    "report_lines",
    "with_report",
]
