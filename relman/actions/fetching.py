"""Fetch again what Helm no longer stores, before anything moves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from helmkit.errors import HelmkitError
from relman.actions.ports import World
from relman.core.decide_rollback import missing_contents
from relman.core.plan import Plan, Refusal
from relman.core.record import Content, SetRecord
from relman.source import Platform, Source, load_platform


async def fetch_missing(world: World, plan: Plan, records: Sequence[SetRecord], platforms: dict[str, Platform]) -> Plan:
    """Fetch the charts a way back needs; return the plan with a refusal for each that cannot be had.

    Args:
        world: The ports.
        plan: Whose steps apply charts.
        records: Tell where each platform version came from.
        platforms: By version; what is fetched is added.
    """
    refusals: list[Refusal] = []
    for content in missing_contents(plan):
        why = await _provide(world, content, plan.environment, records, platforms)
        if why:
            message = f"{content.chart} {content.label}: Helm no longer stores it, and {why}"
            refusals.append(Refusal(
                kind="missing-target", service=content.chart, namespace=plan.namespaces[0],
                message=message, hint="Put that version back where it was, or choose another one.",
            ))  # fmt: skip
    return msgspec.structs.replace(plan, refusals=(*plan.refusals, *refusals)) if refusals else plan


async def _provide(
    world: World, content: Content, environment: str, records: Sequence[SetRecord], platforms: dict[str, Platform]
) -> str:
    """Make a content's platform version available; return why it cannot be, or nothing."""
    version = content.platform_version
    if version not in platforms:
        origin = next((r for r in records if r.version == version and r.source), None)
        if origin is None:
            return f"no record tells where {version} came from"
        try:
            platforms[version] = await load_platform(
                Source(origin.source, origin.plain_http), version, folder=world.folder, fetch=world.fetch,
                platform=origin.platform, signed_only=world.signed_only,
            )  # fmt: skip
        except HelmkitError as error:
            return error.message
    found = await asyncio.to_thread(platforms[version].provides, content, environment)
    return "" if found else f"{platforms[version].source} has other content"
