"""The plan of a rollback, of one service or of a whole set (pure).

Targets are good states that our own records name; Helm's status is never asked. A step goes to Helm's stored
revision when its Secret is still there under the recorded UID, else it applies the recorded chart again, which the
caller must be able to fetch (`missing_contents`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from relman.core import history, outcome
from relman.core.decide import is_dangling, unfinished_namespaces
from relman.core.definitions import DEFINING
from relman.core.judge import State, judge_release, service_record
from relman.core.limits import refuse_limits
from relman.core.naming import Scope
from relman.core.ordering import in_order_back
from relman.core.plan import INSTALL, ROLLBACK, SCHEMA, UNINSTALL, UPGRADE, Plan, Refusal, Skip, Step
from relman.core.record import Content, Hold, ReleaseState, ServiceRecord, SetRecord
from relman.core.restore_point import restore_point
from relman.core.seen import NamespaceSeen

_STATEFUL = "statefulset-infra"
_ELSEWHERE = (
    "configuration kept elsewhere (nacos, databases and their schemas, Secrets and ConfigMaps made by hand) "
    "stays as it is now"
)
_MINIMUM_LIMIT = 60


@dataclass(frozen=True)
class RollbackRequest:
    """What a rollback is asked to do, in one namespace."""

    seen: NamespaceSeen
    records: Sequence[SetRecord]
    """Newest first; the first one is what runs now."""
    scope: Scope
    version: str = ""
    """Go back to this version."""
    number: int = 0
    """Go back to this set revision."""
    prune: bool = False
    """Remove services that were added since."""
    accept_irreversible: bool = False
    limits: Mapping[str, int] | None = None
    """Seconds a rollout may take, by service key."""
    who: str = ""
    why: str = ""
    now: str = ""
    """RFC 3339, for the hold."""


def decide_rollback(request: RollbackRequest) -> Plan:
    """Return the plan of a rollback; what speaks against it stands in `refusals`."""
    if request.scope.services is None:
        return _decide_set(request)
    return _decide_service(request, next(iter(request.scope.services)))


def missing_contents(plan: Plan) -> tuple[Content, ...]:
    """Return the charts a rollback must fetch again, because Helm no longer stores the revision."""
    return tuple(step.content for step in plan.steps if step.action in (INSTALL, UPGRADE) and step.content)


def _decide_service(request: RollbackRequest, key: str) -> Plan:
    newest = request.records[0]
    recorded = newest.services.get(key)
    current = recorded.now.content if recorded and recorded.now else None
    target = _service_target(request, key, current, recorded)
    namespace = request.seen.namespace
    if target is None:
        return _plan(request, newest.version, (), refusals=(_no_target(request, key),))
    version = target.state.content.platform_version if target.state.content else newest.version
    step = _step(request, key, target.state, f"back to what was good in revision {target.number}")
    if isinstance(step, Refusal):
        return _plan(request, version, (), refusals=(step,))
    refusals = _objections(request, [step] if step else [])
    rejected = (
        () if target.state.content and target.state.content.same_as(current) else _rejected(request, key, current)
    )
    skips = () if step else (_skip(request, key, namespace, target.state.content),)
    plan = _plan(request, version, (step,) if step else (), refusals=refusals, skips=skips, target=target.number)
    return msgspec.structs.replace(plan, holds=plan.holds + rejected) if step else plan


def _service_target(
    request: RollbackRequest, key: str, current: Content | None, recorded: ServiceRecord | None
) -> history.GoodState | None:
    records = request.records
    if request.number:
        states = history.good_states_every([r for r in records if r.number == request.number], key)
        return states[0] if states else None
    if request.version:
        return history.good_at_version(records, key, request.version)
    release = request.seen.releases.get(recorded.release) if recorded else None
    verdict = judge_release(release, recorded, request.seen.objects)
    if verdict.state in (State.CHANGED, State.UNPROVEN, State.PENDING, State.GONE):
        # What is there now is not what was last seen good, so the newest good state is the one to go back to.
        current = None
    return history.previous_good(records, key, current, records[0].holds)


def _decide_set(request: RollbackRequest) -> Plan:
    target = _set_target(request)
    newest = request.records[0]
    if target is None:
        return _plan(request, newest.version, (), refusals=(_no_target(request, ""),))
    steps: list[Step] = []
    skips: list[Skip] = []
    refusals: list[Refusal] = []
    for key in sorted({*target.services, *newest.services}):
        found = _decide_member(request, key, target)
        if isinstance(found, Step):
            steps.append(found)
        elif isinstance(found, Skip):
            skips.append(found)
        elif found:
            refusals.append(found)
    refusals.extend(_objections(request, steps))
    return _plan(
        request,
        target.stands_at or target.version,
        _ordered(steps, target),
        refusals=tuple(refusals),
        skips=tuple(skips),
        target=target.number,
        environment=target.environment,
        stands_at=target.stands_at,
        relabel=() if refusals else _relabelled(request, target.stands_at),
    )


def _set_target(request: RollbackRequest) -> SetRecord | None:
    if request.number:
        return next((r for r in request.records if r.number == request.number), None)
    if request.version:
        return history.set_at_version(request.records, request.version)
    return history.previous_good_set(request.records)


def _decide_member(request: RollbackRequest, key: str, target: SetRecord) -> Step | Skip | Refusal | None:
    then = service_record(target, key)
    state = then.now if then else None
    if state is not None:
        step = _step(request, key, state, f"as in revision {target.number}")
        return step or _skip(request, key, request.seen.namespace, state.content)
    recorded = service_record(request.records[0], key)
    if recorded is None or recorded.now is None:
        return None
    content = recorded.now.content
    if not request.prune:
        reason = f"added after revision {target.number}, left as it is"
        return _skip(request, key, request.seen.namespace, content, word=outcome.KEPT, reason=reason)
    release = request.seen.releases.get(recorded.release)
    return Step(
        service=key, namespace=request.seen.namespace, release=recorded.release, action=UNINSTALL,
        reason=f"added after revision {target.number}", before=restore_point(release, recorded),
        depends_on=recorded.depends_on, time_limit=_MINIMUM_LIMIT,
    )  # fmt: skip


def _step(request: RollbackRequest, key: str, target: ReleaseState, reason: str) -> Step | Refusal | None:
    """Return the step that brings a service to `target`, None when it is there already."""
    seen = request.seen
    recorded = service_record(request.records[0], key)
    known = recorded or next(r.services[key] for r in request.records if key in r.services)
    release = seen.releases.get(known.release)
    verdict = judge_release(release, recorded, seen.objects)
    if verdict.state is State.FOREIGN and not is_dangling(seen, key):
        return _refuse(request, "foreign-release", key, verdict.detail, "relman changes only what it installed.")
    if not target.good:
        message = f"{known.release} was not healthy in that revision"
        return _refuse(request, "not-good", key, message, "`relman history` shows the good ones.")
    now = recorded.now.content if recorded and recorded.now else None
    if verdict.state is State.IN_SYNC and target.content is not None and target.content.same_as(now):
        return None
    before = restore_point(release, recorded)
    stored = release.find(target.uid) if release else None
    return Step(
        service=key,
        namespace=seen.namespace,
        release=known.release,
        action=ROLLBACK if stored else UPGRADE if before else INSTALL,
        reason=reason if stored else f"{reason}; Helm no longer stores it, so its chart is applied again",
        content=target.content,
        before=before,
        to_revision=stored.revision if stored else 0,
        to_state=target,
        depends_on=known.depends_on,
        time_limit=max(_MINIMUM_LIMIT, (request.limits or {}).get(key, 0)),
        heal=verdict.state is State.PENDING,
    )


def _ordered(steps: list[Step], target: SetRecord) -> tuple[Step, ...]:
    return in_order_back(steps, {key: service.depends_on for key, service in target.services.items()})


def _objections(request: RollbackRequest, steps: Iterable[Step]) -> tuple[Refusal, ...]:
    if request.accept_irreversible:
        return ()
    newest = request.records[0].services
    leaving = {key: service.now.content for key, service in newest.items() if service.now}
    return refuse_limits(request.seen.namespace, steps, leaving)


def _rejected(request: RollbackRequest, key: str, current: Content | None) -> tuple[Hold, ...]:
    if current is None:
        return ()
    return (Hold(service=key, content=current, since=request.now, who=request.who, why=request.why),)


def _refuse(request: RollbackRequest, kind: str, key: str, message: str, hint: str) -> Refusal:
    return Refusal(kind=kind, service=key, namespace=request.seen.namespace, message=message, hint=hint)


def _no_target(request: RollbackRequest, key: str) -> Refusal:
    what = f"service {key}" if key else f"namespace {request.seen.namespace}"
    if request.number:
        message = f"{what} has no good revision {request.number} in its history"
    elif request.version:
        message = f"{what} was never seen healthy at version {request.version}"
    else:
        message = f"{what} has nothing to go back to: no earlier revision was seen healthy"
    name = f"{request.seen.namespace}/{key}"
    return _refuse(request, "no-target", key, message, f"`relman history {name}` shows what there is.")


def _skip(
    request: RollbackRequest, key: str, namespace: str, content: Content | None,
    *, word: str = outcome.UNCHANGED, reason: str = "runs this already, and is as it was left",
) -> Skip:  # fmt: skip
    known = next(record.services[key] for record in request.records if key in record.services)
    return Skip(service=key, namespace=namespace, release=known.release, outcome=word, reason=reason, content=content)


def _plan(request: RollbackRequest, version: str, steps: tuple[Step, ...], **more: Any) -> Plan:
    newest = request.records[0]
    moving = {step.service: step for step in steps}
    base = Plan(
        schema=SCHEMA,
        action="rollback",
        platform=newest.platform,
        version=version,
        environment=newest.environment,
        cluster=newest.cluster,
        namespaces=request.scope.namespaces,
        whole=request.scope.whole,
        steps=steps,
        holds=tuple(hold for hold in newest.holds if not _lifted(hold, moving.get(hold.service))),
        notes=_notes(request, steps),
        unfinished=unfinished_namespaces({request.seen.namespace: request.seen}),
    )
    return msgspec.structs.replace(base, **more)


def _relabelled(request: RollbackRequest, stands_at: str) -> tuple[str, ...]:
    # The set runs just that already, but its history calls it something else.
    return () if request.records[0].stands_at == stands_at else (request.seen.namespace,)


def _lifted(hold: Hold, step: Step | None) -> bool:
    # Somebody asks for exactly the rejected content by name: then it is no longer rejected.
    return step is not None and step.content is not None and hold.content.same_as(step.content)


def _notes(request: RollbackRequest, steps: tuple[Step, ...]) -> tuple[str, ...]:
    if not steps:
        return ()
    notes = [f"a rollback cannot undo everything: {_ELSEWHERE}"]
    stateful = [s.service for s in steps if s.content and s.content.archetype == _STATEFUL]
    if stateful:
        notes.append(f"data in the claims of {', '.join(stateful)} stays as it is now")
    defining = [s.service for s in steps if s.content and s.content.archetype in DEFINING]
    if defining:
        notes.append(f"definitions of custom kinds (CRDs) that {', '.join(defining)} brought stay as they are now")
    return (*notes, *request.seen.unseen)
