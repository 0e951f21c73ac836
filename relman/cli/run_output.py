"""The end of a run: the table, the root causes, the next command to type, and the exit code."""

from __future__ import annotations

from typing import Literal

import msgspec

from helmkit.console.printer import Console
from helmkit.console.table import Table
from helmkit.errors import HelmkitError, InterruptedRunError, LockHeldError, NotRestoredError, RestoredError
from relman.actions.run import RunResult, refuse
from relman.core.plan import Plan
from relman.core.probing import ProbeRecord
from relman.core.record import CauseRecord, ServiceRecord

Output = Literal["table", "json", "yaml"]


class ServiceLine(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one service."""

    service: str
    namespace: str
    action: str
    old: str
    new: str
    outcome: str
    reason: str
    revision: int = 0
    causes: tuple[CauseRecord, ...] = ()
    leftovers: tuple[str, ...] = ()
    """What was found beside the chart's own, in words."""


class RecordLine(msgspec.Struct, frozen=True, kw_only=True):
    """A set revision this run wrote."""

    namespace: str
    revision: int


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """What `upgrade` and `rollback` print as JSON."""

    outcome: str
    action: str
    platform: str
    version: str
    environment: str
    records: tuple[RecordLine, ...]
    services: tuple[ServiceLine, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    """What preflight found that does not refuse it."""
    refusals: tuple[str, ...] = ()
    """Of a dry run: what would refuse it."""
    probes: tuple[ProbeRecord, ...] = ()
    """What requests at a fixed rate saw while services moved; times in seconds."""


def finish_run(console: Console, result: RunResult, output: Output) -> int:
    """Print what became of a run and return 0, or raise what it ended with.

    Raises:
        RestoredError: It failed and everything is back.
        NotRestoredError: It failed and something is not back.
        LockHeldError: Somebody else took over meanwhile.
        InterruptedRunError: It was stopped.
        PreflightError: A dry run found what would refuse it.
        HelmkitError: A person declined.
    """
    report = build_report(result)
    console.print_data(report, output, table=_table)
    if result.outcome == "planned":
        for note in report.notes:
            console.info(f"Note: {note}")
    for service in report.services:
        for left in service.leftovers:
            console.info(f"{service.service}: {left}")
    for line in cause_lines(report):
        console.info(line)
    for probe in report.probes:
        console.info(f"probe {probe.sentence}")
    _raise_for(result, report)
    return 0


def raise_outcome(result: RunResult) -> None:
    """Raise what a run ended with, as `finish_run` does; nothing when it ended well."""
    _raise_for(result, build_report(result))


def print_nothing(console: Console, action: str, why: str, output: Output) -> int:
    """Print that there was nothing to do, and return 0."""
    report = RunReport(
        outcome="nothing", action=action, platform="", version="", environment="", records=(), services=(), notes=(why,)
    )
    console.print_data(report, output, table=lambda _: Table([], [], empty=f"nothing to do: {why}"))
    return 0


def build_report(result: RunResult) -> RunReport:
    """Return a run's result as it is printed."""
    plan = result.plan
    if result.records:
        services = tuple(
            _recorded(record.namespace, key, service)
            for record in result.records
            for key, service in sorted(record.services.items())
        )
        services += _other_namespaces(plan, {record.namespace for record in result.records})
    else:
        services = _planned(plan)
    return RunReport(
        outcome=result.outcome,
        action=plan.action,
        platform=plan.platform,
        version=plan.version,
        environment=plan.environment,
        records=tuple(RecordLine(namespace=r.namespace, revision=r.number) for r in result.records),
        services=services,
        notes=plan.notes,
        probes=result.records[0].probes if result.records else (),
        warnings=plan.warnings,
        refusals=tuple(refusal.message for refusal in plan.refusals),
    )


def cause_lines(report: RunReport) -> list[str]:
    """Return the root causes, each once with the services it hit."""
    hit: dict[tuple[str, str], list[str]] = {}
    first: dict[tuple[str, str], CauseRecord] = {}
    for service in report.services:
        for cause in service.causes[:1]:
            hit.setdefault((cause.kind, cause.summary), []).append(service.service)
            first.setdefault((cause.kind, cause.summary), cause)
    lines = []
    for key, services in hit.items():
        cause = first[key]
        lines += ["", f"Cause ({', '.join(services)}): {cause.summary}"]
        lines += [f"  {line}" for line in cause.detail.splitlines()[:20]]
        if cause.objects:
            lines.append(f"  seen on {', '.join(cause.objects[:5])}")
        if cause.hint:
            lines.append(f"  {cause.hint}")
    return lines


def _table(report: RunReport) -> Table:
    rows = [
        [s.service, s.namespace, s.old or None, s.new or None, s.outcome, s.revision or None, s.reason]
        for s in report.services
    ]
    ends = [f"{r.namespace} is at revision {r.revision} of its history" for r in report.records]
    return Table(
        ["SERVICE", "NAMESPACE", "FROM", "TO", "OUTCOME", "REVISION", "WHY"],
        rows,
        notes=["", *ends] if ends else [],
        empty="nothing to do",
    )


def _recorded(namespace: str, key: str, service: ServiceRecord) -> ServiceLine:
    now = service.now.content if service.now else None
    before = service.before.content if service.before else now if service.action == "none" else None
    wanted = service.wanted or now
    return ServiceLine(
        service=key,
        namespace=namespace,
        action=service.action,
        old=before.label if before else "",
        new=wanted.label if wanted else "",
        outcome=service.outcome,
        reason=service.causes[0].summary if service.causes else service.reason,
        revision=service.now.revision if service.now else 0,
        causes=service.causes,
        leftovers=service.leftovers,
    )


def _planned(plan: Plan) -> tuple[ServiceLine, ...]:
    steps = [
        ServiceLine(
            service=step.service, namespace=step.namespace, action=step.action,
            old=step.before.content.label if step.before and step.before.content else "",
            new=step.content.label if step.content else "", outcome="planned", reason=step.reason,
        )
        for step in plan.steps
    ]  # fmt: skip
    return (*steps, *_skipped(plan))


def _skipped(plan: Plan) -> tuple[ServiceLine, ...]:
    return tuple(
        ServiceLine(
            service=skip.service, namespace=skip.namespace, action="none",
            old=skip.content.label if skip.content else "", new=skip.content.label if skip.content else "",
            outcome=skip.outcome, reason=skip.reason,
        )
        for skip in plan.skips
    )  # fmt: skip


def _other_namespaces(plan: Plan, recorded: set[str]) -> tuple[ServiceLine, ...]:
    return tuple(line for line in _skipped(plan) if line.namespace not in recorded)


def _raise_for(result: RunResult, report: RunReport) -> None:
    names = ", ".join(result.plan.namespaces)
    if result.outcome == "planned":
        refuse(result.plan)
    if result.outcome in ("done", "nothing", "planned"):
        return
    look = f"See `relman status {result.plan.namespaces[0]}/` and `relman history {result.plan.namespaces[0]}/`."
    why = next((service.reason for service in report.services if service.causes), "")
    why = why or next((f"probe {probe.sentence}" for probe in report.probes if probe.failures), "")
    because = f": {why}" if why else ""
    if result.outcome == "declined":
        msg = "not confirmed, nothing was changed"
        raise HelmkitError(msg, hint="Say --yes to go on without being asked.")
    if result.outcome == "restored":
        msg = f"{names}: failed{because}; everything is back where it was"
        raise RestoredError(msg, hint=look)
    if result.reason:
        msg = f"{names}: {result.reason}; this run stopped where it was"
        raise LockHeldError(msg, hint=look)
    if result.outcome == "interrupted":
        msg = f"{names}: stopped before it was through"
        raise InterruptedRunError(msg, hint=look)
    msg = f"{names}: failed{because}; not everything is back"
    raise NotRestoredError(msg, hint=look)
