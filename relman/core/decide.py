"""The plan of an upgrade: what is wanted and what was seen become steps, skips and refusals (pure)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from helmkit.bom import ServiceEntry
from relman.core import outcome
from relman.core.judge import Judgement, State, judge_release, recorded_uids, service_record
from relman.core.limits import limit_notes, refuse_older
from relman.core.moves import Move, find_moves, move_notes, refuse_limited_moves, refuse_moves, removal_step
from relman.core.naming import Scope
from relman.core.ordering import in_order, refuse_port_circles
from relman.core.plan import INSTALL, SCHEMA, UPGRADE, Plan, Refusal, Skip, Step
from relman.core.record import DONE, RUNNING, Content, Hold, ServiceRecord, SetRecord
from relman.core.restore_point import restore_point
from relman.core.seen import NamespaceSeen
from relman.core.wanted import Wanted, dependency_edges


@dataclass(frozen=True)
class UpgradeRequest:
    """What an upgrade is asked to do."""

    platform: str
    version: str
    environment: str
    cluster: str
    scope: Scope
    wanted: Mapping[str, Wanted]
    """Every service of the environment, also those outside the scope: order passes through them."""
    seen: Mapping[str, NamespaceSeen]
    """By namespace, for every namespace of the scope."""
    time_limit: Callable[[ServiceEntry], int]
    """Seconds a rollout of a service may take."""
    release_holds: bool = False
    """Move services that a rollback put on hold as well."""
    accept_irreversible: bool = False
    """Limits on rolling back are accepted, also those that only a failure would cross."""
    elsewhere: tuple[SetRecord, ...] = ()
    """The newest records of this platform in other namespaces: a service may have moved from there."""
    notes: tuple[str, ...] = field(default=())


def decide_upgrade(request: UpgradeRequest) -> Plan:
    """Return the plan that brings the scope to what is wanted.

    A service is skipped only when its newest release Secret is the one recorded good, its digests match and none of
    its objects changed since; in doubt it is upgraded. Nothing that is not ours is touched.
    """
    steps, skips, refusals = _decide_services(request)
    moves = find_moves(_records(request), request.wanted)
    for move in moves if request.scope.platform_wide else ():
        _remove_moved(request, move, steps, refusals)
    skips.extend(_kept(request, moves))
    refusals.extend(refuse_moves(steps, () if request.scope.platform_wide else moves))
    if not request.accept_irreversible:
        refusals.extend((*refuse_older(steps), *refuse_limited_moves(steps)))
    ordered = in_order(steps, dependency_edges(request.wanted))
    return Plan(
        schema=SCHEMA,
        action="upgrade",
        platform=request.platform,
        version=request.version,
        environment=request.environment,
        cluster=request.cluster,
        namespaces=request.scope.namespaces,
        whole=request.scope.whole,
        stands_at=request.version if request.scope.whole else "",
        steps=ordered,
        skips=tuple(skips),
        refusals=(*refusals, *refuse_port_circles(ordered)),
        holds=_remaining_holds(request, steps),
        notes=(
            *request.notes,
            *_notes(request),
            *move_notes(steps, moves),
            *(() if request.accept_irreversible else limit_notes(steps)),
        ),
        unfinished=unfinished_namespaces(request.seen),
        relabel=_relabelled(request),
    )


def unfinished_namespaces(seen: Mapping[str, NamespaceSeen]) -> tuple[str, ...]:
    """Return the namespaces whose newest record is still open, sorted."""
    return tuple(sorted(name for name, ns in seen.items() if ns.record is not None and ns.record.outcome == RUNNING))


def _decide_services(request: UpgradeRequest) -> tuple[list[Step], list[Skip], list[Refusal]]:
    steps: list[Step] = []
    skips: list[Skip] = []
    refusals: list[Refusal] = []
    for key, wanted in sorted(request.wanted.items()):
        if request.scope.covers(wanted.entry.namespace, key):
            decision = _decide_service(request, key, wanted)
            {Step: steps, Skip: skips, Refusal: refusals}[type(decision)].append(decision)  # type: ignore[attr-defined]
    return steps, skips, refusals


def _decide_service(request: UpgradeRequest, key: str, wanted: Wanted) -> Step | Skip | Refusal:
    entry = wanted.entry
    seen = request.seen[entry.namespace]
    release = seen.releases.get(entry.release)
    recorded = service_record(seen.record, key)
    verdict = judge_release(release, recorded, seen.objects)
    refusal = _refusal(seen, key, entry, verdict)
    if refusal:
        return refusal
    held = None if request.release_holds else find_hold(seen, key, wanted.content)
    if held:
        reason = f"{wanted.content.label} is on hold since {held.since[:16]}: {held.why or 'rolled back'} ({held.who})"
        return _skip(key, entry, outcome.HELD, reason, wanted.content)
    reason = _reason(verdict, recorded, wanted.content)
    if not reason:
        return _skip(key, entry, outcome.UNCHANGED, "runs this already, and is as it was left", wanted.content)
    before = restore_point(release, recorded)
    return Step(
        service=key,
        namespace=entry.namespace,
        release=entry.release,
        action=UPGRADE if before else INSTALL,
        reason=reason,
        content=wanted.content,
        before=before,
        depends_on=entry.depends_on,
        time_limit=request.time_limit(entry),
        heal=verdict.state is State.PENDING,
    )


def find_hold(seen: NamespaceSeen, key: str, content: Content) -> Hold | None:
    """Return the hold that keeps a service from this content, if there is one."""
    holds = seen.record.holds if seen.record else ()
    return next((hold for hold in holds if hold.service == key and hold.content.same_as(content)), None)


def _refusal(seen: NamespaceSeen, key: str, entry: ServiceEntry, verdict: Judgement) -> Refusal | None:
    if verdict.state is State.FOREIGN and not is_dangling(seen, key):
        return Refusal(
            kind="foreign-release",
            service=key,
            namespace=entry.namespace,
            message=f"{entry.namespace}/{entry.release}: {verdict.detail}",
            hint="relman changes only what it installed. Uninstall that release with helm if it may go, "
            "or give the service another name.",
        )
    # A pending revision of an unfinished run of ours is healed; so is one that a closed record knows as ours.
    unfinished = seen.record is not None and seen.record.outcome == RUNNING
    release = seen.releases.get(entry.release)
    known = release is not None and release.newest.uid in recorded_uids(service_record(seen.record, key))
    if verdict.state is State.PENDING and not unfinished and not known:
        return Refusal(
            kind="pending-release",
            service=key,
            namespace=entry.namespace,
            message=f"{entry.namespace}/{entry.release}: {verdict.detail}, by a helm that is not relman's",
            hint=f"Wait for it, or end it with `helm rollback -n {entry.namespace} {entry.release}`.",
        )
    return None


def is_dangling(seen: NamespaceSeen, key: str) -> bool:
    """Tell whether a run that died was about to change a service, so that what looks foreign may well be its work.

    Closing its record finds out; until then nothing is refused for it.
    """
    recorded = service_record(seen.record, key)
    return seen.record is not None and seen.record.outcome == RUNNING and recorded is not None and bool(recorded.intent)


def _reason(verdict: Judgement, recorded: ServiceRecord | None, content: Content) -> str:
    """Return why a service must move; empty when nothing is to be done."""
    if verdict.state is State.ABSENT:
        return "not installed yet"
    if verdict.state is not State.IN_SYNC:
        return verdict.detail
    now = recorded.now if recorded else None
    return content_change(now.content if now else None, content)


def content_change(old: Content | None, new: Content) -> str:
    """Return what differs between two contents, shortest useful words first; empty when they run the same."""
    if new.same_as(old):
        return ""
    if old is None:
        return "what runs is not known"
    if old.archetype != new.archetype:
        return f"changes from {old.archetype} to {new.archetype}"
    if old.app_version != new.app_version:
        return f"version {old.app_version or '?'} -> {new.app_version or '?'}"
    if old.images != new.images:
        return f"image {', '.join(new.images)}"
    parts = []
    if old.content_digest != new.content_digest:
        parts.append(f"chart {old.chart_version} -> {new.chart_version}")
    if old.values_digest != new.values_digest:
        parts.append("values")
    return " and ".join(parts) + (" changed" if len(parts) == 1 and parts[0] == "values" else "")


def _skip(key: str, entry: ServiceEntry, word: str, reason: str, content: Content) -> Skip:
    return Skip(
        service=key, namespace=entry.namespace, release=entry.release, outcome=word, reason=reason, content=content
    )


def _records(request: UpgradeRequest) -> list[SetRecord]:
    return [*(seen.record for seen in request.seen.values() if seen.record), *request.elsewhere]


def _remove_moved(request: UpgradeRequest, move: Move, steps: list[Step], refusals: list[Refusal]) -> None:
    seen = request.seen.get(move.old)
    recorded = service_record(seen.record, move.service) if seen else None
    found = removal_step(seen, move.service, recorded, move.new) if seen and recorded else None
    if isinstance(found, Step):
        steps.append(found)
    elif found is not None:
        refusals.append(found)


def _kept(request: UpgradeRequest, moves: Collection[Move]) -> list[Skip]:
    """Return services that run and are no longer part of the platform: reported, removed only on request."""
    kept = []
    for namespace, seen in sorted(request.seen.items()):
        for key, recorded in sorted((seen.record.services if seen.record else {}).items()):
            wanted = request.wanted.get(key)
            moved = any((move.old, move.service) == (namespace, key) for move in moves)
            if recorded.now is None or (wanted and not moved) or not request.scope.covers(namespace, key):
                continue
            if moved and request.scope.platform_wide:
                continue
            where = f"not part of {request.version}"
            if wanted:
                where = f"moves to namespace {wanted.entry.namespace} with --all"
            kept.append(
                Skip(
                    service=key,
                    namespace=namespace,
                    release=recorded.release,
                    outcome=outcome.KEPT,
                    reason=f"{where}, left as it is",
                    content=recorded.now.content,
                )
            )
    return kept


def _remaining_holds(request: UpgradeRequest, steps: list[Step]) -> tuple[Hold, ...]:
    moving = {step.service for step in steps}
    holds = [hold for seen in request.seen.values() if seen.record for hold in seen.record.holds]
    return tuple(hold for hold in holds if hold.service not in moving)


def _relabelled(request: UpgradeRequest) -> tuple[str, ...]:
    """Return the namespaces that do not stand at the version and environment asked for, by their newest record."""
    if not request.scope.whole:
        return ()
    return tuple(sorted(name for name, seen in request.seen.items() if seen.record and not _says(request, seen.record)))


def _says(request: UpgradeRequest, record: SetRecord) -> bool:
    """Tell whether a record already says that its set is at what is asked for."""
    if record.environment != request.environment:
        return False
    asked_before = record.outcome == DONE and record.whole and record.version == request.version
    return asked_before or record.stands_at == request.version


def _notes(request: UpgradeRequest) -> tuple[str, ...]:
    notes = []
    for namespace in unfinished_namespaces(request.seen):
        record = request.seen[namespace].record
        if record:
            notes.append(
                f"{namespace}: revision {record.number} ({record.action} to {record.version} by {record.who}, "
                f"started {record.started}) was never finished; this run closes it and goes on from what is there. "
                f"`relman resume {namespace}/` or --resume finishes it first, `relman abort {namespace}/` or --abort "
                "takes it back first"
            )
    for seen in request.seen.values():
        notes.extend(seen.unseen)
    return tuple(notes)
