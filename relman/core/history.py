"""Looking back: which revisions were good, what to go back to, which records may go (pure).

Records are given newest first. Only records count, never Helm's status.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from relman.core.record import Content, Hold, ReleaseState, SetRecord

KEEP_RECORDS = 50
_GOOD_CONTENTS = 3


@dataclass(frozen=True)
class GoodState:
    """A state of a service that was seen healthy, and the set revision that recorded it."""

    number: int
    state: ReleaseState


def good_states(records: Iterable[SetRecord], key: str) -> list[GoodState]:
    """Return the good states of one service, newest first, each content once (its newest occurrence).

    States whose content relman does not know are left out: there is nothing to compare or to fetch again.
    """
    found: dict[tuple[str, str], GoodState] = {}
    for record in records:
        service = record.services.get(key)
        state = service.now if service else None
        if state and state.good and state.content and state.content.identity not in found:
            found[state.content.identity] = GoodState(record.number, state)
    return list(found.values())


def previous_good(
    records: Sequence[SetRecord], key: str, current: Content | None, holds: Collection[Hold]
) -> GoodState | None:
    """Return what a plain rollback of a service goes back to: the newest good state that is not the current content.

    Contents a person rejected (holds) are passed over, so that a second rollback goes further back instead of
    forward to what was just rejected.
    """
    rejected = {hold.content.identity for hold in holds if hold.service == key}
    for good in good_states(records, key):
        content = good.state.content
        if content is not None and not content.same_as(current) and content.identity not in rejected:
            return good
    return None


def good_at_version(records: Iterable[SetRecord], key: str, version: str) -> GoodState | None:
    """Return the newest good state of a service that a given platform version brought.

    `version` may also be the service's own version, when no platform version fits.
    """
    states = good_states_every(records, key)
    by_platform = (s for s in states if s.state.content and s.state.content.platform_version == version)
    by_label = (s for s in states if s.state.content and s.state.content.label == version)
    by_set = (s for s in states if s.number in _numbers_of_version(records, version))
    return next(by_platform, None) or next(by_set, None) or next(by_label, None)


def good_states_every(records: Iterable[SetRecord], key: str) -> list[GoodState]:
    """Return every good state of one service, newest first, repeated contents included."""
    states = []
    for record in records:
        service = record.services.get(key)
        if service and service.now and service.now.good and service.now.content:
            states.append(GoodState(record.number, service.now))
    return states


def set_contents(record: SetRecord) -> dict[str, tuple[str, str]]:
    """Return what the set ran after a record: digests by service, services not installed left out."""
    return {key: s.now.content.identity for key, s in record.services.items() if s.now and s.now.content}


def previous_good_set(records: Sequence[SetRecord]) -> SetRecord | None:
    """Return the newest set revision that was good and is not what runs now.

    Args:
        records: Newest first; the first one is what runs now.
    """
    if not records:
        return None
    current = set_contents(records[0])
    current_good = records[0].good
    for record in records[1:]:
        if record.good and record.services and (set_contents(record) != current or not current_good):
            return record
    return None


def set_at_version(records: Iterable[SetRecord], version: str) -> SetRecord | None:
    """Return the newest set revision at which the whole set stood healthy at a platform version."""
    return next((r for r in records if r.stands_at == version and r.good and r.services), None)


def prunable(records: Sequence[SetRecord], keep: int = KEEP_RECORDS) -> list[int]:
    """Return the numbers of records that may be deleted.

    The newest `keep` stay, and so do all up to the second newest good one: a rollback always finds its target.
    """
    good_left = 2
    last_needed = 0
    for index, record in enumerate(records):
        if record.finished_well and good_left:
            good_left -= 1
            last_needed = index
    edge = max(keep, last_needed + 1)
    return [record.number for record in records[edge:]]


def prunable_revisions(uids: Sequence[str], records: Iterable[SetRecord], release: str, keep: int) -> set[str]:
    """Return the UIDs of Helm revisions that may be deleted.

    The newest `keep` stay, and so does the newest revision of each of the last three good contents: a rollback, and
    one more after it, always find their target.

    Args:
        uids: Of all revisions of a release, oldest first.
        records: Newest first.
        release: The release.
        keep: How many stay in any case.
    """
    good: dict[tuple[str, str], str] = {}
    for record in records:
        for service in record.services.values():
            state = service.now if service.release == release else None
            if state and state.good and state.content:
                good.setdefault(state.content.identity, state.uid)
    needed = set(list(good.values())[:_GOOD_CONTENTS])
    return set(uids[: max(0, len(uids) - keep)]) - needed


def _numbers_of_version(records: Iterable[SetRecord], version: str) -> set[int]:
    return {record.number for record in records if record.stands_at == version}
