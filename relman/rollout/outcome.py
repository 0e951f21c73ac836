"""How a wait ended (no I/O)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from relman.core.diagnosis import Cause
from relman.core.rollout import RolloutStatus


@dataclass(frozen=True)
class RolloutOutcome:
    """How a wait ended."""

    state: Literal["ready", "failed", "timed_out"]
    """`failed`: it cannot get ready; `timed_out`: it did not in time."""
    status: RolloutStatus
    """The last one seen."""
    causes: tuple[Cause, ...] = ()
    """Why not, root cause first; empty when ready."""

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return {
            "state": self.state,
            "status": self.status.as_json(),
            "causes": [cause.as_json() for cause in self.causes],
        }
