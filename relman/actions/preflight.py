"""Preflight as part of a use case: warnings are told at once, refusals join those of the plan."""

from __future__ import annotations

from collections.abc import Mapping

from helmkit.bom import EnvironmentEntry
from relman.actions.ports import World
from relman.core.plan import Plan
from relman.core.preflight import CHECKS, report_lines, with_report
from relman.preflight import PreflightRequest, run_preflight
from relman.preflight.migrations import with_migrations
from relman.source import Platform


async def check_plan(
    world: World, plan: Plan, platforms: Mapping[str, Platform], *, entry: EnvironmentEntry | None = None,
    checks: tuple[str, ...] = CHECKS, skip: tuple[str, ...] = (), accept_irreversible: bool = False,
) -> Plan:  # fmt: skip
    """Return the plan with everything that speaks against it among its refusals.

    Args:
        world: The ports.
        plan: What is about to be carried out; without steps nothing is looked at.
        platforms: By platform version.
        entry: The environment; None for a rollback, which knows only what was recorded.
        checks: Ids of the checks that apply.
        skip: Ids of those to leave out.
        accept_irreversible: Migrations that were declared irreversible may be undone.
    """
    entry = entry or EnvironmentEntry(services={})
    request = PreflightRequest(
        plan=plan,
        platforms=platforms,
        services=entry.services,
        namespaces=entry.namespaces,
        plain_http=frozenset(entry.plain_http_registries),
        checks=checks,
        skip=frozenset(skip),
    )
    report = await run_preflight(world.kube, world.helm, world.images, request)
    for line in report_lines(report):
        world.reporter.note(line)
    plan = with_report(plan, report)
    return await with_migrations(world.kube, world.helm, plan, platforms, accept=accept_irreversible)
