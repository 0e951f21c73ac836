"""Watching rollouts in a cluster: the effects around relman.core.rollout and relman.core.diagnosis."""

from __future__ import annotations

from relman.rollout.outcome import RolloutOutcome
from relman.rollout.watch import RolloutWatcher

__all__ = ["RolloutOutcome", "RolloutWatcher"]
