"""One reason, many services: which services fail for the same root cause (core, pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relman.core.diagnosis.cause import KINDS, Cause

_OWN = frozenset(
    {"out-of-memory", "probe-failed", "container-config", "blocked", "paused", "missing-object", "job-failed"}
    | {"deadline", "unknown"}
)
"""Kinds whose summary may read alike for two services and still be two reasons: a slow start here and one there."""

_CHANGING = re.compile(r"\b0x[0-9a-f]+\b|\b[0-9a-f]{8,}\b|\d+", re.IGNORECASE)
"""What differs between two log lines that say the same: times, addresses, identifiers."""


@dataclass(frozen=True)
class CauseGroup:
    """Services that fail for one reason."""

    cause: Cause
    services: tuple[str, ...]

    @property
    def headline(self) -> str:
        """Return the reason with those it concerns: `3 services fail for one reason: …`.

        >>> CauseGroup(Cause("quota", "quota compute is full: cpu"), ("gateway",)).headline
        'gateway: quota compute is full: cpu'
        """
        if len(self.services) == 1:
            return f"{self.services[0]}: {self.cause.summary}"
        return f"{len(self.services)} services fail for one reason: {self.cause.summary}"

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return {"services": list(self.services), "cause": self.cause.as_json()}


def group_causes(causes: Mapping[str, Sequence[Cause]]) -> tuple[CauseGroup, ...]:
    """Return the root causes, each with the services it keeps from getting ready.

    The reason most services share comes first, then in the order of `KINDS`. Services without a cause are left out.
    Crashes are one reason when their last log lines say the same.

    Args:
        causes: By service, root cause first; each service counts with that one alone.
    """
    groups: dict[tuple[str, ...], CauseGroup] = {}
    for service in sorted(causes):
        if not causes[service]:
            continue
        root = causes[service][0]
        key = _key(service, root)
        known = groups.get(key)
        groups[key] = CauseGroup(
            _joined(known.cause, root) if known else root, (*(known.services if known else ()), service)
        )
    return tuple(
        sorted(groups.values(), key=lambda group: (-len(group.services), KINDS.index(group.cause.kind), group.services))
    )


def _key(service: str, cause: Cause) -> tuple[str, ...]:
    if cause.kind in _OWN:
        return (cause.kind, service)
    if cause.kind != "crash":
        return (cause.kind, cause.summary)
    _, _, log = cause.detail.partition("\n")
    last = log.rstrip().rpartition("\n")[2]
    return ("crash", _CHANGING.sub("#", last)) if last else ("crash", "", service)


def _joined(known: Cause, other: Cause) -> Cause:
    fuller = other if len(other.detail) > len(known.detail) else known
    objects = tuple(dict.fromkeys(known.objects + other.objects))
    return Cause(known.kind, known.summary, fuller.detail, objects, known.hint)
