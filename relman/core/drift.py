"""Drift: live objects that are not as relman left them (pure).

Judged from metadata alone: an object is gone, was made anew, has another generation, or was written by a field
manager that is neither Helm nor Kubernetes itself. Foreign fields that were there when relman recorded the object are
known and reported elsewhere; only what came later is drift.
"""

from __future__ import annotations

from collections.abc import Mapping

from relman.core.record import ObjectMark

_AUTOSCALER = "/HorizontalPodAutoscaler/"


def decide_drift(recorded: Mapping[str, ObjectMark], live: Mapping[str, ObjectMark]) -> tuple[str, ...]:
    """Return one sentence for each object that is not as it was left; empty when all are.

    A generation that rose beside an autoscaler, without a foreign manager, is the autoscaler's work.
    """
    scaled = any(_AUTOSCALER in reference for reference in recorded)
    findings = (_finding(ref, mark, live.get(ref), scaled=scaled) for ref, mark in sorted(recorded.items()))
    return tuple(finding for finding in findings if finding)


def short_name(reference: str) -> str:
    """Return `Kind/name` of an `apiVersion/Kind/name`.

    >>> short_name("apps/v1/Deployment/gateway")
    'Deployment/gateway'
    """
    return "/".join(reference.split("/")[-2:])


def manager_name(entry: str) -> str:
    """Return the manager's name of a `name@time` entry."""
    return entry.partition("@")[0]


def _finding(reference: str, mark: ObjectMark, live: ObjectMark | None, *, scaled: bool) -> str:
    name = short_name(reference)
    if live is None:
        return f"{name} is gone"
    if live.uid != mark.uid:
        return f"{name} was deleted and made anew"
    added = sorted({manager_name(entry) for entry in live.foreign if entry not in mark.foreign})
    if added:
        return f"{name} was changed by {', '.join(added)}"
    if live.generation != mark.generation and not scaled:
        return f"{name} was changed (generation {mark.generation} -> {live.generation})"
    return ""
