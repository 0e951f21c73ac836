"""A comparison as people read it: a table of the services, then what changes in each."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.comparison.records import MigrationDiff, PlatformDiff, ServiceDiff
from helmkit.console import Table
from helmkit.objectdiff import FieldChange


def table_of(found: PlatformDiff) -> Table:
    """Return the table of a comparison, details below it."""
    rows = [
        (s.service, s.namespace, _CHANGES[s.change], s.old or None, s.new or None, _pods(s)) for s in found.services
    ]
    return Table(
        ["SERVICE", "NAMESPACE", "CHANGE", "FROM", "TO", "PODS"],
        rows,
        notes=list(_notes(found)),
        empty=f"No service changes in {found.environment} since {found.old}.",
    )


_CHANGES = {"added": "added", "removed": "removed", "changed": "changed", "chart": "chart only"}


def _pods(service: ServiceDiff) -> str:
    if service.change in ("added", "removed"):
        return "new" if service.change == "added" else "go"
    return f"restart: {', '.join(service.restarts)}" if service.restarts else "stay"


def _notes(found: PlatformDiff) -> Iterator[str]:
    if found.settings:
        yield from ("", f"environment {found.environment}")
        yield from (f"    {_line(field)}" for field in found.settings)
    for service in found.services:
        yield from _details(service)
    if found.services:
        yield from ("", f"{found.environment}: {found.old} -> {found.new}; {found.unchanged} services stay as they are")


def _details(service: ServiceDiff) -> Iterator[str]:
    if service.change == "chart":
        return
    yield from ("", service.service)
    yield from (f"    {_line(field)}" for field in service.settings)
    yield from (f"  {_migration(one)}" for one in service.migrations)
    for change in service.objects:
        if change.change != "changed":
            yield f"  {change.object} {change.change}"
            continue
        yield f"  {change.object}{' (pods restart: lines with !)' if change.restarts else ''}"
        yield from (f"  {'!' if field.path in change.why else ' '} {_line(field)}" for field in change.fields)


def _migration(one: MigrationDiff) -> str:
    fields = ", ".join(one.fields)
    if not one.kind:
        return f"{one.object} cannot change {fields}: no upgrade would be allowed to"
    return f"{one.object} changes {fields}: relman does {one.kind}{'; pods restart' if one.restarts else ''}"


def _line(field: FieldChange) -> str:
    return f"{field.path}: {_shown(field.old)} -> {_shown(field.new)}"


def _shown(value: str | None) -> str:
    return "(none)" if value is None else value.replace("\n", "⏎") or '""'
