"""The plan of an adoption: every service's objects as they are, and everything that speaks against it (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helmkit.objectdiff import compare_objects
from relman.core import outcome
from relman.core.adoption.claims import Former, Place, ServiceClaim, former_of, release_of
from relman.core.adoption.manifest import adopted_content, is_adopted, manifest_objects
from relman.core.adoption.matching import find_mismatches
from relman.core.decide import is_dangling, unfinished_namespaces
from relman.core.drift import short_name
from relman.core.judge import State, judge_release, service_record
from relman.core.naming import Scope
from relman.core.plan import ADOPT, SCHEMA, FormerOwner, Plan, Refusal, Skip, Step
from relman.core.record import RUNNING, ReleaseState
from relman.core.seen import NamespaceSeen
from relman.core.wanted import Wanted

_LOOK = 20
"""Seconds to see a service healthy: nothing was changed about it."""
_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet"})


@dataclass(frozen=True)
class AdoptRequest:
    """What an adoption is asked to do."""

    platform: str
    version: str
    environment: str
    cluster: str
    scope: Scope
    wanted: Mapping[str, Wanted]
    claims: Mapping[str, ServiceClaim]
    """By service key, for every service of the scope."""
    formers: Mapping[tuple[str, str], Former]
    """Other Helm releases by namespace and name."""
    seen: Mapping[str, NamespaceSeen]
    time_limit: int = 0
    """Seconds to see a service healthy; 0: what is usual."""


def decide_adopt(request: AdoptRequest) -> Plan:
    """Return the plan that takes the scope's objects over as they are.

    Nothing is applied and nothing restarts. A service whose release is ours already is skipped, unless its adoption
    was begun and never finished. What does not match the chart well enough to be upgraded later is refused.
    """
    steps: list[Step] = []
    skips: list[Skip] = []
    refusals: list[Refusal] = []
    for _, claim in sorted(request.claims.items()):
        decided = _decide_service(request, claim)
        steps += [one for one in decided if isinstance(one, Step)]
        skips += [one for one in decided if isinstance(one, Skip)]
        refusals += [one for one in decided if isinstance(one, Refusal)]
    refusals += _of_formers(request, steps) + _of_runs(request)
    return Plan(
        schema=SCHEMA,
        action=ADOPT,
        platform=request.platform,
        version=request.version,
        environment=request.environment,
        cluster=request.cluster,
        namespaces=request.scope.namespaces,
        whole=request.scope.whole,
        steps=tuple(steps),
        skips=tuple(skips),
        refusals=tuple(refusals),
        holds=tuple(hold for seen in request.seen.values() if seen.record for hold in seen.record.holds),
        notes=_notes(request, steps),
        unfinished=unfinished_namespaces(request.seen),
    )


def _decide_service(request: AdoptRequest, claim: ServiceClaim) -> Sequence[Step | Skip | Refusal]:
    entry, seen = claim.entry, request.seen[claim.entry.namespace]
    release, recorded = seen.releases.get(entry.release), service_record(seen.record, claim.key)
    verdict = judge_release(release, recorded, seen.objects)
    now = recorded.now if recorded else None
    foreign = verdict.state in (State.FOREIGN, State.ABSENT, State.GONE)
    half = now is not None and is_adopted(now.content) and not now.good and verdict.state is State.UNPROVEN
    if not (foreign or half):
        return [_skip(claim, f"is relman's already: {verdict.detail}")]
    if release is not None and release.newest.pending:
        detail = f"release {release.name} revision {release.newest.revision} is {release.newest.status}"
        hint = f"Wait for it, or end it with `helm rollback -n {entry.namespace} {entry.release}`."
        return [_refuse(claim, "pending-release", detail, hint)]
    if not claim.live:
        return [_skip(claim, "nothing of it is there; `relman upgrade` installs it")]
    mismatches = find_mismatches(claim, _ours(request) - {(entry.namespace, entry.release)})
    if mismatches:
        return mismatches
    return [_step(request, claim, now if half else None)]


def _step(request: AdoptRequest, claim: ServiceClaim, before: ReleaseState | None) -> Step:
    entry = claim.entry
    objects = _objects(claim)
    owners = sorted(set(claim.owners().values()))
    return Step(
        service=claim.key,
        namespace=entry.namespace,
        release=entry.release,
        action=ADOPT,
        reason=f"{len(claim.live)} objects of {', '.join(owners)}, as they are",
        content=adopted_content(entry, objects),
        before=before,
        depends_on=entry.depends_on,
        time_limit=request.time_limit or _LOOK,
        takes=tuple(sorted(claim.live)),
        names_namespace=_names_namespace(claim),
        former=tuple(
            FormerOwner(
                namespace=former.namespace,
                release=former.name,
                objects=tuple(sorted(f"{place[0]}:{place[1]}" for place in former.objects & _taken(request))),
            )
            for former in _formers_of(request, claim)
        ),
    )


def _objects(claim: ServiceClaim) -> list[dict[str, Any]]:
    return manifest_objects(claim.live, with_namespace=_names_namespace(claim))


def _names_namespace(claim: ServiceClaim) -> bool:
    return any("namespace" in item["metadata"] for item in claim.wanted.values())


def _formers_of(request: AdoptRequest, claim: ServiceClaim) -> list[Former]:
    own = (claim.entry.namespace, claim.entry.release)
    names = {release_of(item) for item in claim.live.values()} | {former_of(item) for item in claim.live.values()}
    return [request.formers[name] for name in sorted(n for n in names if n) if name != own and name in request.formers]


def _ours(request: AdoptRequest) -> frozenset[tuple[str, str]]:
    """Return the releases that relman has already."""
    return frozenset(
        (namespace, service.release)
        for namespace, seen in request.seen.items()
        for service in (seen.record.services.values() if seen.record else ())
        if service.now is not None
    )


def _taken(request: AdoptRequest) -> frozenset[Place]:
    return frozenset((claim.entry.namespace, ref) for claim in request.claims.values() for ref in claim.live)


def _of_formers(request: AdoptRequest, steps: Sequence[Step]) -> list[Refusal]:
    """Refuse to empty half a release: its next upgrade would change what is ours, its uninstall delete it."""
    refusals = []
    taken = {(step.namespace, ref) for step in steps for ref in step.takes}
    for name, former in sorted(request.formers.items()):
        takers = [
            s
            for s in steps
            if (s.namespace, s.release) == name or any((f.namespace, f.release) == name for f in s.former)
        ]
        if not takers:
            continue
        left = sorted(place for place in former.objects - taken if place[1].split("/")[-2] in _WORKLOADS)
        if left:
            shown = ", ".join(f"{place[0]}/{short_name(place[1])}" for place in left)
            refusals.append(Refusal(
                kind="shared-release", service=takers[0].service, namespace=takers[0].namespace,
                message=f"release {former.title} also runs {shown}, which would not be adopted with it",
                hint="Adopt its services in one go: name the namespace, or --all. Or take the rest out of it first.",
            ))  # fmt: skip
        if former.status.startswith("pending-"):
            refusals.append(Refusal(
                kind="pending-release", service=takers[0].service, namespace=takers[0].namespace,
                message=f"release {former.title} revision {former.revision} is {former.status}",
                hint="Wait until that helm is through, or end it with `helm rollback`.",
            ))  # fmt: skip
    return refusals


def _of_runs(request: AdoptRequest) -> list[Refusal]:
    refusals = []
    for namespace, seen in sorted(request.seen.items()):
        record = seen.record
        if record is not None and record.outcome == RUNNING and record.action != ADOPT:
            refusals.append(Refusal(
                kind="unfinished", service="", namespace=namespace,
                message=f"{namespace}: revision {record.number} ({record.action} to {record.version}) never finished",
                hint=f"Finish it first: `relman resume {namespace}/`, or `relman abort {namespace}/`.",
            ))  # fmt: skip
    return refusals


def _notes(request: AdoptRequest, steps: Sequence[Step]) -> tuple[str, ...]:
    notes: list[str] = []
    taken = {(step.namespace, ref) for step in steps for ref in step.takes}
    for step in steps:
        claim = request.claims[step.service]
        notes += _of_upgrade(request, claim)
    names = {(f.namespace, f.release) for step in steps for f in step.former}
    names |= {(step.namespace, step.release) for step in steps}
    for former in (request.formers[name] for name in sorted(names) if name in request.formers):
        behind = sorted(short_name(place[1]) for place in former.objects - taken)
        if behind:
            notes.append(f"left as they are, without an owner from now on: {', '.join(behind)} of {former.title}")
    dangling = [s.service for s in steps if is_dangling(request.seen[s.namespace], s.service)]
    if dangling:
        notes.append(f"an adoption that never finished is carried on: {', '.join(dangling)}")
    return tuple(notes)


def _of_upgrade(request: AdoptRequest, claim: ServiceClaim) -> list[str]:
    """Say what the first upgrade after the adoption will do (trap T138)."""
    stated = [claim.wanted[ref] for ref in sorted(claim.live)]
    changes = compare_objects(_objects(claim), stated)
    restarts = [change.object for change in changes if change.restarts]
    missing = [short_name(ref) for ref in sorted(set(claim.wanted) - set(claim.live))]
    notes = []
    if restarts:
        notes.append(
            f"{claim.key}: the first upgrade to {request.version} restarts {', '.join(restarts)}; see `relman diff`"
        )
    if missing:
        notes.append(f"{claim.key}: not there yet, and made by the first upgrade: {', '.join(missing)}")
    notes += [
        f"{claim.key}: the first upgrade would be refused: {short_name(ref)}: {why}"
        for ref, why in sorted(claim.rejected.items())
    ]
    return notes


def _skip(claim: ServiceClaim, reason: str) -> Skip:
    entry = claim.entry
    return Skip(
        service=claim.key, namespace=entry.namespace, release=entry.release, outcome=outcome.UNCHANGED, reason=reason
    )


def _refuse(claim: ServiceClaim, kind: str, message: str, hint: str) -> Refusal:
    entry = claim.entry
    return Refusal(
        kind=kind, service=claim.key, namespace=entry.namespace,
        message=f"{entry.namespace}/{entry.release}: {message}", hint=hint,
    )  # fmt: skip
