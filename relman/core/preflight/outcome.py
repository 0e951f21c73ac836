"""A preflight's report as part of a plan, and as lines for people (core, pure)."""

from __future__ import annotations

import msgspec

from relman.core.plan import Plan, Refusal
from relman.core.preflight.finding import Finding, Report


def with_report(plan: Plan, report: Report) -> Plan:
    """Return the plan with every refusal among its own, so that all are shown at once, and with the warnings."""
    refusals = tuple(
        Refusal(
            kind=one.check,
            service=one.services[0] if one.services else "",
            namespace=one.namespace,
            message=_line(one),
            hint=_skip_hint(report),
        )
        for one in report.refusals
    )
    warnings = tuple(line.strip() for line in report_lines(report))
    return msgspec.structs.replace(plan, refusals=(*plan.refusals, *refusals), warnings=warnings)


def report_lines(report: Report) -> list[str]:
    """Return warnings and what could not be seen, as lines for people; refusals are shown by who refuses."""
    lines = []
    for one in report.warnings:
        lines.append(f"Warning [{one.check}] {one.line}")
        if one.remedy:
            lines.append(f"    {one.remedy}")
    lines += [f"Not checked: {text}" for text in report.unseen]
    if report.skipped:
        lines.append(f"Checks skipped: {', '.join(report.skipped)}")
    return lines


def _line(finding: Finding) -> str:
    return f"[{finding.check}] {finding.line}" + (f"\n      {finding.remedy}" if finding.remedy else "")


def _skip_hint(report: Report) -> str:
    checks = " ".join(f"--skip {check}" for check in dict.fromkeys(one.check for one in report.refusals))
    return f"Correct it, or go on without the check: {checks}. The history will say so."
