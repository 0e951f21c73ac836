"""What an upgrade would change: versions, fields of rendered objects, and which pods restart. Changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from helmkit.objectdiff import ObjectChange, compare_objects
from relman.actions.ports import World
from relman.actions.upgrade import Prepared, UpgradeOptions, prepare_upgrade
from relman.core.plan import INSTALL, ROLLBACK, UNINSTALL, Plan, Step
from relman.execute.effects import parse_objects
from relman.source import Platform

_AT_A_TIME = 4
"""helm processes: more gain nothing on two cores."""


class ServiceDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What changes in one service."""

    service: str
    namespace: str
    action: str
    reason: str
    old: str
    """The version that runs, empty when it is not installed."""
    new: str
    objects: tuple[ObjectChange, ...] = ()
    restarts: tuple[str, ...] = ()
    """Workloads whose pods are replaced."""


class DiffReport(msgspec.Struct, frozen=True, kw_only=True):
    """What changes, and the plan that would change it."""

    plan: Plan
    services: tuple[ServiceDiff, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether an upgrade would do anything to a release."""
        return bool(self.plan.steps)


async def diff(world: World, options: UpgradeOptions) -> DiffReport:
    """Compare what runs with what a version would bring."""
    prepared = await prepare_upgrade(world, options)
    return DiffReport(plan=prepared.plan, services=await diff_plan(world, prepared.plan, _platforms(prepared)))


async def diff_plan(world: World, plan: Plan, platforms: Mapping[str, Platform]) -> tuple[ServiceDiff, ...]:
    """Return what each step of a plan changes, in the plan's order."""
    kube_version = str(await world.kube.server_version()) if plan.steps else ""
    gate = asyncio.Semaphore(_AT_A_TIME)

    async def one(step: Step) -> ServiceDiff:
        async with gate:
            old, new = await asyncio.gather(
                _old_objects(world, step), _new_objects(world, plan, step, platforms, kube_version)
            )
        changes = compare_objects(old, new)
        return ServiceDiff(
            service=step.service,
            namespace=step.namespace,
            action=step.action,
            reason=step.reason,
            old=step.before.content.label if step.before and step.before.content else "",
            new=step.content.label if step.content and step.action != UNINSTALL else "",
            objects=changes,
            restarts=tuple(change.object for change in changes if change.restarts),
        )

    return tuple(await asyncio.gather(*(one(step) for step in plan.steps)))


async def _old_objects(world: World, step: Step) -> Sequence[Mapping[str, Any]]:
    if step.before is None or step.action == INSTALL:
        return ()
    stored = await world.kube.get_release(step.namespace, step.release, step.before.revision)
    return parse_objects(stored.manifest, f"{step.namespace}/{step.release} revision {step.before.revision}")


async def _new_objects(
    world: World, plan: Plan, step: Step, platforms: Mapping[str, Platform], kube_version: str
) -> Sequence[Mapping[str, Any]]:
    if step.action == UNINSTALL or step.content is None:
        return ()
    if step.action == ROLLBACK:
        stored = await world.kube.get_release(step.namespace, step.release, step.to_revision)
        return parse_objects(stored.manifest, f"{step.namespace}/{step.release} revision {step.to_revision}")
    platform = platforms[step.content.platform_version]
    rendered = await world.helm.template(
        step.release, platform.chart(step.content.chart), namespace=step.namespace,
        values=platform.values(plan.environment, step.content.chart), kube_version=kube_version,
    )  # fmt: skip
    return parse_objects(rendered, f"{step.service} {step.content.label}")


def _platforms(prepared: Prepared) -> dict[str, Platform]:
    return {prepared.platform.bom.version: prepared.platform}
