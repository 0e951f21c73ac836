"""One thing that is wrong (pure)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

ERROR = "error"
"""Something does not work, or the next command would be refused."""
WARNING = "warning"
"""Somebody should look at it."""
INFO = "info"
"""Good to know; nothing is wrong."""

_RANK = {ERROR: 0, WARNING: 1, INFO: 2}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing, and what to do about it."""

    kind: str
    """A word for programs: `unhealthy`, `pending-release`, `unfinished-run`, `lock`, `hold`, `drift`, …"""
    severity: str
    """`error`, `warning` or `info`."""
    namespace: str = ""
    services: tuple[str, ...] = ()
    summary: str
    """One line."""
    detail: str = ""
    """What the cluster said; several lines. Never a secret."""
    next: str = ""
    """The command to type next, or what to do."""

    @property
    def where(self) -> str:
        """The namespace, with the service when it is one."""
        return f"{self.namespace}/{self.services[0]}" if len(self.services) == 1 else self.namespace


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings, the worst first, then by place."""
    return tuple(sorted(findings, key=lambda one: (_RANK[one.severity], one.namespace, one.services, one.kind)))
