"""Check `dependencies`: services the moved ones depend on, outside the run, are installed and healthy (core, pure)."""

from __future__ import annotations

from collections.abc import Iterator

from relman.core.preflight.facts import Facts, Neighbour
from relman.core.preflight.finding import DEPENDENCIES, REFUSE, WARN, Finding


def check_dependencies(facts: Facts) -> Iterator[Finding]:
    """Yield dependencies that are missing (refused) or not healthy (a warning)."""
    for one in facts.neighbours:
        if one.state == "missing":
            yield _finding(
                one, f"{one.service} is not installed in namespace {one.namespace}",
                f"Install it first, or both together: relman upgrade {one.namespace} … or relman upgrade --all …",
            )  # fmt: skip
        elif one.state == "unhealthy":
            yield _finding(
                one, f"{one.service} in namespace {one.namespace} is not healthy: {one.detail}",
                f"Look at it: relman status {one.namespace}/{one.service}",
            )  # fmt: skip


def _finding(one: Neighbour, message: str, remedy: str) -> Finding:
    needed = ", ".join(one.needed_by)
    return Finding(
        check=DEPENDENCIES,
        severity=REFUSE if one.state == "missing" else WARN,
        message=f"{message}; it is needed by {needed}",
        remedy=remedy,
        namespace=one.namespace,
    )
