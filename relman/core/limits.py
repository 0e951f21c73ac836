"""Limits that people declared on rolling a service back: whom they stop, and what is said of them (pure, T136).

A limit is a fence that stands where it was first declared: versions that say the same are on the same side of it. It
holds for every way back across it: a rollback, the abort of a run, an upgrade to an older version, and the restore
after a failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from relman.core.plan import Refusal, Step
from relman.core.record import Content

IRREVERSIBLE = "irreversible"
"""Kind of the refusals."""
ACCEPT = "If you accept that: --accept-irreversible."


def find_limit(service: str, leaving: Content | None, to: Content | None) -> str:
    """Return why a service must not go back from one content to another, in words; empty when it may."""
    if leaving is None or not leaving.rollback or leaving.same_as(to) or (to and to.rollback == leaving.rollback):
        return ""
    return f"{service} {leaving.label} limits rolling back: {leaving.rollback}"


def refuse_limits(namespace: str, steps: Iterable[Step], leaving: Mapping[str, Content | None]) -> tuple[Refusal, ...]:
    """Return a refusal for each step that goes back across a limit.

    Args:
        namespace: Where; steps of other namespaces are left out.
        steps: Of a plan that goes back.
        leaving: What each service runs now, or may have run, by key.
    """
    found = ((step, find_limit(step.service, leaving.get(step.service), step.content)) for step in steps)
    return tuple(
        Refusal(kind=IRREVERSIBLE, service=step.service, namespace=namespace, message=limit, hint=ACCEPT)
        for step, limit in found
        if limit and step.namespace == namespace
    )


def refuse_older(steps: Iterable[Step]) -> tuple[Refusal, ...]:
    """Return a refusal for each step of an upgrade that brings an older version across a limit."""
    found = []
    for step in steps:
        old, new = step.before.content if step.before else None, step.content
        if old and new and old.rollback and _is_older(new.platform_version, old.platform_version):
            limit = find_limit(step.service, old, new)
            if limit:
                found.append(
                    Refusal(
                        kind=IRREVERSIBLE, service=step.service, namespace=step.namespace, message=limit, hint=ACCEPT
                    )
                )
    return tuple(found)


def limit_notes(steps: Iterable[Step]) -> tuple[str, ...]:
    """Return what a person should know before steps bring contents that limit going back."""
    return tuple(
        f"{limit}; after a failure it stays where it got to, unless --accept-irreversible"
        for step in steps
        if step.before is not None and (limit := find_limit(step.service, step.content, step.before.content))
    )


def _is_older(one: str, other: str) -> bool:
    """Tell whether a SemVer version comes before another; what is no version is not older."""
    from semver import Version

    valid = Version.is_valid(one) and Version.is_valid(other)
    return valid and bool(Version.parse(one) < Version.parse(other))
