"""Runs that never came to their end: what belongs together, which way it was going, and the plan back (pure).

A set revision that carries on, or takes back, the one before it forms a chain with it. The way back goes to what was
there before the oldest of the chain, so that it ends in the same place however often somebody tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from relman.core import outcome
from relman.core.decide import is_dangling, unfinished_namespaces
from relman.core.judge import Judgement, State, judge_release
from relman.core.limits import refuse_limits
from relman.core.ordering import in_order_back
from relman.core.plan import INSTALL, RESTART, ROLLBACK, SCHEMA, UNINSTALL, UPGRADE, Plan, Refusal, Skip, Step
from relman.core.record import DONE, FAILED, INTERRUPTED, RUNNING, Content, ReleaseState, ServiceRecord, SetRecord
from relman.core.seen import NamespaceSeen, ReleaseSeen

ABORT = "abort"
_MINIMUM_LIMIT = 60
_UNINSTALLING = "uninstalling"
_THROUGH = frozenset({outcome.RESTARTED, outcome.REMOVED})
_UNTOUCHED = frozenset({outcome.PENDING, outcome.NOT_STARTED})


@dataclass(frozen=True)
class Member:
    """One namespace of an unfinished run."""

    seen: NamespaceSeen
    records: Sequence[SetRecord]
    """Its history, newest first."""

    @property
    def chain(self) -> tuple[SetRecord, ...]:
        """The unfinished set revision and those it carries on, newest first; empty when it came to an end."""
        return run_chain(self.records)

    @property
    def earlier(self) -> SetRecord | None:
        """The set revision before all that."""
        chain = self.chain
        return next((r for r in self.records if chain and r.number == chain[-1].previous), None)


def is_unfinished(record: SetRecord) -> bool:
    """Tell whether a run never came to its end: it died, or it was stopped.

    One that carried it on and failed went back only to where it began itself, so there is no end to it yet either;
    but one that was to keep what moved has come to its end, as it would have without dying in between.
    """
    if record.outcome in (RUNNING, INTERRUPTED):
        return True
    kept = record.outcome == FAILED and record.on_failure == "keep" and record.action != ABORT
    return record.continues and record.outcome != DONE and not kept


def run_chain(records: Sequence[SetRecord]) -> tuple[SetRecord, ...]:
    """Return the unfinished set revision and those it carries on, newest first; empty when there is none.

    Args:
        records: The history, newest first.
    """
    if not records or not is_unfinished(records[0]):
        return ()
    by_number = {record.number: record for record in records}
    chain = [records[0]]
    while chain[-1].continues and chain[-1].previous in by_number:
        chain.append(by_number[chain[-1].previous])
    return tuple(chain)


def remaining(chain: Sequence[SetRecord]) -> dict[str, str]:
    """Return what an unfinished restart, uninstall or prune was to change and has not: its reasons by service key.

    Args:
        chain: Newest first.
    """
    asked = {key: s.reason for record in reversed(chain) for key, s in record.services.items() if s.action != "none"}
    through = {key for record in chain for key, s in record.services.items() if s.outcome in _THROUGH}
    return {key: reason for key, reason in sorted(asked.items()) if key not in through}


def goes_back(records: Sequence[SetRecord]) -> bool:
    """Tell whether a run was on its way back: it had failed, or taking it back was what it was for.

    Args:
        records: All records of the run, of every namespace.
    """
    return any(
        record.action == ABORT or (record.on_failure == "restore" and any(s.causes for s in record.services.values()))
        for record in records
    )


def starting_point(chain: Sequence[SetRecord]) -> dict[str, ReleaseState | None]:
    """Return where each service that was to move stood before; None means it was not installed.

    Args:
        chain: Newest first.
    """
    found: dict[str, ReleaseState | None] = {}
    for record in reversed(chain):
        for key, service in record.services.items():
            if service.action != "none":
                found.setdefault(key, service.before)
    return found


def decide_abort(
    members: Sequence[Member], platform: str, timeout: int = 0, *, accept_irreversible: bool = False
) -> Plan:
    """Return the plan that takes an unfinished run back, in all its namespaces at once.

    Args:
        members: Its namespaces.
        platform: Its name.
        timeout: Seconds each rollout may take; 0: as recorded.
        accept_irreversible: Limits on rolling back are accepted.
    """
    steps, skips, refusals = _decide_members(members)
    depends_on = {
        key: s.depends_on
        for member in members
        for record in reversed(member.chain)
        for key, s in record.services.items()
        if s.depends_on
    }
    if not accept_irreversible:
        refusals += [one for m in members for one in refuse_limits(m.seen.namespace, steps, _leaving(m))]
    if timeout:
        steps = [msgspec.structs.replace(step, time_limit=timeout) for step in steps]
    open_members = [member for member in members if member.chain]
    aim = next((m.earlier for m in open_members if m.earlier), None) or next((m.chain[-1] for m in open_members), None)
    return Plan(
        schema=SCHEMA,
        action=ABORT,
        platform=platform,
        version=aim.version if aim else "",
        environment=aim.environment if aim else "",
        cluster=aim.cluster if aim else "",
        namespaces=tuple(sorted(member.seen.namespace for member in members)),
        whole=False,
        steps=in_order_back(steps, depends_on),
        skips=tuple(skips),
        refusals=tuple(refusals),
        holds=tuple(hold for m in open_members if m.earlier for hold in m.earlier.holds),
        notes=tuple(_note(member) for member in open_members),
        unfinished=unfinished_namespaces({member.seen.namespace: member.seen for member in members}),
        relabel=tuple(sorted(member.seen.namespace for member in open_members)),
        continues=True,
        back_at={m.seen.namespace: m.earlier.stands_at if m.earlier else "" for m in open_members},
    )


def _decide_members(members: Sequence[Member]) -> tuple[list[Step], list[Skip], list[Refusal]]:
    steps: list[Step] = []
    skips: list[Skip] = []
    refusals: list[Refusal] = []
    for member in members:
        chain = member.chain
        for key, before in sorted(starting_point(chain).items()):
            touched = any(r.services[key].migrations for r in chain if key in r.services)
            decision = _decide_service(member, chain[0].services[key], key, before, touched=touched)
            {Step: steps, Skip: skips, Refusal: refusals}[type(decision)].append(decision)  # type: ignore[attr-defined]
    return steps, skips, refusals


def with_end(plan: Plan, seen: Mapping[str, NamespaceSeen]) -> Plan:
    """Return a plan that carries an unfinished run on, with the namespaces where nothing is left to be done.

    Their history says so in a revision of its own; otherwise the run would stay unfinished for ever.
    """
    if not plan.continues:
        return plan
    left = {name for name, ns in seen.items() if ns.record is not None and is_unfinished(ns.record)}
    return msgspec.structs.replace(
        plan, relabel=tuple(sorted({*plan.relabel, *left})), unfinished=unfinished_namespaces(seen)
    )


def _leaving(member: Member) -> dict[str, Content | None]:
    """Return what each service runs, or may run: the intent alone may stand where the run died."""
    found: dict[str, Content | None] = {}
    for record in reversed(member.chain):
        for key, service in record.services.items():
            state = service.made or service.now
            under_way = service.intent == "apply" or (service.made is not None and service.made.content is None)
            found[key] = service.wanted if under_way else state.content if state else None
    return found


def _note(member: Member) -> str:
    first = member.chain[-1]
    what = f"{first.action} to {first.version} by {first.who}, started {first.started}"
    if first.action == RESTART:
        return f"{member.seen.namespace}: revision {first.number} ({what}) is closed; pods that were replaced stay"
    return f"{member.seen.namespace}: takes back revision {first.number} ({what})"


def _decide_service(
    member: Member, recorded: ServiceRecord, key: str, before: ReleaseState | None, *, touched: bool
) -> Step | Skip | Refusal:
    seen = member.seen
    release = seen.releases.get(recorded.release)
    verdict = judge_release(release, recorded, seen.objects)
    # A migration deletes before Helm makes a revision: what was not moved may still lack objects.
    untouched = not touched or recorded.outcome in (outcome.RESTORED, outcome.ROLLED_BACK)
    done = _needs_nothing(release, recorded, before, verdict) if untouched else ""
    if done:
        content = before.content if before else None
        return Skip(
            service=key, namespace=seen.namespace, release=recorded.release, outcome=outcome.UNCHANGED, reason=done,
            content=content,
        )  # fmt: skip
    if verdict.state in (State.FOREIGN, State.CHANGED) and not is_dangling(seen, key):
        message = f"{seen.namespace}/{recorded.release}: {verdict.detail}, after the run that is to be taken back"
        return _refuse(member, key, message, "Keep it: `relman upgrade` to what is wanted now. Or go back by hand.")
    if before is not None and before.content is None and (release is None or not release.find(before.uid)):
        message = f"{seen.namespace}/{recorded.release}: Helm no longer stores revision {before.revision}"
        return _refuse(member, key, message, "Bring it to a version instead: `relman upgrade`.")
    return _step(member, recorded, key, before, heal=verdict.state is State.PENDING)


def _needs_nothing(
    release: ReleaseSeen | None, recorded: ServiceRecord, before: ReleaseState | None, verdict: Judgement
) -> str:
    """Return why nothing is to be done to a service; empty when it must go back."""
    if release is None:
        return "" if before else "not installed, as before"
    newest = release.newest
    if before and newest.uid == before.uid and not newest.pending and newest.status != _UNINSTALLING:
        return "was not moved"
    if verdict.state in (State.FOREIGN, State.CHANGED) and recorded.outcome in _UNTOUCHED and not recorded.intent:
        return f"was not moved by the run; {verdict.detail}"
    now = recorded.now
    there = before is not None and now is not None and now.uid == newest.uid and not newest.pending
    if there and recorded.outcome in (outcome.RESTORED, outcome.ROLLED_BACK) and _same(now, before):
        return "is back already"
    return ""


def _same(now: ReleaseState | None, before: ReleaseState | None) -> bool:
    if now is None or before is None or now.content is None:
        return False
    return now.content.same_as(before.content) and (now.good or not before.good)


def _step(member: Member, recorded: ServiceRecord, key: str, before: ReleaseState | None, *, heal: bool) -> Step:
    release = member.seen.releases.get(recorded.release)
    stored = release.find(before.uid) if release and before else None
    action = UNINSTALL if before is None else ROLLBACK if stored else UPGRADE if release else INSTALL
    number = member.chain[-1].number
    return Step(
        service=key,
        namespace=member.seen.namespace,
        release=recorded.release,
        action=action,
        reason=f"as before revision {number}" if before else f"was not installed before revision {number}",
        content=before.content if before else None,
        before=_current(release, recorded),
        to_revision=stored.revision if stored else 0,
        to_state=before,
        depends_on=recorded.depends_on,
        time_limit=max(_MINIMUM_LIMIT, recorded.time_limit),
        heal=heal,
    )


def _current(release: ReleaseSeen | None, recorded: ServiceRecord) -> ReleaseState | None:
    """Return the state that is there now: an abort that dies in its turn is carried on from the oldest record."""
    if release is None:
        return None
    newest = release.newest
    known = [state for state in (recorded.now, recorded.made, recorded.before) if state and state.uid == newest.uid]
    return known[0] if known else ReleaseState(uid=newest.uid, revision=newest.revision)


def _refuse(member: Member, key: str, message: str, hint: str) -> Refusal:
    return Refusal(kind="changed-since", service=key, namespace=member.seen.namespace, message=message, hint=hint)
