"""One thing that looks wrong, and how long it may (core, pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from relman.core.diagnosis.cause import Cause
from relman.core.diagnosis.snapshot import Object, metadata, reference, uid_of


@dataclass(frozen=True)
class Symptom:
    """A cause as long as it is only seen, not yet final."""

    key: str
    """Identity over time: the same symptom of the same object has the same key in the next snapshot."""
    cause: Cause
    patience: float | None = None
    """Seconds it may last before it dooms the rollout; None: it never does, because it may heal."""
    since: datetime | None = None
    """When it began by the cluster's own clock, as far as the objects tell."""
    old: bool = False
    """It cannot be younger than the wait that first sees it, however young its timestamps are."""
    quiet: bool = False
    """Normal while something starts: a cause only once the time is over."""


def symptom_key(item: Object, what: str) -> str:
    """Return the identity of symptom `what` of `item`, which a re-created object of the same name does not share."""
    return f"{reference(item)}/{uid_of(item)}/{what}"


def parse_time(text: object) -> datetime | None:
    """Return a Kubernetes timestamp (RFC 3339, UTC), or None when there is none.

    >>> parse_time("2026-11-02T03:04:05Z").isoformat()
    '2026-11-02T03:04:05+00:00'
    """
    if not isinstance(text, str) or not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def created_at(item: Object) -> datetime | None:
    """Return when an object was created."""
    return parse_time(metadata(item).get("creationTimestamp"))
