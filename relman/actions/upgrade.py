"""Bring a service, a namespace or the whole platform to a version of it. Install and upgrade are the same thing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec

from helmkit.bom import BillOfMaterials, EnvironmentEntry, ServiceEntry
from helmkit.errors import PreflightError, UsageError
from relman.actions.binding import check_cluster
from relman.actions.inventory import load_inventory, newest_with_source
from relman.actions.ports import World
from relman.actions.run import RunRequest, RunResult, Seen, carry_out, refuse
from relman.core.decide import UpgradeRequest, decide_upgrade
from relman.core.freezing import override_event, with_freeze
from relman.core.moves import find_moves
from relman.core.naming import Scope, ServiceName, resolve_scope
from relman.core.plan import INSTALL, Plan
from relman.core.plan_fit import find_misfits
from relman.core.record import RunOptions, SetRecord
from relman.core.unfinished import is_unfinished, with_end
from relman.core.wanted import environment_of, wanted_services
from relman.observe.elsewhere import read_elsewhere
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
    override_freeze: str = ""
    """Why it cannot wait for the end of a freeze."""
    accept_irreversible: bool = False
    """Go across a migration that was declared irreversible."""
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
    platforms = {prepared.platform.bom.version: prepared.platform}
    plan = prepared.plan
    if plan.steps or options.skip:
        from relman.actions.preflight import check_plan

        plan = await check_plan(
            world, plan, platforms, entry=prepared.entry, skip=options.skip,
            accept_irreversible=options.accept_irreversible,
        )  # fmt: skip
    if options.dry_run:
        return RunResult(plan, "planned")
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
        accept_irreversible=options.accept_irreversible,
    )
    return await carry_out(world, request, plan)


async def prepare_upgrade(world: World, options: UpgradeOptions) -> Prepared:
    """Load the version, look at the cluster and decide; changes nothing."""
    source, platform = await load_wanted(world, options)
    _check_same(options, platform)
    bom = platform.bom
    scope = resolve_scope(
        options.name, namespace=options.namespace, everything=options.everything, services=service_names(bom)
    )
    seen = await observe_all(world.kube, scope.namespaces, bom.platform, world.records)
    environment = decide_environment(options, bom, {name: ns.record for name, ns in seen.items()})
    entry = environment_of(bom, environment)
    scope = resolve_scope(
        options.name, namespace=options.namespace, everything=options.everything,
        services=service_names(bom, environment),
    )  # fmt: skip
    platform.verify(environment)
    cluster = await check_cluster(world, entry, environment)
    places = await _with_former(world, bom, environment, scope)
    first: dict[str, Seen] = {"seen": seen} if set(places.namespaces) <= set(seen) else {}

    async def planner() -> tuple[Plan, Seen]:
        current = first.pop("seen", None) or await observe_all(
            world.kube, places.namespaces, bom.platform, world.records
        )
        inside = {name: current[name] for name in places.namespaces}
        decided = _decide(options, bom, places, environment, cluster, inside)
        if not places.platform_wide and any(step.action == INSTALL for step in decided.steps):
            others = await read_elsewhere(world.kube, bom.platform, places.namespaces, world.records)
            decided = _decide(options, bom, places, environment, cluster, inside, others) if others else decided
        _check_fit(options, decided)
        decided = msgspec.structs.replace(decided, continues=options.continues)
        return with_freeze(with_end(decided, inside), entry.freeze, world.clock.now(), options.override_freeze), inside

    plan, inside = await planner()
    return Prepared(plan, inside, platform, entry, source, planner)


async def _with_former(world: World, bom: BillOfMaterials, environment: str, scope: Scope) -> Scope:
    """Return the scope, when everything is asked for, with the namespaces that services move away from.

    One whose run never came to its end belongs to it as well: what moved away may be gone already.
    """
    if not scope.platform_wide:
        return scope
    others = await read_elsewhere(world.kube, bom.platform, scope.namespaces, world.records)
    former = {move.old for move in find_moves(others, wanted_services(bom, environment))}
    former |= {record.namespace for record in others if is_unfinished(record)}
    return replace(scope, namespaces=tuple(sorted({*scope.namespaces, *former})))


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
    options: UpgradeOptions, bom: BillOfMaterials, scope: Scope, environment: str, cluster: str, seen: Seen,
    elsewhere: tuple[SetRecord, ...] = (),
) -> Plan:  # fmt: skip
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
            accept_irreversible=options.accept_irreversible,
            elsewhere=elsewhere,
            notes=notes,
        )
    )


async def load_wanted(world: World, options: UpgradeOptions) -> tuple[Source, Platform]:
    """Return the version that is wanted, and where it came from: `options.source`, or what the records name.

    Raises:
        UsageError: It is not known where, or there is no such version.
        HelmkitError: It cannot be read or fetched.
    """
    source, platform = options.source, ""
    if source is None:
        inventory = await load_inventory(
            world.kube, name=options.name, namespace=options.namespace, cache=world.records
        )
        found = newest_with_source(inventory, options.name, options.namespace, everything=options.everything)
        source, platform = Source(found.source, found.plain_http), found.platform
    loaded = await load_platform(
        source, options.version, folder=world.folder, fetch=world.fetch, platform=platform,
        signed_only=world.signed_only,
    )  # fmt: skip
    return source, loaded


def _check_same(options: UpgradeOptions, platform: Platform) -> None:
    if options.bom_digest and platform.bom_digest != options.bom_digest:
        msg = f"{platform.source} no longer holds the {options.version} that is meant: its bill of materials changed"
        raise PreflightError(msg, hint="Take the run back with --abort, or plan anew with `relman upgrade --to`.")


def _check_fit(options: UpgradeOptions, plan: Plan) -> None:
    misfits = find_misfits(options.expected, plan) if options.expected else ()
    if misfits:
        msg = "refused: the stored plan no longer fits:\n  " + "\n  ".join(misfits)
        raise PreflightError(msg, hint="Plan again: `relman upgrade … --dry-run --out FILE`.")


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
        asked=RunOptions(
            timeout=options.timeout, release_holds=options.release_holds,
            accept_irreversible=options.accept_irreversible,
        ),
        protected=prepared.entry.protected,
        freeze=prepared.entry.freeze,
        events=override_event(prepared.entry.freeze, world.clock.now(), options.override_freeze, str(world.who)),
    )  # fmt: skip
