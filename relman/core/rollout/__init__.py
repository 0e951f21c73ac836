"""How far the objects of a service are, and whether they can still get ready (core, pure).

progress (one object) + diagnosis.symptoms_of (what is wrong)  ->  decide (a service, over time)  ->  RolloutStatus
"""

from __future__ import annotations

from relman.core.diagnosis.kinds import API_VERSIONS, explaining_kinds, is_waited_for, judged_kinds
from relman.core.diagnosis.patience import DEFAULT_PATIENCE, Patience
from relman.core.diagnosis.snapshot import Snapshot
from relman.core.rollout.decide import Memory, decide_rollout, judge_rollout
from relman.core.rollout.limit import TimeLimit, compute_time_limit, explain_time_limit, time_limit
from relman.core.rollout.status import RolloutState, RolloutStatus
from relman.core.rollout.stuck import stuck_pods

__all__ = [
    "API_VERSIONS",
    "DEFAULT_PATIENCE",
    "Memory",
    "Patience",
    "RolloutState",
    "RolloutStatus",
    "Snapshot",
    "TimeLimit",
    "compute_time_limit",
    "decide_rollout",
    "explain_time_limit",
    "explaining_kinds",
    "is_waited_for",
    "judge_rollout",
    "judged_kinds",
    "stuck_pods",
    "time_limit",
]
