"""Tables of what browsing found, for people. Pure."""

from __future__ import annotations

from typing import Any

from chartgen.browse.records import ChartListing, Comparison, VersionDetail, VersionListing
from helmkit.console import Table

_UNITS = ("B", "KiB", "MiB", "GiB")
_DIGEST = 19
"""`sha256:` and twelve digits are enough for people."""


def table_of_charts(listing: ChartListing) -> Table:
    """Return one row for each chart."""
    rows = [(c.repository, c.version, c.app_version, _minute(c.pushed), c.description) for c in listing.charts]
    columns = ["CHART", "LATEST", "APP VERSION", "PUSHED", "DESCRIPTION"]
    return Table(columns, rows, notes=_notes(listing.notes), empty=f"No charts in {listing.registry}.")


def table_of_versions(listing: VersionListing) -> Table:
    """Return one row for each version; a plain registry has fewer columns to fill."""
    rows: list[tuple[object, ...]] = []
    for one in listing.versions:
        basic = (one.version or "(untagged)", one.digest[:_DIGEST], _size(one.size), _minute(one.pushed))
        more = (one.pushed_by, _minute(one.pulled), one.immutable, one.signed, one.scan, ", ".join(one.labels) or None)
        rows.append((*basic, *more) if listing.kind == "harbor" else basic)
    columns = ["VERSION", "DIGEST", "SIZE", "PUSHED"]
    if listing.kind == "harbor":
        columns += ["BY", "PULLED", "IMMUTABLE", "SIGNED", "SCAN", "LABELS"]
    else:
        columns[-1] = "CREATED"
    return Table(columns, rows, notes=_notes(listing.notes), empty=f"No versions of {listing.repository}.")


def table_of_detail(detail: VersionDetail) -> Table:
    """Return what matters of one version, a line each."""
    summary, chart = detail.summary, detail.chart
    rows: list[tuple[object, object]] = [
        ("chart", f"{detail.registry}/{detail.repository}"),
        ("version", summary.version),
        ("app version", chart.get("appVersion")),
        ("description", chart.get("description")),
        ("digest", summary.digest),
        ("size", _size(summary.size)),
        ("pushed", " by ".join(filter(None, (_minute(summary.pushed), summary.pushed_by))) or None),
        ("pulled", _minute(summary.pulled)),
        ("immutable", summary.immutable),
        ("signed", summary.signed),
        ("scan", summary.scan),
        ("labels", ", ".join(summary.labels) or None),
        ("other tags", ", ".join(summary.other_tags) or None),
        ("kubernetes", chart.get("kubeVersion")),
        ("home", chart.get("home")),
    ]
    rows += [("dependency", _dependency(one)) for one in detail.dependencies]
    rows += [("image", image) for image in detail.images]
    shown = [row for row in rows if row[1] is not None]
    return Table(["FIELD", "VALUE"], shown, notes=_notes(detail.notes))


def _dependency(one: dict[str, Any]) -> str:
    alias = f" as {one['alias']}" if one.get("alias") else ""
    return f"{one.get('name')} {one.get('version', '')}{alias}".rstrip()


def text_of_comparison(comparison: Comparison) -> str:
    """Return what differs as text: values and images a line each, objects as unified diffs."""
    if comparison.identical:
        return f"{comparison.old} and {comparison.new} are the same, bit by bit.\n"
    signs = {"added": "+", "removed": "-", "changed": "~"}
    lines = [f"--- {comparison.old}", f"+++ {comparison.new}"]
    for what, title in (("value", "Values"), ("image", "Images"), ("object", "Objects")):
        changes = [one for one in comparison.changes if one.what == what]
        lines += ["", f"{title}: {len(changes) or 'no'} difference{'' if len(changes) == 1 else 's'}"]
        for one in changes:
            lines.append(f"{signs[one.action]} {one.name}{_before_after(one.action, one.old, one.new, what)}")
            lines += [f"    {line}" for line in one.diff.splitlines()[2:]]
    return "\n".join([*lines, *_notes(comparison.notes)]) + "\n"


def _before_after(action: str, old: object, new: object, what: str) -> str:
    if what == "object":
        return ""
    if action == "changed":
        return f": {old!r} -> {new!r}" if what == "value" else f": {old} -> {new}"
    return f": {new if action == 'added' else old!r}" if what == "value" else f" ({new or old})"


def _size(size: int | None) -> str | None:
    if size is None:
        return None
    amount, unit = float(size), 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.0f} {_UNITS[unit]}" if unit == 0 else f"{amount:.1f} {_UNITS[unit]}"


def _minute(time: str | None) -> str | None:
    """Return a time to the minute, in UTC as it came."""
    return time[:16].replace("T", " ") if time else None


def _notes(notes: tuple[str, ...]) -> tuple[str, ...]:
    return ("", *(f"Note: {note}" for note in notes)) if notes else ()
