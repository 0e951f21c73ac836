"""The plans of an uninstall, a prune and a restart: single effects on services that are there (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from relman.core import graph, outcome
from relman.core.decide import unfinished_namespaces
from relman.core.health import WORKLOADS
from relman.core.judge import State, judge_release
from relman.core.naming import Scope
from relman.core.ordering import in_order, in_order_back
from relman.core.plan import RESTART, SCHEMA, UNINSTALL, Plan, Refusal, Skip, Step
from relman.core.record import ServiceRecord, SetRecord
from relman.core.restore_point import restore_point
from relman.core.seen import NamespaceSeen
from relman.core.unfinished import is_unfinished

PRUNE = "prune"
_MINIMUM_LIMIT = 60


def decide_uninstall(seen: NamespaceSeen, scope: Scope, notes: Sequence[str] = (), *, continues: bool = False) -> Plan:
    """Return the plan that removes what `scope` covers, dependants first; `continues` an unfinished one."""
    reasons = {key: "is to be uninstalled" for key in _installed(seen) if scope.covers(seen.namespace, key)}
    return _removal(seen, UNINSTALL, reasons, notes, continues=continues)


def decide_prune(
    seen: NamespaceSeen, kept: Mapping[str, str], notes: Sequence[str] = (), *, continues: bool = False
) -> Plan:
    """Return the plan that removes services that are no longer part of the platform.

    Args:
        seen: The namespace.
        kept: Why each is no longer part of it, by key.
        notes: For people.
        continues: It carries on an unfinished one, whose record may be open.
    """
    return _removal(seen, PRUNE, kept, notes, continues=continues)


def decide_restart(seen: NamespaceSeen, scope: Scope, limits: Mapping[str, int], *, continues: bool = False) -> Plan:
    """Return the plan that replaces the pods of what `scope` covers, each after what it depends on.

    Args:
        seen: The namespace.
        scope: What is meant.
        limits: Seconds each rollout may take; as recorded otherwise.
        continues: It carries on an unfinished one.
    """
    steps: list[Step] = []
    skips: list[Skip] = []
    refusals: list[Refusal] = [] if continues else list(_open_run(seen))
    for key, service in _installed(seen).items():
        if not scope.covers(seen.namespace, key):
            continue
        verdict = judge_release(seen.releases.get(service.release), service, seen.objects)
        if verdict.state in (State.GONE, State.FOREIGN, State.PENDING, State.CHANGED):
            refusals.append(_refuse(seen, key, f"{service.release}: {verdict.detail}", "Bring it to a version first."))
        elif not _has_pods(service):
            skips.append(_skip(seen, key, service, "has no pods"))
        else:
            limit = limits.get(key) or max(_MINIMUM_LIMIT, service.time_limit)
            steps.append(_step(seen, key, service, RESTART, "its pods are replaced", limit))
    depends_on = {key: service.depends_on for key, service in _services(seen).items()}
    return _plan(seen, RESTART, in_order(steps, depends_on), skips, refusals, ())


def _removal(
    seen: NamespaceSeen, action: str, reasons: Mapping[str, str], notes: Sequence[str], *, continues: bool
) -> Plan:
    steps: list[Step] = []
    skips: list[Skip] = []
    refusals: list[Refusal] = list(_open_run(seen)) if action == PRUNE and not continues else []
    services = _services(seen)
    for key, reason in sorted(reasons.items()):
        service = services[key]
        verdict = judge_release(seen.releases.get(service.release), service, seen.objects)
        if verdict.state in (State.GONE, State.ABSENT):
            skips.append(_skip(seen, key, service, verdict.detail))
        elif verdict.state is State.FOREIGN:
            refusals.append(_refuse(seen, key, verdict.detail, "relman removes only what it installed."))
        else:
            heal = verdict.state is State.PENDING
            steps.append(_step(seen, key, service, UNINSTALL, reason, _MINIMUM_LIMIT, heal=heal))
    depends_on = {key: service.depends_on for key, service in services.items()}
    every = (*notes, *_dependants(seen, {step.service for step in steps}))
    return _plan(seen, action, in_order_back(steps, depends_on), skips, refusals, every)


def _plan(
    seen: NamespaceSeen, action: str, steps: tuple[Step, ...], skips: list[Skip], refusals: list[Refusal],
    notes: Sequence[str],
) -> Plan:  # fmt: skip
    record = _record(seen)
    gone = {step.service for step in steps if step.action == UNINSTALL}
    return Plan(
        schema=SCHEMA,
        action=action,
        platform=record.platform,
        version=record.version,
        environment=record.environment,
        cluster=record.cluster,
        namespaces=(seen.namespace,),
        whole=False,
        steps=steps,
        skips=tuple(skips),
        refusals=tuple(refusals),
        holds=tuple(hold for hold in record.holds if hold.service not in gone),
        notes=tuple(notes),
        unfinished=unfinished_namespaces({seen.namespace: seen}) if steps else (),
        back_at={} if action == UNINSTALL else {seen.namespace: record.stands_at},
    )


def _dependants(seen: NamespaceSeen, going: set[str]) -> list[str]:
    edges = {key: [need for need in s.depends_on if need in _installed(seen)] for key, s in _installed(seen).items()}
    left = sorted(graph.dependants_of(edges, going & set(edges)) - going)
    return [f"{', '.join(left)} depends on what is removed, and stays"] if left else []


def _open_run(seen: NamespaceSeen) -> list[Refusal]:
    record = _record(seen)
    if not is_unfinished(record):
        return []
    message = f"{seen.namespace}: revision {record.number} ({record.action} by {record.who}) never came to its end"
    hint = f"Finish it first: `relman resume {seen.namespace}/`, or `relman abort {seen.namespace}/`."
    return [Refusal(kind="unfinished-run", service="", namespace=seen.namespace, message=message, hint=hint)]


def _record(seen: NamespaceSeen) -> SetRecord:
    if seen.record is None:
        raise ValueError(seen.namespace)
    return seen.record


def _services(seen: NamespaceSeen) -> Mapping[str, ServiceRecord]:
    return _record(seen).services


def _installed(seen: NamespaceSeen) -> dict[str, ServiceRecord]:
    """Return the services that are there, or that an unfinished run may have brought."""
    return {
        key: service
        for key, service in sorted(_services(seen).items())
        if service.now is not None or (service.intent and service.release in seen.releases)
    }


def _has_pods(service: ServiceRecord) -> bool:
    kinds = {f"{version}/{kind}" for version, kind in WORKLOADS}
    return service.now is not None and any(ref.rpartition("/")[0] in kinds for ref in service.now.objects)


def _step(
    seen: NamespaceSeen, key: str, service: ServiceRecord, action: str, reason: str, limit: int, *, heal: bool = False
) -> Step:
    before = restore_point(seen.releases.get(service.release), service)
    return Step(
        service=key, namespace=seen.namespace, release=service.release, action=action, reason=reason,
        content=before.content if before and action == RESTART else None, before=before,
        depends_on=service.depends_on, time_limit=limit, heal=heal,
    )  # fmt: skip


def _skip(seen: NamespaceSeen, key: str, service: ServiceRecord, reason: str) -> Skip:
    content = service.now.content if service.now else None
    return Skip(
        service=key, namespace=seen.namespace, release=service.release, outcome=outcome.UNCHANGED, reason=reason,
        content=content,
    )  # fmt: skip


def _refuse(seen: NamespaceSeen, key: str, message: str, hint: str) -> Refusal:
    return Refusal(
        kind="not-ours", service=key, namespace=seen.namespace, message=f"{seen.namespace}/{key}: {message}", hint=hint
    )
