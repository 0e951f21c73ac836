"""The part of a record that is equal in all namespaces of a run."""

from __future__ import annotations

from typing import Any

import msgspec

from helmkit.helm.client import hard_limit
from relman.actions.ports import World
from relman.core.plan import Plan
from relman.core.record import SCHEMA, SetRecord
from relman.execute.context import HELM_TIMEOUT

_VENDOR = "vendor-chart"


async def build_header(
    world: World, *, action: str, platform: str, version: str, plan: Plan, why: str, restore: bool, **source: Any
) -> SetRecord:
    """Return a record without namespace, number and services: who, when, why, from where.

    Args:
        world: The ports.
        action: `upgrade` or `rollback`.
        platform: Its name.
        version: The version asked for.
        plan: For what is equal in all its namespaces.
        why: As the person gave it.
        restore: Whether a failure takes everything back.
        source: `source`, `source_digest`, `bom_digest`, `plain_http` of the record.
    """
    who = msgspec.structs.replace(world.who, cluster_user=await world.kube.whoami())
    # Helm waits itself only for charts with hooks of their own, which are a vendor's.
    waits = [s.time_limit for s in plan.steps if s.content and s.content.archetype == _VENDOR]
    return SetRecord(
        schema=SCHEMA,
        platform=platform,
        namespace="",
        number=0,
        run=world.clock.new_id(),
        action=action,
        version=version,
        environment=plan.environment,
        cluster=plan.cluster,
        on_failure="restore" if restore else "keep",
        why=why,
        who=who,
        started=world.clock.now(),
        helm_limit=hard_limit(max([HELM_TIMEOUT, *waits])),
        **source,
    )
