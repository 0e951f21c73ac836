"""The reference pages that are tables of data: traps and systems."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chartgen.checks.catalogue import list_rules

DATA = Path(__file__).parent.parent / "data"
_ANSWERS = {
    "rule": "caught",
    "construction": "cannot happen",
    "relman": "relman",
    "outside": "out of scope",
}
"""What an answer is called on the page."""


def load_traps() -> dict[str, dict[str, Any]]:
    """Return the traps by id."""
    return tomllib.loads((DATA / "traps.toml").read_text("utf-8"))


def load_systems() -> dict[str, dict[str, Any]]:
    """Return the systems by id."""
    return tomllib.loads((DATA / "systems.toml").read_text("utf-8"))


def render_rules() -> str:
    """Return the reference of all rules of `chartgen check`."""
    parts = [
        "# Rules\n",
        "What `chartgen check` looks for. `chartgen check --explain RULE` prints one of them. A warning that is meant "
        'to be so is accepted with a reason: `services.NAME.accept.RULE = "why"`, for an environment `[environment] '
        'accept.RULE = "why"` in its layer, for all `[platform] accept.RULE = "why"`. Errors cannot be accepted. What '
        "`manifest` rules find is refused by every command.\n",
    ]
    for rule in list_rules():
        accept = ", can be accepted" if rule.acceptable else ""
        parts.append(
            f"## {rule.id}\n\n{rule.severity}{accept}; looks at: {rule.looks_at}\n\n{rule.reason}\n\n{rule.remedy}\n"
        )
    return "\n".join(parts)


def render_traps() -> str:
    """Return the table of traps."""
    rows = ["| trap | what goes wrong | answer | by | how |", "| --- | --- | --- | --- | --- |"]
    for name, trap in sorted(load_traps().items()):
        by = ", ".join(_by(one) for one in trap["by"])
        rows.append(f"| {name} | {_cell(trap['told'])} | {_ANSWERS[trap['answer']]} | {by} | {_cell(trap['how'])} |")
    head = (
        "# Traps\n\nWhat went wrong, or would have, on the platforms that this project was made for, and what deals "
        "with it: `caught` by a rule or refused, `cannot happen` with these charts, `relman` deals with it, or "
        "`out of scope`.\n"
    )
    return head + "\n" + "\n".join(rows) + "\n"


def render_coverage() -> str:
    """Return the table of systems."""
    rows = ["| system | what it is | where | services | remark |", "| --- | --- | --- | --- | --- |"]
    for name, system in sorted(load_systems().items()):
        place = system.get("platform", "")
        planned = f"planned: {system['planned']}" if "planned" in system else "outside"
        shown = f"[{place}](../../{place})" if place else planned
        services = ", ".join(f"`{key}`" for key in system.get("services", []))
        rows.append(f"| {name} | {_cell(system['told'])} | {shown} | {services} | {_cell(system.get('how', ''))} |")
    head = (
        "# Coverage\n\nEvery system of the platforms that this project was made for, and the release manifest that has "
        "it. What runs outside the clusters, or belongs to the cluster itself, has no entry of its own.\n"
    )
    return head + "\n" + "\n".join(rows) + "\n"


def pages() -> Mapping[str, str]:
    """Return the pages by file name."""
    return {"traps.md": render_traps(), "coverage.md": render_coverage(), "rules.md": render_rules()}


def _by(one: str) -> str:
    if "/" not in one:
        return f"[{one}](rules.md#{one})"
    path, _, test = one.partition("::")
    label = test or Path(path).name
    return f"[{label}](../../{path})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
