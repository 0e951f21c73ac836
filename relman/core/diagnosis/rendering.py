"""The one screen that says why: root causes, the state of each service, what to type next (core, pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from relman.core.diagnosis.cause import Cause
from relman.core.diagnosis.grouping import CauseGroup, group_causes

DETAIL_LINES = 8
"""Lines of the cluster's own words (its last ones: that is where a log tells) shown for each root cause."""

SCHEMA = "relman.diagnosis/v1"


@dataclass(frozen=True)
class ServiceReport:
    """How one service came out of a run."""

    service: str
    state: str
    """In one or two words: `failed`, `restored`, `upgraded`, `not started`."""
    message: str = ""
    """One line: how far it got, or why it was not started."""
    causes: tuple[Cause, ...] = ()
    """Root cause first; empty for a service that is well."""


def render_diagnosis(
    reports: Sequence[ServiceReport], *, next_commands: Sequence[str] = (), detail_lines: int = DETAIL_LINES
) -> str:
    """Return the diagnosis as plain text for one screen, ending in a newline; empty without reports.

    Args:
        reports: Every service of the run, in the order in which to list them.
        next_commands: What the operator may type next, best first.
        detail_lines: At most so many lines of detail for each root cause; `diagnosis_json` has all.
    """
    if not reports:
        return ""
    blocks = [_render_group(group, detail_lines) for group in _groups(reports)]
    blocks.append(_render_states(reports))
    if next_commands:
        blocks.append("\n".join(["Next:", *(f"    {command}" for command in next_commands)]))
    return "\n\n".join(blocks) + "\n"


def diagnosis_json(reports: Sequence[ServiceReport], *, next_commands: Sequence[str] = ()) -> dict[str, Any]:
    """Return the same diagnosis as JSON data, nothing shortened."""
    return {
        "schema": SCHEMA,
        "reasons": [group.as_json() for group in _groups(reports)],
        "services": [
            {
                "service": report.service,
                "state": report.state,
                "message": report.message,
                "causes": [cause.as_json() for cause in report.causes],
            }
            for report in reports
        ],
        "next": list(next_commands),
    }


def _groups(reports: Sequence[ServiceReport]) -> tuple[CauseGroup, ...]:
    return group_causes({report.service: report.causes for report in reports})


def _render_group(group: CauseGroup, limit: int) -> str:
    lines = [group.headline]
    if len(group.services) > 1:
        lines.append(f"    {', '.join(group.services)}")
    detail = [line.rstrip() for line in group.cause.detail.splitlines() if line.strip()]
    if len(detail) > limit:
        # The first line is the verdict (exit code, restarts); in a log the end tells.
        detail = [detail[0], f"… {len(detail) - limit + 1} lines left out", *detail[-(limit - 2) :]]
    lines += [f"    | {line}" for line in detail if line != group.cause.summary]
    if group.cause.objects:
        shown, more = group.cause.objects[:3], len(group.cause.objects) - 3
        lines.append(f"    on {', '.join(shown)}" + (f" and {more} more" if more > 0 else ""))
    if group.cause.hint:
        lines.append(f"    → {group.cause.hint}")
    return "\n".join(lines)


def _render_states(reports: Sequence[ServiceReport]) -> str:
    names = max(len(report.service) for report in reports)
    states = max(len(report.state) for report in reports)
    return "\n".join(
        f"{report.service:<{names}}  {report.state:<{states}}  {_why(report)}".rstrip() for report in reports
    )


def _why(report: ServiceReport) -> str:
    if report.message or not report.causes:
        return report.message
    return report.causes[0].summary
