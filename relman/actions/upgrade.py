"""Bring a service, a namespace or the whole platform to a version of it. Install and upgrade are the same thing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import msgspec

from helmkit.bom import BillOfMaterials, EnvironmentEntry, ServiceEntry
from helmkit.errors import ForbiddenError, PreflightError, UsageError
from relman.actions.inventory import Inventory, load_inventory
from relman.actions.ports import World
from relman.actions.preflight import check_plan
from relman.actions.run import RunRequest, RunResult, Seen, carry_out, refuse
from relman.core.decide import UpgradeRequest, decide_upgrade
from relman.core.naming import Scope, ServiceName, resolve_scope
from relman.core.plan import Plan
from relman.core.plan_fit import find_misfits
from relman.core.record import SetRecord
from relman.core.wanted import environment_of, wanted_services
from relman.observe.namespace import observe_all
from relman.source import Platform, Source, load_platform


class Review(Protocol):
    """Shows a plan to a person before anything moves, and asks where asking is due."""

    async def __call__(self, plan: Plan, *, protected: bool) -> bool:
        """Return whether to go on."""


@dataclass(frozen=True)
class UpgradeOptions:
    """What was asked for."""

    version: str
    name: str | None = None
    namespace: str | None = None
    everything: bool = False
    source: Source | None = None
    """None: where the newest set revision took its charts from."""
    environment: str | None = None
    change_environment: bool = False
    why: str = ""
    restore: bool = True
    dry_run: bool = False
    timeout: int = 0
    """Seconds for each rollout; 0: computed for each service."""
    parallel: int = 4
    release_holds: bool = False
    skip: tuple[str, ...] = ()
    """Checks of preflight to leave out."""
    continues: bool = False
    """It carries on the unfinished run before it."""
    bom_digest: str = ""
    """The charts must be exactly these; empty: whatever is there."""
    expected: Plan | None = None
    """A stored plan: what is decided now must be the same."""


@dataclass(frozen=True)
class Prepared:
    """An upgrade that is decided and not begun."""

    plan: Plan
    seen: Seen
    platform: Platform
    entry: EnvironmentEntry
    source: Source
    planner: Callable[[], Awaitable[tuple[Plan, Seen]]]


async def upgrade(world: World, options: UpgradeOptions, review: Review) -> RunResult:
    """Upgrade what `options` name.

    Raises:
        UsageError: Something unknown or contradictory was asked for.
        PreflightError: Something speaks against it.
        HelmkitError: As `carry_out` says.
    """
    prepared = await prepare_upgrade(world, options)
    plan = prepared.plan
    if options.dry_run:
        return RunResult(plan, "planned")
    platforms = {prepared.platform.bom.version: prepared.platform}
    plan = await check_plan(world, plan, platforms, entry=prepared.entry, skip=options.skip)
    refuse(plan)
    if plan.empty:
        return RunResult(plan, "nothing")
    if not await review(plan, protected=prepared.entry.protected):
        return RunResult(plan, "declined")
    request = RunRequest(
        header=await _header(world, options, prepared),
        planner=prepared.planner,
        platforms=platforms,
        namespaces=prepared.entry.namespaces,
        home=prepared.platform.bom.home_namespace or plan.namespaces[0],
        parallel=options.parallel,
    )
    return await carry_out(world, request, plan)


async def prepare_upgrade(world: World, options: UpgradeOptions) -> Prepared:
    """Load the version, look at the cluster and decide; changes nothing."""
    source, platform = await _load(world, options)
    _check_same(options, platform)
    bom = platform.bom
    scope = resolve_scope(
        options.name, namespace=options.namespace, everything=options.everything, services=service_names(bom)
    )
    seen = await observe_all(world.kube, scope.namespaces, bom.platform)
    environment = decide_environment(options, bom, {name: ns.record for name, ns in seen.items()})
    entry = environment_of(bom, environment)
    scope = resolve_scope(
        options.name, namespace=options.namespace, everything=options.everything,
        services=service_names(bom, environment),
    )  # fmt: skip
    platform.verify(environment)
    cluster = await _check_cluster(world, entry, environment)
    first: dict[str, Seen] = {"seen": seen}

    async def planner() -> tuple[Plan, Seen]:
        current = first.pop("seen", None) or await observe_all(world.kube, scope.namespaces, bom.platform)
        inside = {name: current[name] for name in scope.namespaces}
        decided = _decide(options, bom, scope, environment, cluster, inside)
        _check_fit(options, decided)
        return msgspec.structs.replace(decided, continues=options.continues), inside

    plan, inside = await planner()
    return Prepared(plan, inside, platform, entry, source, planner)


def service_names(bom: BillOfMaterials, environment: str | None = None) -> list[ServiceName]:
    """Return the services of one environment, or of all, as they may be named."""
    entries = [bom.environments[environment]] if environment else bom.environments.values()
    names = {ServiceName(s.namespace, key, s.release) for entry in entries for key, s in entry.services.items()}
    return sorted(names)


def decide_environment(options: UpgradeOptions, bom: BillOfMaterials, records: Mapping[str, SetRecord | None]) -> str:
    """Return the environment to use: the recorded one; on a first run the one named, else the platform's default.

    Raises:
        UsageError: None can be found, or another one than the recorded is named.
    """
    recorded = sorted({record.environment for record in records.values() if record})
    asked = options.environment
    if asked and options.change_environment:
        return asked
    if len(recorded) > 1:
        msg = f"the namespaces are in different environments: {', '.join(recorded)}"
        raise UsageError(
            msg,
            hint="Upgrade them one by one, or say -e ENV --change-environment.",
        )
    if recorded and asked and asked != recorded[0]:
        msg = f"environment {asked} was asked for, but this set is {recorded[0]}"
        raise UsageError(
            msg,
            hint=f"Leave -e out, or say --change-environment if it is to become {asked}.",
        )
    chosen = recorded[0] if recorded else asked or bom.default_environment
    if not chosen:
        known = ", ".join(sorted(bom.environments))
        msg = "no environment is known for this set yet"
        raise UsageError(msg, hint=f"Say which with -e: {known}.")
    return chosen


def _decide(
    options: UpgradeOptions, bom: BillOfMaterials, scope: Scope, environment: str, cluster: str, seen: Seen
) -> Plan:
    from relman.core.rollout import time_limit

    def limit(entry: ServiceEntry) -> int:
        return options.timeout or time_limit(entry)

    gates = environment_of(bom, environment).namespaces
    notes = tuple(
        f"{name}: before the first service starts there: {gates[name].gate}"
        for name, ns in seen.items()
        if ns.record is None and name in gates and gates[name].gate
    )
    return decide_upgrade(
        UpgradeRequest(
            platform=bom.platform,
            version=bom.version,
            environment=environment,
            cluster=cluster,
            scope=scope,
            wanted=wanted_services(bom, environment),
            seen=seen,
            time_limit=limit,
            release_holds=options.release_holds,
            notes=notes,
        )
    )


async def _load(world: World, options: UpgradeOptions) -> tuple[Source, Platform]:
    source, platform = options.source, ""
    if source is None:
        inventory = await load_inventory(world.kube, name=options.name, namespace=options.namespace)
        source, platform = _recorded_source(inventory, options)
    loaded = await load_platform(source, options.version, folder=world.folder, fetch=world.fetch, platform=platform)
    return source, loaded


def _recorded_source(inventory: Inventory, options: UpgradeOptions) -> tuple[Source, str]:
    name = (options.name or "").rstrip("/")
    heads = {options.namespace, name.partition("/")[0]}
    chosen = [record for record in inventory.records if record.namespace in heads] or [
        record
        for record in inventory.records
        if options.everything or any(name in (key, s.release) for key, s in record.services.items())
    ]
    chosen = [record for record in chosen if record.source]
    if not chosen:
        msg = "it is not known where the charts are: nothing was installed here from which to tell"
        raise UsageError(
            msg,
            hint="Say --from DIR, --from FILE.tgz or --from oci://…, or set RELMAN_FROM.",
        )
    newest = max(chosen, key=lambda record: record.started)
    return Source(newest.source, newest.plain_http), newest.platform


def _check_same(options: UpgradeOptions, platform: Platform) -> None:
    if options.bom_digest and platform.bom_digest != options.bom_digest:
        msg = f"{platform.source} no longer holds the {options.version} that is meant: its bill of materials changed"
        raise PreflightError(msg, hint="Take the run back with --abort, or plan anew with `relman upgrade --to`.")


def _check_fit(options: UpgradeOptions, plan: Plan) -> None:
    misfits = find_misfits(options.expected, plan) if options.expected else ()
    if misfits:
        msg = "refused: the stored plan no longer fits:\n  " + "\n  ".join(misfits)
        raise PreflightError(msg, hint="Plan again: `relman upgrade … --dry-run --out FILE`.")


async def _check_cluster(world: World, entry: EnvironmentEntry, environment: str) -> str:
    """Return the cluster's UID; refuse when the environment belongs to another one.

    Raises:
        PreflightError: It does.
    """
    try:
        uid = await world.kube.cluster_uid()
    except ForbiddenError:
        if entry.cluster:
            raise
        return ""
    if entry.cluster and entry.cluster != uid:
        msg = f"environment {environment} belongs to cluster {entry.cluster}, and this is {uid}"
        raise PreflightError(
            msg,
            hint="Choose the right cluster with --kube-context, or the right environment with -e.",
        )
    return uid


async def _header(world: World, options: UpgradeOptions, prepared: Prepared) -> SetRecord:
    from relman.actions.header import build_header

    bom = prepared.platform.bom
    return await build_header(
        world,
        action="upgrade",
        platform=bom.platform,
        version=bom.version,
        plan=prepared.plan,
        why=options.why,
        restore=options.restore,
        bom_digest=prepared.platform.bom_digest,
        source=prepared.source.recorded(),
        source_digest=prepared.platform.digest,
        plain_http=prepared.source.plain_http,
        skipped_checks=tuple(sorted(options.skip)),
    )
