"""Which revision of a service a run would have to come back to (pure)."""

from __future__ import annotations

from relman.core.record import ReleaseState, ServiceRecord
from relman.core.seen import ReleaseSeen, RevisionSeen


def restore_point(release: ReleaseSeen | None, recorded: ServiceRecord | None) -> ReleaseState | None:
    """Return the revision a restore must come back to: exactly the one that is there now.

    A pending revision is no place to come back to; then it is the newest one recorded good, else the newest that
    Helm calls deployed or superseded. None means "not installed".
    """
    if release is None:
        return None
    newest = release.newest
    states = [state for state in (recorded.now, recorded.made, recorded.before) if state] if recorded else []
    if not newest.pending:
        known = next((state for state in states if state.uid == newest.uid), None)
        return known or ReleaseState(uid=newest.uid, revision=newest.revision)
    for state in states:
        if state.good and release.find(state.uid):
            return state
    stable = [r for r in release.revisions if r.status in ("deployed", "superseded")]
    return _state_of(stable[-1], states) if stable else None


def _state_of(revision: RevisionSeen, states: list[ReleaseState]) -> ReleaseState:
    known = next((state for state in states if state.uid == revision.uid), None)
    return known or ReleaseState(uid=revision.uid, revision=revision.revision)
