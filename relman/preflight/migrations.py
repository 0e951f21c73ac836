"""What a plan's migrations are going to do, said before anything moves; and those that cannot be carried out."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from helmkit.errors import ForbiddenError, HelmkitError
from helmkit.immutable import object_id
from helmkit.migrations import NotAllowed, Way
from relman.core.migrating import (
    decide_ways,
    describe_loss,
    describe_refusal,
    describe_way,
    migrations_of,
    never_back,
    shrinks_not,
)
from relman.core.plan import ROLLBACK, UPGRADE, Plan, Refusal, Step
from relman.core.preflight.facts import Moved, Object
from relman.execute.effects import parse_objects
from relman.execute.migrate import growing_claims
from relman.observe.migrating import look_at_migrated
from relman.preflight.ports import PreflightHelm, PreflightKube
from relman.preflight.rendering import render_steps
from relman.source import Platform

MIGRATION = "migration"
"""Kind of the refusals; no check of that name can be skipped."""
_ACCEPT = "If you accept that: --accept-irreversible."
_FIXED = "Let the StorageClass expand (allowVolumeExpansion), or keep the size."


async def with_migrations(
    kube: PreflightKube, helm: PreflightHelm, plan: Plan, platforms: Mapping[str, Platform], *, accept: bool
) -> Plan:
    """Return the plan with a note for each migration it carries out, and a refusal for each it must not.

    Nothing is asked of the cluster when no step knows a migration.

    Args:
        kube: The cluster.
        helm: Renders charts.
        plan: What is about to be carried out.
        platforms: By platform version.
        accept: Irreversible ones may be undone.
    """
    steps = tuple(step for step in plan.steps if step.action in (UPGRADE, ROLLBACK) and migrations_of(step))
    if not steps:
        return plan
    version = str(await kube.server_version())
    moved = await render_steps(helm, kube, msgspec.structs.replace(plan, steps=steps), platforms, version)
    notes: list[str] = []
    refusals: list[Refusal] = []
    for step, one in zip(steps, moved, strict=True):
        await _look(kube, step, one, notes, refusals, accept=accept)
    return msgspec.structs.replace(plan, notes=(*plan.notes, *notes), refusals=(*plan.refusals, *refusals))


async def _look(
    kube: PreflightKube, step: Step, moved: Moved, notes: list[str], refusals: list[Refusal], *, accept: bool
) -> None:
    known = migrations_of(step)
    if step.before is None or moved.unrendered:
        return
    stored = await kube.get_release(step.namespace, step.release, step.before.revision)
    before = parse_objects(stored.manifest, f"{step.namespace}/{step.release}")
    there = await look_at_migrated(kube, step.namespace, known, moved.objects, before)
    wanted = {object_id(item): item for item in moved.objects}
    for way in decide_ways(known, moved.objects, there):
        if isinstance(way, NotAllowed):
            hint = "Acknowledge the change in the release manifest, or keep the field as it is."
            refusals.append(_refuse(step, describe_refusal(way), hint))
            continue
        notes.append(f"{step.service}: {describe_way(way)}")
        if way.loses and not accept:
            refusals.append(_refuse(step, describe_loss(way), _ACCEPT))
        if never_back(way, known) and not accept:
            notes.append(f"{step.service}: that was declared irreversible; after a failure it stays as it is then")
        if shrinks_not(way, known):
            notes.append(f"{step.service}: claims never shrink; they stay as large as they are")
        faults = await _fixed_claims(kube, step, way, there[way.object], wanted[way.object], notes)
        refusals += [_refuse(step, fault, _FIXED) for fault in faults]


async def _fixed_claims(
    kube: PreflightKube, step: Step, way: Way, live: Object, wanted: Object, notes: list[str]
) -> list[str]:
    """Return the claims that must grow and cannot, in words."""
    if way.kind != "claim-growth":
        return []
    faults = []
    for claim, size in await growing_claims(kube, step.namespace, live, wanted):
        name, chosen = claim["metadata"]["name"], str((claim.get("spec") or {}).get("storageClassName") or "")
        what = f"{step.service}: claim {name} must grow to {size}"
        try:
            found = await kube.get_object("storage.k8s.io/v1", "StorageClass", None, chosen) if chosen else None
        except ForbiddenError:
            notes.append(f"{what}; whether StorageClass {chosen} allows that could not be seen")
            continue
        except HelmkitError as error:
            notes.append(f"{what}; StorageClass {chosen} could not be read: {error.message}")
            continue
        if not (found or {}).get("allowVolumeExpansion"):
            faults.append(f"{what}, and its StorageClass {chosen or '(none)'} does not allow that")
    return faults


def _refuse(step: Step, message: str, hint: str) -> Refusal:
    text = f"{step.namespace}/{message}" if message.startswith(f"{step.service}:") else f"{step.namespace}: {message}"
    return Refusal(kind=MIGRATION, service=step.service, namespace=step.namespace, message=text, hint=hint)
