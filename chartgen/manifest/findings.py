"""What is found wrong, with its place as a path; places become lines and columns only when something is reported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from chartgen.manifest.keypath import KeyPath
from helmkit.errors import Position, Problem

Part = Literal["key", "value", "table"]
"""What of a place to point at: the key, the value, or the header of the table."""


@dataclass(frozen=True)
class Place:
    """Where something is said: a path in one of the files."""

    source: str
    """Name of the file inside the platform's folder, for example `values/prod.toml`."""
    path: KeyPath = ()
    part: Part = "value"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, before its line is known."""

    message: str
    place: Place | Position
    hint: str | None = None
    service: str = ""
    """Key of the service it was found in, if any."""
    environments: tuple[str, ...] = ()
    """Where it was found; empty when it concerns the files as such."""
    quote_value: bool = False
    """The hint ends with the value as the file has it, in quotes: 1.10 is no longer 1.10 once it is read."""


def combine(findings: Iterable[Finding], environments: tuple[str, ...]) -> list[Finding]:
    """Return each finding once, telling whom it concerns where that is not obvious.

    The same fault in a preset is found in each service that uses it, and the same fault of a service in each
    environment. What holds in some environments only says in which.
    """
    groups: dict[tuple[str, Place | Position, str | None], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.message, finding.place, finding.hint), []).append(finding)
    return [_merge(group, environments) for group in groups.values()]


def _merge(group: list[Finding], environments: tuple[str, ...]) -> Finding:
    first = group[0]
    remarks = []
    place = first.place
    if isinstance(place, Place) and place.path[:1] == ("presets",):
        users = sorted({finding.service for finding in group if finding.service})
        if users:
            remarks.append(f"used by {_enumerate(users)}")
    found_in = {name for finding in group for name in finding.environments}
    own_file = isinstance(place, Place) and place.source in {f"values/{name}.toml" for name in found_in}
    if found_in and found_in != set(environments) and not (own_file and len(found_in) == 1):
        remarks.append(f"in {_enumerate(sorted(found_in))}")
    message = f"{first.message} ({'; '.join(remarks)})" if remarks else first.message
    return replace(first, message=message)


def _enumerate(words: list[str], shown: int = 3) -> str:
    if len(words) > shown + 1:
        return f"{', '.join(words[:shown])} and {len(words) - shown} more"
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def to_problems(findings: Iterable[Finding], contents: Mapping[str, bytes], shown_in: str = "") -> list[Problem]:
    """Return findings as problems with file, line and column.

    Args:
        findings: Combined findings.
        contents: The files by name, to find lines in.
        shown_in: What to put before file names so that people can click them, for example `platform/`.
    """
    from chartgen.manifest.positions import PositionIndex  # tree-sitter is loaded for errors only

    indexes: dict[str, PositionIndex] = {}
    problems = []
    for finding in findings:
        position, hint = finding.place, finding.hint
        if isinstance(position, Place):
            place = position
            if place.source not in indexes:
                indexes[place.source] = PositionIndex(contents.get(place.source, b""))
            index = indexes[place.source]
            line, column = index.find(place.path, place.part)
            position = Position(place.source, line, column)
            if finding.quote_value:
                hint = f'{hint}"{index.text(place.path) or "…"}"'
        shown = Position(shown_in + position.file, position.line, position.column)
        problems.append(Problem(finding.message, shown, hint))
    return problems
