"""All checks over the facts: what speaks against a run, at once (core, pure)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from relman.core.preflight.capacity import check_capacity
from relman.core.preflight.dependencies import check_dependencies
from relman.core.preflight.dry_run import check_dry_run
from relman.core.preflight.facts import Facts
from relman.core.preflight.finding import (
    CAPACITY,
    DEPENDENCIES,
    DRY_RUN,
    IMAGE,
    NODE_PORTS,
    REFERENCES,
    RELEASE_SIZE,
    RIGHTS,
    VERSIONS,
    Finding,
    Report,
    merge_findings,
)
from relman.core.preflight.image import check_images
from relman.core.preflight.node_ports import check_node_ports
from relman.core.preflight.references import check_references
from relman.core.preflight.release_size import check_release_size
from relman.core.preflight.rights import check_rights
from relman.core.preflight.versions import check_versions

_RULES: Mapping[str, Callable[[Facts], Iterator[Finding]]] = {
    RIGHTS: check_rights,
    VERSIONS: check_versions,
    DRY_RUN: check_dry_run,
    REFERENCES: check_references,
    IMAGE: check_images,
    NODE_PORTS: check_node_ports,
    CAPACITY: check_capacity,
    DEPENDENCIES: check_dependencies,
    RELEASE_SIZE: check_release_size,
}


def decide_report(facts: Facts, checks: frozenset[str], skipped: tuple[str, ...] = ()) -> Report:
    """Return what the chosen checks find.

    Args:
        facts: What was seen.
        checks: Ids of the checks to make.
        skipped: Checks left out on request, for the record.
    """
    found = (finding for check, rule in _RULES.items() if check in checks for finding in rule(facts))
    return Report(findings=merge_findings(found), unseen=tuple(dict.fromkeys(facts.unseen)), skipped=skipped)
