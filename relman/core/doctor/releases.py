"""What the history, Helm's storage and live metadata disagree about (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from relman.core.doctor.finding import ERROR, INFO, WARNING, Finding
from relman.core.judge import Judgement, State, judge_release
from relman.core.record import RUNNING, SetRecord
from relman.core.seen import NamespaceSeen
from relman.core.unfinished import run_chain


def of_releases(seen: NamespaceSeen, covered: Collection[str]) -> Iterator[Finding]:
    """Yield what is wrong with the releases of services, by their keys."""
    record = seen.record
    for key, service in sorted(record.services.items() if record else ()):
        if key not in covered or (service.now is None and service.release not in seen.releases):
            continue
        finding = _of_release(seen, key, judge_release(seen.releases.get(service.release), service, seen.objects))
        if finding:
            yield finding


def of_strangers(seen: NamespaceSeen) -> Iterator[Finding]:
    """Yield the Helm releases of the namespace that relman does not know."""
    known = {service.release for service in (seen.record.services.values() if seen.record else ())}
    for name, release in sorted(seen.releases.items()):
        if name not in known:
            yield Finding(
                kind="foreign-release",
                severity=ERROR if release.newest.pending else WARNING,
                namespace=seen.namespace,
                summary=f"release {name} (revision {release.newest.revision}, {release.newest.status}) is not relman's",
                next=f"relman adopt {seen.namespace}/ --to VERSION --dry-run, if the platform has its objects",
            )


def of_history(records: Sequence[SetRecord]) -> Iterator[Finding]:
    """Yield runs that never came to their end, and services on hold.

    Args:
        records: The set's history, newest first.
    """
    chain = run_chain(records)
    if chain:
        newest, first = chain[0], chain[-1]
        word = "is still open" if newest.outcome == RUNNING else f"ended {newest.outcome}"
        ways = (
            f"relman adopt {first.namespace}/ --to {first.version}"
            if first.action == "adopt"
            else f"relman resume {first.namespace}/, or relman abort {first.namespace}/"
        )
        yield Finding(
            kind="unfinished-run",
            severity=ERROR,
            namespace=first.namespace,
            summary=f"revision {newest.number} ({first.action} to {first.version} by {first.who}, started "
            f"{first.started}) {word}",
            next=ways,
        )
    for hold in records[0].holds if records else ():
        why = f"{hold.why or 'rolled back'}, {hold.who}"
        yield Finding(
            kind="hold",
            severity=INFO,
            namespace=records[0].namespace,
            services=(hold.service,),
            summary=f"{hold.content.label} is on hold since {hold.since[:16]} ({why})",
            next=f"relman upgrade {records[0].namespace}/{hold.service} --to VERSION --release-hold, when it is fixed",
        )


def _of_release(seen: NamespaceSeen, key: str, verdict: Judgement) -> Finding | None:
    name = f"{seen.namespace}/{key}"
    version = seen.record.stands_at or seen.record.version if seen.record else "VERSION"
    known: dict[State, tuple[str, str, str]] = {
        State.PENDING: ("pending-release", ERROR, f"relman resume {seen.namespace}/, once no helm works on it"),
        State.GONE: ("release-gone", ERROR, f"relman upgrade {name} --to {version}, which installs it again"),
        State.FOREIGN: ("foreign-release", ERROR, f"relman adopt {name} --to {version} --dry-run"),
        State.CHANGED: ("changed-outside", ERROR, f"relman diff {name} --to {version}, then relman upgrade"),
        State.UNPROVEN: ("not-good", WARNING, f"relman upgrade {name} --to {version}, or relman rollback {name}"),
        State.DRIFTED: ("drift", WARNING, f"relman drift {name}"),
    }
    if verdict.state not in known:
        return None
    kind, severity, then = known[verdict.state]
    return Finding(
        kind=kind,
        severity=severity,
        namespace=seen.namespace,
        services=(key,),
        summary=verdict.detail,
        detail="\n".join(verdict.drift),
        next=then,
    )
