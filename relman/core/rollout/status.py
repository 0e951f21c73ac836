"""How far a rollout is (core, pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from relman.core.diagnosis import Cause

RolloutState = Literal["ready", "progressing", "doomed"]
"""`doomed`: it cannot get ready without somebody changing something, so waiting on is pointless."""


@dataclass(frozen=True)
class RolloutStatus:
    """How far the objects of one service are."""

    state: RolloutState
    ready: int
    """Pods of the newest revision that are available, plus finished Jobs and bound claims."""
    wanted: int
    """What `ready` must become."""
    message: str
    """One line for a live table."""
    causes: tuple[Cause, ...] = ()
    """What stands in the way, root cause first; also while progressing, when something looks wrong."""

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return {
            "state": self.state,
            "ready": self.ready,
            "wanted": self.wanted,
            "message": self.message,
            "causes": [cause.as_json() for cause in self.causes],
        }
