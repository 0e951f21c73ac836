"""What was observed, as values: the input of every decision (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from relman.core.record import ObjectMark, SetRecord

DEPLOYED = "deployed"
UNINSTALLED = "uninstalled"
_PENDING = "pending-"


@dataclass(frozen=True)
class RevisionSeen:
    """One release Secret, from its metadata alone."""

    revision: int
    uid: str
    status: str
    """Helm's word, from the Secret's label."""
    resource_version: str = ""
    created_at: str = ""

    @property
    def pending(self) -> bool:
        """Whether a helm process works on it, or died while it did."""
        return self.status.startswith(_PENDING)


@dataclass(frozen=True)
class ReleaseSeen:
    """A Helm release: all its revisions, oldest first, never empty."""

    name: str
    revisions: tuple[RevisionSeen, ...]

    @property
    def newest(self) -> RevisionSeen:
        """The revision Helm would build the next one upon."""
        return self.revisions[-1]

    @property
    def uids(self) -> frozenset[str]:
        """The UIDs of all its Secrets."""
        return frozenset(revision.uid for revision in self.revisions)

    def find(self, uid: str) -> RevisionSeen | None:
        """Return the revision whose Secret has this UID, if it is still there."""
        return next((revision for revision in self.revisions if revision.uid == uid), None)


@dataclass(frozen=True)
class NamespaceSeen:
    """One namespace as it was when it was looked at."""

    namespace: str
    releases: Mapping[str, ReleaseSeen] = field(default_factory=dict)
    """By release name; a release whose newest revision is `uninstalled` is left out."""
    record: SetRecord | None = None
    """The newest set record of the platform."""
    record_version: str = ""
    """Its resourceVersion."""
    numbers: tuple[int, ...] = ()
    """Numbers of all set records, oldest first."""
    objects: Mapping[str, ObjectMark] = field(default_factory=dict)
    """Live objects by `apiVersion/Kind/name`, as far as the newest record names them."""
    unseen: tuple[str, ...] = ()
    """What could not be looked at, in words, for want of rights."""

    @property
    def next_number(self) -> int:
        """The number of the next set revision."""
        return (self.numbers[-1] if self.numbers else 0) + 1
