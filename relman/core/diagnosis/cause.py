"""What kept a rollout from getting ready, as data (core, pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from relman.core.diagnosis.masking import safe_text

CauseKind = Literal[
    "missing-secret",
    "missing-configmap",
    "image-not-found",
    "image-pull-denied",
    "quota",
    "admission",
    "claim-unbound",
    "unschedulable",
    "volume-mount",
    "container-config",
    "out-of-memory",
    "crash",
    "image-pull-error",
    "probe-failed",
    "blocked",
    "paused",
    "missing-object",
    "job-failed",
    "unknown",
    "deadline",
]
"""In the order in which they explain one another: what stands first is the root, what stands last a consequence.

Beside those whose name says it: `container-config` is a container the kubelet refuses to create for another reason than
a missing Secret or ConfigMap; `image-pull-error` a pull that failed for a reason that may pass (network, rate limit);
`blocked` a StatefulSet that waits for a broken pod of an older revision (T076); `paused` a Deployment somebody paused;
`missing-object` an applied object that is gone; `deadline` time that ran out.
"""

KINDS: tuple[str, ...] = get_args(CauseKind)

CONSEQUENCES = frozenset({"job-failed", "deadline"})
"""Kinds that say that something failed, not why: final, and yet never the root when another cause is seen."""

_MOST_LINES = 60
_LONGEST_LINE = 500


@dataclass(frozen=True)
class Cause:
    """One reason why a service is not ready. Its texts are masked on creation: it never holds an obvious secret."""

    kind: CauseKind
    summary: str
    """One line that names the thing at fault, not the service: equal for all services that fail for this reason."""
    detail: str = ""
    """What the cluster said, last log lines included; may have several lines."""
    objects: tuple[str, ...] = ()
    """The objects it was seen on, `Kind/name`, the culprit first."""
    hint: str = ""
    """What to do next, often a command to type."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "summary", " ".join(safe_text(_bounded(self.summary)).split()))
        object.__setattr__(self, "detail", safe_text(_bounded(self.detail)).strip("\n"))
        object.__setattr__(self, "hint", safe_text(self.hint))

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return {**asdict(self), "objects": list(self.objects)}


def _bounded(text: str) -> str:
    """Return `text` without what no screen shows: a log line can be megabytes long."""
    lines = text.splitlines()
    if len(lines) > _MOST_LINES:
        lines = [lines[0], "…", *lines[2 - _MOST_LINES :]]
    return "\n".join(line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE] + "…" for line in lines)


def root_first(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Return each cause once, the root cause first.

    Causes of one kind with one summary are the same: they are merged, with the longest detail and the objects of all.
    """
    merged: dict[tuple[str, str], Cause] = {}
    for cause in causes:
        key = (cause.kind, cause.summary)
        known = merged.get(key)
        if known is None:
            merged[key] = cause
            continue
        fuller = cause if len(cause.detail) > len(known.detail) else known
        merged[key] = replace(fuller, objects=tuple(dict.fromkeys(known.objects + cause.objects)))
    return tuple(sorted(merged.values(), key=lambda cause: KINDS.index(cause.kind)))


def headline(causes: Sequence[Cause], *, limit: int = 200) -> str:
    """Return the root cause on one line of at most `limit` characters, as Helm's description and a history show it.

    Args:
        causes: Root cause first, as statuses and outcomes have them.
        limit: Characters.

    >>> headline([Cause("quota", "quota compute is full"), Cause("deadline", "not ready within 90 s")])
    'quota compute is full (and 1 more)'
    """
    if not causes:
        return ""
    more = f" (and {len(causes) - 1} more)" if len(causes) > 1 else ""
    room = limit - len(more)
    text = causes[0].summary
    return (text if len(text) <= room else text[: room - 1] + "…") + more
