"""What a release is to us: one judgement from what was seen and what was recorded (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from relman.core.drift import decide_drift
from relman.core.record import ObjectMark, ReleaseState, ServiceRecord, SetRecord
from relman.core.seen import DEPLOYED, NamespaceSeen, ReleaseSeen


class State(Enum):
    """Our judgement of a release. Helm's own word is its `status`."""

    ABSENT = "absent"
    """Neither installed nor recorded."""
    GONE = "gone"
    """Recorded, but its release is no longer there."""
    FOREIGN = "foreign"
    """There, and none of its revisions is in our history."""
    PENDING = "pending"
    """Its newest revision is one a helm works on, or died over."""
    CHANGED = "changed"
    """Ours, but somebody else made its newest revision."""
    UNPROVEN = "unproven"
    """Ours and newest, but not seen through to healthy."""
    DRIFTED = "drifted"
    """Ours, newest and good, but its live objects are not as they were left."""
    IN_SYNC = "in-sync"
    """Ours, newest, good, and nothing changed since."""


@dataclass(frozen=True)
class Judgement:
    """A state, and the sentence that explains it."""

    state: State
    detail: str
    drift: tuple[str, ...] = ()
    ours: bool = True
    """False when nothing in the set's history records this release."""


def judge_release(
    release: ReleaseSeen | None, recorded: ServiceRecord | None, objects: Mapping[str, ObjectMark]
) -> Judgement:
    """Judge one service.

    Args:
        release: Its Helm release, None when there is none.
        recorded: What the newest set record says of it, None when it does not know it.
        objects: Live objects, as far as recorded.
    """
    now = recorded.now if recorded else None
    if release is None:
        return _without_release(now)
    known = recorded_uids(recorded)
    if not known & release.uids:
        detail = f"release {release.name} exists (revision {release.newest.revision}) and is not in this set's history"
        return Judgement(State.FOREIGN, detail, ours=False)
    newest = release.newest
    if newest.pending:
        return Judgement(State.PENDING, f"revision {newest.revision} is {newest.status}")
    if now is None or newest.uid != now.uid:
        return Judgement(State.CHANGED, f"revision {newest.revision} ({newest.status}) was made outside relman")
    if newest.status != DEPLOYED or not now.good:
        word = newest.status if newest.status != DEPLOYED else "not seen healthy"
        return Judgement(State.UNPROVEN, f"revision {newest.revision} is {word}")
    return _of_objects(now, objects)


def judge_namespace(seen: NamespaceSeen) -> dict[str, Judgement]:
    """Judge every service the newest record of a namespace names, by service key."""
    services = seen.record.services if seen.record else {}
    return {key: judge_release(seen.releases.get(s.release), s, seen.objects) for key, s in services.items()}


def recorded_uids(recorded: ServiceRecord | None) -> frozenset[str]:
    """Return the UIDs of release Secrets that this record of a service knows."""
    if recorded is None:
        return frozenset()
    return frozenset(state.uid for state in (recorded.before, recorded.now, recorded.made) if state)


def service_record(record: SetRecord | None, key: str) -> ServiceRecord | None:
    """Return what `record` says of a service, if anything."""
    return record.services.get(key) if record else None


def _without_release(now: ReleaseState | None) -> Judgement:
    if now is None:
        return Judgement(State.ABSENT, "not installed")
    return Judgement(State.GONE, f"recorded at revision {now.revision}, but its release is gone")


def _of_objects(now: ReleaseState, objects: Mapping[str, ObjectMark]) -> Judgement:
    if not now.objects:
        return Judgement(State.DRIFTED, "its objects were not recorded, so drift cannot be ruled out")
    drift = decide_drift(now.objects, objects)
    if not drift:
        return Judgement(State.IN_SYNC, "as recorded")
    more = f" (and {len(drift) - 1} more)" if len(drift) > 1 else ""
    return Judgement(State.DRIFTED, drift[0] + more, drift)
