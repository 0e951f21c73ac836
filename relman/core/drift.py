"""Drift: live objects that are not as relman left them (pure).

Judged from metadata alone: an object is gone, was made anew, has another generation, or was written by a field
manager that is neither Helm nor Kubernetes itself. Foreign fields that were there when relman recorded the object are
known and reported elsewhere; only what came later is drift.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from relman.core.record import ObjectMark

_AUTOSCALER = "/HorizontalPodAutoscaler/"


def decide_drift(recorded: Mapping[str, ObjectMark], live: Mapping[str, ObjectMark]) -> tuple[str, ...]:
    """Return one sentence for each object that is not as it was left; empty when all are.

    A generation that rose beside an autoscaler, without a foreign manager, is the autoscaler's work.
    """
    scaled = any(_AUTOSCALER in reference for reference in recorded)
    findings = (_finding(ref, mark, live.get(ref), scaled=scaled) for ref, mark in sorted(recorded.items()))
    return tuple(finding for finding in findings if finding)


def foreign_fields(marks: Mapping[str, ObjectMark]) -> tuple[str, ...]:
    """Return one sentence for each object that still has fields of somebody else.

    Kubernetes forgets a field manager once it owns nothing any more, so one that is still listed owns something that
    the chart does not set and that no upgrade or rollback takes away.
    """
    return tuple(
        f"{short_name(reference)} still has fields set by {', '.join(_managers(mark.foreign))}"
        for reference, mark in sorted(marks.items())
        if mark.foreign
    )


def short_name(reference: str) -> str:
    """Return `Kind/name` of an `apiVersion/Kind/name`.

    >>> short_name("apps/v1/Deployment/gateway")
    'Deployment/gateway'
    """
    return "/".join(reference.split("/")[-2:])


def _finding(reference: str, mark: ObjectMark, live: ObjectMark | None, *, scaled: bool) -> str:
    name = short_name(reference)
    if live is None:
        return f"{name} is gone"
    if live.uid != mark.uid:
        return f"{name} was deleted and made anew"
    added = _managers(entry for entry in live.foreign if entry not in mark.foreign)
    if added:
        return f"{name} was changed by {', '.join(added)}"
    if live.generation != mark.generation and not scaled:
        return f"{name} was changed (generation {mark.generation} -> {live.generation})"
    return ""


def _managers(entries: Iterable[str]) -> list[str]:
    """Return the names in `name@time` entries, each once, sorted."""
    return sorted({entry.partition("@")[0] for entry in entries})
