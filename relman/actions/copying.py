"""Bring what runs in one environment to another: its versions, through the normal upgrade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from helmkit.errors import PreflightError, UsageError
from relman.actions.inventory import load_inventory
from relman.actions.ports import World
from relman.actions.run import RunResult
from relman.actions.upgrade import Review, UpgradeOptions, upgrade
from relman.core.copying import CopyPlan, candidate_versions, count_same, plan_copy, running_services
from relman.core.naming import nearest
from relman.core.record import SetRecord
from relman.ports import KubePort
from relman.source import Platform, Source, load_platform

_TRIED = 5
"""Platform versions to compare with what runs."""


@dataclass(frozen=True)
class CopyOptions:
    """What was asked for."""

    to_environment: str
    from_environment: str = ""
    from_namespaces: tuple[str, ...] = ()
    platform: str = ""
    source: Source | None = None
    """None: where the copied sets took their charts from."""
    allow_differences: bool = False
    why: str = ""
    restore: bool = True
    dry_run: bool = False
    timeout: int = 0
    parallel: int = 4
    skip: tuple[str, ...] = ()
    override_freeze: str = ""


@dataclass
class CopyResult:
    """A copy, and the upgrades that made it, one for each namespace unless everything was copied."""

    plan: CopyPlan
    runs: list[RunResult] = field(default_factory=list)


async def copy(world: World, options: CopyOptions, review: Review, *, origin: KubePort | None = None) -> CopyResult:
    """Copy what runs; several namespaces one after the other, until one does not end well.

    Args:
        world: The ports of the cluster copied to.
        options: What was asked for.
        review: Shows each upgrade's plan.
        origin: The cluster copied from, when it is another one.

    Raises:
        UsageError: There is nothing like that to copy.
        PreflightError: One platform version cannot say what runs.
        HelmkitError: As `upgrade` says.
    """
    records = await _records(origin or world.kube, options)
    platform, source = await _find_version(world, options, records)
    if options.to_environment not in platform.bom.environments:
        known = platform.bom.environments
        msg = f"{platform.bom.platform} {platform.bom.version} has no environment {options.to_environment!r}"
        raise UsageError(msg + nearest(options.to_environment, known), hint=f"It has: {', '.join(sorted(known))}.")
    plan = plan_copy(
        platform.bom, records, options.to_environment, source=source.recorded(), whole=not options.from_namespaces
    )
    result = CopyResult(plan)
    if plan.differences and not (options.allow_differences or options.dry_run):
        found = "\n  ".join(plan.differences)
        msg = f"refused before anything moved: {plan.version} alone is not what runs:\n  {found}"
        raise PreflightError(msg, hint="Go on without them with --allow-differences, and type those commands then.")
    for wanted in _upgrades(options, plan, source, platform):
        run = await upgrade(world, wanted, review)
        result.runs.append(run)
        if run.outcome not in ("done", "nothing", "planned"):
            break
    return result


async def _records(kube: KubePort, options: CopyOptions) -> list[SetRecord]:
    """Return the newest record of each set that is to be copied."""
    if not (options.from_environment or options.from_namespaces):
        raise UsageError("it is not said what to copy", hint="Say --from-env ENV or --from NAMESPACE.")
    if options.from_namespaces:
        lists = [(await load_inventory(kube, namespace=one)).records for one in options.from_namespaces]
        missing = [one for one, found in zip(options.from_namespaces, lists, strict=True) if not found]
        if missing:
            msg = f"nothing of relman's is installed in {', '.join(missing)}"
            raise UsageError(msg, hint="`relman status` lists what is installed.")
        every = [record for found in lists for record in found]
    else:
        every = list((await load_inventory(kube)).records)
    chosen = [
        record for record in every
        if options.from_environment in ("", record.environment) and options.platform in ("", record.platform)
    ]  # fmt: skip
    _require_one_set(options, every, chosen)
    return chosen


def _require_one_set(options: CopyOptions, every: Sequence[SetRecord], chosen: Sequence[SetRecord]) -> None:
    if not chosen or not running_services(chosen):
        known = sorted({f"{record.platform} in {record.environment}" for record in every})
        msg = f"nothing runs in environment {options.from_environment or '(any)'}"
        raise UsageError(msg, hint=f"There is: {', '.join(known) or 'nothing'}.")
    for what, names, flag in (
        ("platforms", {record.platform for record in chosen}, "--platform"),
        ("environments", {record.environment for record in chosen}, "--from-env"),
    ):
        if len(names) > 1:
            msg = f"these are several {what}: {', '.join(sorted(names))}"
            raise UsageError(msg, hint=f"Say which with {flag}.")


async def _find_version(world: World, options: CopyOptions, records: Sequence[SetRecord]) -> tuple[Platform, Source]:
    """Return the platform version that says most of what runs, the likeliest first."""
    best: tuple[int, Platform, Source] | None = None
    faults = []
    wanted = len(running_services(records))
    for version in candidate_versions(records)[:_TRIED]:
        source = options.source or _source_of(records, version)
        if source is None:
            continue
        try:
            platform = await load_platform(
                source, version, folder=world.folder, fetch=world.fetch, platform=records[0].platform,
                signed_only=world.signed_only,
            )  # fmt: skip
        except UsageError as error:
            faults.append(error.message)
            continue
        same = count_same(platform.bom, records[0].environment, records)
        if best is None or same > best[0]:
            best = (same, platform, source)
        if same == wanted:
            break
    if best is None:
        msg = "no platform version of what runs can be loaded" + (f": {faults[0]}" if faults else "")
        raise UsageError(msg, hint="Say where the charts are: --charts DIR or --charts oci://….")
    return best[1], best[2]


def _source_of(records: Sequence[SetRecord], version: str) -> Source | None:
    known = [record for record in records if record.source]
    exact = next((record for record in known if version in (record.version, record.stands_at)), None)
    record = exact or (known[0] if known else None)
    return Source(record.source, record.plain_http) if record else None


def _upgrades(options: CopyOptions, plan: CopyPlan, source: Source, platform: Platform) -> list[UpgradeOptions]:
    def one(namespace: str | None) -> UpgradeOptions:
        return UpgradeOptions(
            version=plan.version, namespace=namespace, everything=namespace is None, source=source,
            environment=plan.to_environment, why=options.why or f"copy of {plan.from_environment}",
            restore=options.restore, dry_run=options.dry_run, timeout=options.timeout, parallel=options.parallel,
            skip=options.skip, override_freeze=options.override_freeze, bom_digest=platform.bom_digest,
        )  # fmt: skip

    return [one(None)] if plan.whole else [one(namespace) for namespace in plan.namespaces]
