"""Freeze windows and plans: an upgrade inside one is refused unless a reason is given; the way back never is (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from helmkit.freeze import FreezeWindow, find_freeze
from relman.core.plan import Plan, Refusal

FREEZE = "freeze"
"""Kind of the refusal."""
_FORWARD = frozenset({"upgrade", "uninstall", "prune"})
"""What a freeze keeps from happening; to go back, and to replace pods, is what a night may need."""


def open_freeze(windows: Sequence[FreezeWindow], now: str) -> FreezeWindow | None:
    """Return the window that is open at an RFC 3339 time, or None."""
    return find_freeze(windows, datetime.fromisoformat(now)) if windows else None


def with_freeze(plan: Plan, windows: Sequence[FreezeWindow], now: str, override: str) -> Plan:
    """Return the plan with what a freeze means for it: a refusal, or a note.

    Args:
        plan: Without steps there is nothing to freeze.
        windows: Of its environment.
        now: RFC 3339.
        override: Why it is to happen all the same; empty when nobody says so.
    """
    window = open_freeze(windows, now) if plan.steps else None
    if window is None:
        return plan
    what = f"environment {plan.environment} is frozen {window}"
    if plan.action not in _FORWARD or plan.continues:
        why = "an unfinished run may come to its end" if plan.continues else f"a {plan.action} is possible all the same"
        return msgspec.structs.replace(plan, notes=(*plan.notes, f"{what}; {why}"))
    if override:
        return msgspec.structs.replace(plan, notes=(*plan.notes, f"{what}; overridden: {override}"))
    hint = "Wait until it is over, or say why it cannot wait: --override-freeze REASON. The history will say so."
    refusal = Refusal(kind=FREEZE, service="", namespace=plan.namespaces[0], message=what, hint=hint)
    return msgspec.structs.replace(plan, refusals=(*plan.refusals, refusal))


def override_event(windows: Sequence[FreezeWindow], now: str, override: str, who: str) -> tuple[str, ...]:
    """Return what the history says of an overridden freeze; empty when none was open."""
    window = open_freeze(windows, now) if override else None
    return (f"freeze overridden by {who}: {override} (frozen {window})",) if window else ()
