"""Whether a stored plan still fits: the same decisions about the same things, made anew from what is there (pure)."""

from __future__ import annotations

from relman.core.plan import Plan, Skip, Step
from relman.core.record import ReleaseState


def find_misfits(stored: Plan, current: Plan) -> tuple[str, ...]:
    """Return what differs between a stored plan and the same plan made now, in words; empty when it still fits.

    Reasons and notes are words for people and do not count; what would be done, to what, and from where does.
    """
    found = [
        f"{what}: {left or '-'} when it was planned, {right or '-'} now"
        for what, left, right in (
            ("platform", stored.platform, current.platform),
            ("version", stored.version, current.version),
            ("environment", stored.environment, current.environment),
            ("cluster", stored.cluster, current.cluster),
            ("namespaces", ", ".join(stored.namespaces), ", ".join(current.namespaces)),
            ("unfinished runs", ", ".join(stored.unfinished), ", ".join(current.unfinished)),
            ("holds", _holds(stored), _holds(current)),
        )
        if left != right
    ]
    old, new = _decisions(stored), _decisions(current)
    for key in sorted({*old, *new}):
        found += _compare(key, old.get(key), new.get(key))
    planned = {refusal.message for refusal in stored.refusals}
    return (*found, *(refusal.message for refusal in current.refusals if refusal.message not in planned))


def _holds(plan: Plan) -> str:
    return ", ".join(sorted(f"{hold.service} {hold.content.label}" for hold in plan.holds))


def _decisions(plan: Plan) -> dict[str, Step | Skip]:
    every: list[Step | Skip] = [*plan.steps, *plan.skips]
    return {f"{one.namespace}/{one.service}": one for one in every}


def _compare(key: str, old: Step | Skip | None, new: Step | Skip | None) -> list[str]:
    was, now = _words(old), _words(new)
    if was != now:
        return [f"{key}: planned was {was}, and now it is {now}{_why(new)}"]
    if isinstance(old, Step) and isinstance(new, Step):
        return _compare_steps(key, old, new)
    if isinstance(old, Skip) and isinstance(new, Skip) and not _same_content(old, new):
        return [f"{key}: it runs something else now: {new.content.label if new.content else 'nothing known'}"]
    return []


def _compare_steps(key: str, old: Step, new: Step) -> list[str]:
    found = []
    if not _same_content(old, new):
        found.append(f"{key}: the charts or values of that version are no longer those that were planned")
    if _uid(old.before) != _uid(new.before):
        found.append(f"{key}: it was at {_place(old.before)} then, and is at {_place(new.before)} now")
    if old.to_revision != new.to_revision or old.heal != new.heal:
        found.append(f"{key}: {new.reason}")
    return found


def _same_content(old: Step | Skip, new: Step | Skip) -> bool:
    return old.content is new.content or (old.content is not None and old.content.same_as(new.content))


def _words(one: Step | Skip | None) -> str:
    if one is None:
        return "not part of it"
    return one.action if isinstance(one, Step) else one.outcome


def _why(one: Step | Skip | None) -> str:
    return f" ({one.reason})" if one is not None and one.reason else ""


def _uid(state: ReleaseState | None) -> str:
    return state.uid if state else ""


def _place(state: ReleaseState | None) -> str:
    return f"revision {state.revision}" if state else "nothing installed"
