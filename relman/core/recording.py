"""How a set record comes to be and changes while a run goes on (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from relman.core import outcome
from relman.core.judge import State, judge_release, recorded_uids
from relman.core.plan import Plan, Skip, Step
from relman.core.record import (
    DONE,
    FAILED,
    INTERRUPTED,
    NOT_RESTORED,
    RESTORED,
    ReleaseState,
    ServiceRecord,
    SetRecord,
)
from relman.core.seen import UNINSTALLED, NamespaceSeen

_UNTOUCHED = "not asked for"


def open_record(header: SetRecord, plan: Plan, previous: SetRecord | None) -> SetRecord:
    """Return the first state of a run's record: everything it means to do, and everything else as it was.

    Args:
        header: Who, when, why, which version; its services and holds are filled in here.
        plan: What is going to be done.
        previous: The newest record before, closed.
    """
    services = {key: _carried(record) for key, record in (previous.services if previous else {}).items()}
    known = dict(services)
    for skip in plan.skips_of(header.namespace):
        services[skip.service] = _skipped(skip, known.get(skip.service))
    for step in plan.steps_of(header.namespace):
        services[step.service] = _planned(step)
    holds = tuple(hold for hold in plan.holds if hold.service in services)
    return msgspec.structs.replace(
        header,
        services=dict(sorted(services.items())),
        holds=holds,
        stands_at=previous.stands_at if previous else "",
        aim=plan.back_at.get(header.namespace, plan.stands_at),
    )


def with_service(record: SetRecord, key: str, **changes: Any) -> SetRecord:
    """Return the record with one service's fields changed."""
    service = msgspec.structs.replace(record.services[key], **changes)
    return msgspec.structs.replace(record, services={**record.services, key: service})


def close_record(record: SetRecord, word: str, finished: str) -> SetRecord:
    """Return the record closed: no intent is left open, and what never started says so."""
    services = {key: _settled(service) for key, service in record.services.items()}
    stands_at = _version_after(record, word)
    return msgspec.structs.replace(record, outcome=word, finished=finished, services=services, stands_at=stands_at)


def _version_after(record: SetRecord, word: str) -> str:
    if word == DONE:
        held = any(service.outcome == outcome.HELD for service in record.services.values())
        return "" if held else record.aim
    return record.stands_at if word == RESTORED else ""


def run_outcome(services: Iterable[ServiceRecord], *, restore: bool, interrupted: bool) -> str:
    """Return the outcome of a run from what became of its services.

    Args:
        services: Of all its records.
        restore: Whether the run goes back after a failure.
        interrupted: Whether a person, or another owner of the set, stopped it.
    """
    every = tuple(services)
    words = {service.outcome for service in every}
    if outcome.NOT_RESTORED in words:
        return NOT_RESTORED
    if interrupted:
        return INTERRUPTED
    if words <= outcome.SETTLED_WELL:
        return DONE
    back = all(_stands_as_before(service) for service in every if service.outcome not in outcome.SETTLED_WELL)
    return RESTORED if restore and back else FAILED


def _stands_as_before(service: ServiceRecord) -> bool:
    if service.outcome == outcome.RESTORED:
        return True
    now, before = service.now.uid if service.now else "", service.before.uid if service.before else ""
    return service.made is None and now == before


def close_interrupted(
    record: SetRecord, seen: NamespaceSeen, ours: frozenset[str], finished: str, *, committed: bool
) -> SetRecord:
    """Close the record of a run that died, from what is there now.

    A run that was through, and died before it could say so, gets the outcome it had.

    Args:
        record: The open record.
        seen: The namespace now.
        ours: UIDs of newest release Secrets whose description carries the run's id: made by it, though it did not
            live to record them.
        finished: The time to write.
        committed: The run decided not to go back; without a coordinator that decision is the namespace's own.
    """
    closed = record
    for key, service in record.services.items():
        closed = _close_service(closed, key, service, seen, ours)
    through = committed and all(_is_settled(service) for service in record.services.values())
    word = run_outcome(record.services.values(), restore=record.on_failure == "restore", interrupted=not through)
    return close_record(closed, word, finished)


def _is_settled(service: ServiceRecord) -> bool:
    return service.outcome not in (outcome.PENDING, outcome.STARTED) and not service.intent


def _close_service(
    record: SetRecord, key: str, service: ServiceRecord, seen: NamespaceSeen, ours: frozenset[str]
) -> SetRecord:
    if _is_settled(service):
        return record
    release = seen.releases.get(service.release)
    if release is None:
        return with_service(record, key, outcome=outcome.INTERRUPTED, now=None, intent="")
    known = {state.uid for state in (service.before, service.now, service.made) if state}
    newest = release.newest
    if service.before and newest.uid == service.before.uid:
        word = outcome.NOT_STARTED if service.outcome == outcome.PENDING else outcome.INTERRUPTED
        return with_service(record, key, outcome=word, now=service.before, intent="")
    if newest.uid not in known and newest.uid not in ours:
        # Somebody else's revision: it stays unknown to the history, and the next run says so.
        return with_service(record, key, outcome=outcome.INTERRUPTED, intent="")
    content = service.wanted if service.intent != "restore" else service.before.content if service.before else None
    state = service.made if service.made and service.made.uid == newest.uid else None
    if state is None:
        state = ReleaseState(uid=newest.uid, revision=newest.revision, content=content)
    return with_service(record, key, outcome=outcome.INTERRUPTED, now=state, intent="")


def dangling_revisions(record: SetRecord, seen: NamespaceSeen) -> list[tuple[str, int]]:
    """Return release name and revision of what an open record's run may have made without recording it."""
    found = []
    for service in record.services.values():
        release = seen.releases.get(service.release)
        if release is None or not service.intent:
            continue
        verdict = judge_release(release, service, {})
        if verdict.state in (State.CHANGED, State.PENDING, State.FOREIGN):
            found.append((service.release, release.newest.revision))
    return found


def next_revisions(record: SetRecord, seen: NamespaceSeen) -> frozenset[str]:
    """Return the UIDs of newest revisions that come directly after one the record knows, or are the first.

    With an intent open these can only be what the run was about to make, or what somebody else made instead of it:
    had both been made, one of them would stand between.
    """
    found = set()
    for service in record.services.values():
        release = seen.releases.get(service.release)
        if release is None:
            continue
        *earlier, newest = release.revisions
        if not earlier or earlier[-1].uid in recorded_uids(service) or earlier[-1].status == UNINSTALLED:
            found.add(newest.uid)
    return frozenset(found)


def _carried(service: ServiceRecord) -> ServiceRecord:
    return ServiceRecord(
        release=service.release,
        action="none",
        reason=_UNTOUCHED,
        outcome=outcome.UNCHANGED,
        before=None,
        now=service.now,
        depends_on=service.depends_on,
        time_limit=service.time_limit,
    )


def _skipped(skip: Skip, carried: ServiceRecord | None) -> ServiceRecord:
    return ServiceRecord(
        release=skip.release,
        action="none",
        reason=skip.reason,
        outcome=skip.outcome,
        now=carried.now if carried else None,
        depends_on=carried.depends_on if carried else (),
        time_limit=carried.time_limit if carried else 0,
        wanted=skip.content if skip.outcome == outcome.HELD else None,
    )


def _planned(step: Step) -> ServiceRecord:
    return ServiceRecord(
        release=step.release,
        action=step.action,
        reason=step.reason,
        before=step.before,
        now=step.before,
        wanted=step.content,
        depends_on=step.depends_on,
        time_limit=step.time_limit,
    )


def _settled(service: ServiceRecord) -> ServiceRecord:
    if service.outcome == outcome.PENDING:
        return msgspec.structs.replace(service, outcome=outcome.NOT_STARTED, intent="")
    if service.outcome == outcome.STARTED:
        return msgspec.structs.replace(service, outcome=outcome.INTERRUPTED, intent="")
    return service
