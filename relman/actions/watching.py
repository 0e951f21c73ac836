"""What runs, again and again: the status, each time it differs from the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from helmkit.errors import UnreachableError
from relman.actions.ports import World
from relman.actions.status import ServiceStatus, SetStatus, StatusReport, status

INTERVAL = 2.0
"""Seconds between two looks."""

Show = Callable[[StatusReport | None, StatusReport], None]
"""Shows a report that differs from the one before, which is None at first."""


async def watch_status(
    world: World, name: str | None, namespace: str | None, show: Show, *, interval: float = INTERVAL
) -> None:
    """Show the status now and after every change, until cancelled.

    A cluster that does not answer for a while is told and waited for, once there has been a first look.

    Raises:
        UsageError: What is named is not there at the beginning.
        UnreachableError: The cluster does not answer at the beginning.
    """
    last: StatusReport | None = None
    away = False
    while True:
        try:
            report = await status(world, name, namespace)
        except UnreachableError as error:
            if last is None:
                raise
            if not away:
                world.reporter.note(error.message)
            away = True
        else:
            if away:
                world.reporter.note("the cluster answers again")
            away = False
            if report != last:
                show(last, report)
            last = report
        await world.clock.sleep(interval)


def status_changes(old: StatusReport, new: StatusReport) -> tuple[str, ...]:
    """Return what differs between two reports, a line for each service and each set."""
    lines = list(_set_lines(old, new))
    before, after = _services(old), _services(new)
    for key in sorted({*before, *after}):
        was, now = before.get(key), after.get(key)
        if was == now:
            continue
        title = "/".join(key)
        if now is None:
            lines.append(f"{title}: gone")
        elif was is None:
            lines.append(f"{title}: {_state(now)}")
        else:
            told = ", ".join(_differences(was, now))
            if told:
                lines.append(f"{title}: {told}")
    return tuple(lines)


def _set_lines(old: StatusReport, new: StatusReport) -> Iterator[str]:
    before = {(one.namespace, one.platform): one for one in old.sets}
    for one in new.sets:
        was = before.get((one.namespace, one.platform))
        if was is None or _head(was) != _head(one):
            yield f"{one.namespace}: revision {one.revision}, {one.action} to {one.asked} {one.outcome}, by {one.who}"


def _head(one: SetStatus) -> SetStatus:
    return msgspec.structs.replace(one, services=())


def _services(report: StatusReport) -> dict[tuple[str, str], ServiceStatus]:
    return {(one.namespace, one.service): one for found in report.sets for one in found.services}


def _state(one: ServiceStatus) -> str:
    parts = [one.version or "not installed", _health(one), _remark(one)]
    return ", ".join(part for part in parts if part)


def _differences(was: ServiceStatus, now: ServiceStatus) -> Iterator[str]:
    pairs = (
        ("", was.version or "not installed", now.version or "not installed"),
        ("wanted ", was.wanted, now.wanted),
        ("revision ", was.revision, now.revision),
        ("", _health(was), _health(now)),
        ("", _remark(was) or "in sync", _remark(now) or "in sync"),
        ("hold ", was.held or "none", now.held or "none"),
    )
    for name, old, new in pairs:
        if old != new:
            yield f"{name}{old} -> {new}"


def _health(one: ServiceStatus) -> str:
    return f"{one.health} {one.ready}/{one.pods}" if one.pods else one.health


def _remark(one: ServiceStatus) -> str:
    return one.detail if one.state not in ("", "in-sync") else ""
