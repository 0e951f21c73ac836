"""What preflight found, as values (core, pure)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

REFUSE: Final = "refuse"
WARN: Final = "warn"
Severity = Literal["refuse", "warn"]

IMAGE = "image"
DRY_RUN = "dry-run"
REFERENCES = "references"
NODE_PORTS = "node-ports"
CAPACITY = "capacity"
RIGHTS = "rights"
DEPENDENCIES = "dependencies"
VERSIONS = "versions"
RELEASE_SIZE = "release-size"

CHECKS = (RIGHTS, VERSIONS, DRY_RUN, REFERENCES, IMAGE, NODE_PORTS, CAPACITY, DEPENDENCIES, RELEASE_SIZE)
"""The ids of all checks, in the order their findings are shown; `--skip` takes them."""
ROLLBACK_CHECKS = (RIGHTS, DRY_RUN, REFERENCES, IMAGE, NODE_PORTS, CAPACITY)
"""What makes sense before going back: Helm stored the revisions already, and the set ran with those neighbours."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that speaks against a run."""

    check: str
    """Which check found it; `--skip` takes that word."""
    severity: Severity
    """`refuse`: the run would fail. `warn`: it may."""
    message: str
    """What is wrong, on what, and why. Never a secret."""
    remedy: str = ""
    """What to do next."""
    namespace: str = ""
    services: tuple[str, ...] = ()
    """Keys of the services it concerns, sorted; empty when it concerns the namespace or the cluster."""

    @property
    def line(self) -> str:
        """The finding on one line, with whom it concerns."""
        return f"{self.message} ({', '.join(self.services)})" if self.services else self.message


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything preflight found, in the order it is shown."""

    findings: tuple[Finding, ...] = ()
    unseen: tuple[str, ...] = ()
    """What could not be looked at, and why; it speaks neither for nor against the run."""
    skipped: tuple[str, ...] = ()
    """Checks that were left out on request."""

    @property
    def refusals(self) -> tuple[Finding, ...]:
        """Findings because of which the run would fail."""
        return tuple(one for one in self.findings if one.severity == REFUSE)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Findings because of which the run may fail."""
        return tuple(one for one in self.findings if one.severity == WARN)


def merge_findings(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings sorted by severity, check, namespace and text; equal ones become one with all its services."""
    services: dict[Finding, set[str]] = {}
    for one in found:
        services.setdefault(msgspec.structs.replace(one, services=()), set()).update(one.services)
    merged = [msgspec.structs.replace(one, services=tuple(sorted(names))) for one, names in services.items()]
    return tuple(sorted(merged, key=_order))


def _order(finding: Finding) -> tuple[bool, int, str, str]:
    rank = CHECKS.index(finding.check) if finding.check in CHECKS else len(CHECKS)
    return (finding.severity != REFUSE, rank, finding.namespace, finding.message)
