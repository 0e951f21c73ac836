"""Take over what runs already, as it is: objects of kubectl apply, or of another Helm release. Nothing restarts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from helmkit.errors import PreflightError, UsageError
from relman.actions.header import build_header
from relman.actions.ports import World
from relman.actions.run import RunRequest, RunResult, Seen, carry_out, refuse
from relman.actions.upgrade import Prepared, Review, UpgradeOptions, prepare_upgrade, service_names
from relman.core.adoption import AdoptRequest, ServiceClaim, decide_adopt
from relman.core.naming import Scope, resolve_scope
from relman.core.plan import Plan
from relman.core.wanted import Wanted, wanted_services
from relman.execute.effects import parse_objects
from relman.observe.claims import observe_claim, observe_formers
from relman.observe.namespace import observe_all
from relman.source import Source

_AT_A_TIME = 4
"""helm processes: more gain nothing on two cores."""


@dataclass(frozen=True)
class AdoptOptions:
    """What was asked for."""

    version: str
    name: str | None = None
    namespace: str | None = None
    everything: bool = False
    source: Source | None = None
    environment: str | None = None
    why: str = ""
    dry_run: bool = False
    timeout: int = 0
    """Seconds to see a service healthy; 0: what is usual."""
    parallel: int = 4


async def adopt(world: World, options: AdoptOptions, review: Review) -> RunResult:
    """Make the live objects of what is named ours, as they are, and record them as the first good revision.

    The charts of `version` say which objects belong to which service; nothing of them is applied. Repeating it
    finishes what was begun, and changes nothing of what is done.

    Raises:
        UsageError: Something unknown was asked for.
        PreflightError: What runs does not match the charts, or belongs together with what is not asked for.
        HelmkitError: As `carry_out` says.
    """
    prepared = await prepare_upgrade(world, _as_upgrade(options))
    scope = _scope(options, prepared)
    rendered = await _render(world, prepared, scope)

    async def planner() -> tuple[Plan, Seen]:
        return await _plan(world, prepared, scope, rendered, options.timeout)

    plan, _ = await planner()
    if options.dry_run:
        return RunResult(plan, "planned")
    refuse(plan)
    _require_something(options, plan)
    if not plan.steps and not plan.unfinished:
        return RunResult(plan, "nothing")
    if not await review(plan, protected=prepared.entry.protected):
        return RunResult(plan, "declined")
    bom = prepared.platform.bom
    header = await build_header(
        world, action=plan.action, platform=plan.platform, version=plan.version, plan=plan, why=options.why,
        # There is nothing to go back to: the objects are as they were.
        restore=False, bom_digest=prepared.platform.bom_digest, source=prepared.source.recorded(),
        source_digest=prepared.platform.digest, plain_http=prepared.source.plain_http,
        protected=prepared.entry.protected,
    )  # fmt: skip
    request = RunRequest(
        header=header, planner=planner, platforms={bom.version: prepared.platform},
        namespaces=prepared.entry.namespaces, home=bom.home_namespace or plan.namespaces[0], parallel=options.parallel,
    )  # fmt: skip
    return await carry_out(world, request, plan)


def _as_upgrade(options: AdoptOptions) -> UpgradeOptions:
    return UpgradeOptions(
        version=options.version, name=options.name, namespace=options.namespace, everything=options.everything,
        source=options.source, environment=options.environment, dry_run=True,
    )  # fmt: skip


def _scope(options: AdoptOptions, prepared: Prepared) -> Scope:
    return resolve_scope(
        options.name, namespace=options.namespace, everything=options.everything,
        services=service_names(prepared.platform.bom, prepared.plan.environment),
    )  # fmt: skip


async def _render(world: World, prepared: Prepared, scope: Scope) -> dict[str, list[dict[str, object]]]:
    """Return the objects of every service of the scope, as its chart has them."""
    environment, platform = prepared.plan.environment, prepared.platform
    kube_version = str(await world.kube.server_version())
    gate = asyncio.Semaphore(_AT_A_TIME)
    chosen = _inside(prepared, scope)

    async def one(wanted: Wanted) -> list[dict[str, object]]:
        entry = wanted.entry
        async with gate:
            text = await world.helm.template(
                entry.release, platform.chart(entry.chart), namespace=entry.namespace,
                values=platform.values(environment, entry.chart), kube_version=kube_version,
            )  # fmt: skip
        return parse_objects(text, f"{wanted.key} {prepared.plan.version}")

    found = await asyncio.gather(*(one(wanted) for wanted in chosen.values()))
    return dict(zip(chosen, found, strict=True))


def _inside(prepared: Prepared, scope: Scope) -> dict[str, Wanted]:
    wanted = wanted_services(prepared.platform.bom, prepared.plan.environment)
    return {key: one for key, one in sorted(wanted.items()) if scope.covers(one.entry.namespace, key)}


async def _plan(
    world: World, prepared: Prepared, scope: Scope, rendered: dict[str, list[dict[str, object]]], limit: int
) -> tuple[Plan, Seen]:
    chosen = _inside(prepared, scope)
    bom = prepared.platform.bom
    seen = await observe_all(world.kube, scope.namespaces, bom.platform)
    found: list[ServiceClaim] = await asyncio.gather(
        *(observe_claim(world.kube, wanted, rendered[key]) for key, wanted in chosen.items())
    )
    plan = decide_adopt(
        AdoptRequest(
            platform=bom.platform,
            version=bom.version,
            environment=prepared.plan.environment,
            cluster=prepared.plan.cluster,
            scope=scope,
            wanted=chosen,
            claims={claim.key: claim for claim in found},
            formers=await observe_formers(world.kube, found),
            seen=seen,
            time_limit=limit,
        )
    )
    return plan, seen


def _require_something(options: AdoptOptions, plan: Plan) -> None:
    """Refuse a service by name of which there is nothing: a wrong name would look like success."""
    if plan.steps or plan.unfinished or plan.whole or not plan.skips:
        return
    skip = plan.skips[0]
    if skip.reason.startswith("is relman's"):
        return
    msg = f"{options.name or skip.service}: {skip.reason}"
    raise PreflightError(msg, hint="Look at what is there: `kubectl get all`.") if options.name else UsageError(msg)
