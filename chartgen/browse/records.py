"""What browsing finds. None means that the registry, or our account, cannot tell. Times are RFC 3339, sizes bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ChartSummary:
    """A published chart and its most recently pushed version."""

    repository: str
    """With its project: `charts/spring-platform/gateway`."""
    version: str | None = None
    app_version: str | None = None
    pushed: str | None = None
    description: str | None = None
    public: bool | None = None


@dataclass(frozen=True)
class ChartListing:
    """The charts of a registry."""

    registry: str
    kind: str
    """`harbor` or `oci`."""
    charts: tuple[ChartSummary, ...]
    notes: tuple[str, ...] = ()
    """What could not be found out, and why."""


@dataclass(frozen=True)
class VersionSummary:
    """One published version of a chart."""

    version: str | None
    """None: nothing names it any more; a push of other content, or a refused one, left it behind."""
    digest: str
    size: int | None = None
    pushed: str | None = None
    pushed_by: str | None = None
    pulled: str | None = None
    labels: tuple[str, ...] = ()
    immutable: bool | None = None
    signed: bool | None = None
    scan: str | None = None
    app_version: str | None = None
    other_tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class VersionListing:
    """The versions of a chart, newest push first."""

    registry: str
    repository: str
    kind: str
    versions: tuple[VersionSummary, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class VersionDetail:
    """One version, looked at closely."""

    registry: str
    repository: str
    summary: VersionSummary
    chart: dict[str, Any]
    """Its Chart.yaml."""
    dependencies: tuple[dict[str, Any], ...] = ()
    images: tuple[str, ...] = ()
    annotations: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """One difference between two versions."""

    what: str
    """`value`, `image` or `object`."""
    name: str
    """The value's path, the image, or `Kind namespace/name`."""
    action: str
    """`added`, `removed` or `changed`."""
    old: Any = None
    new: Any = None
    diff: str = ""
    """Of an object: a unified diff of its YAML."""


@dataclass(frozen=True)
class Comparison:
    """What differs between two versions of a chart."""

    old: str
    new: str
    identical: bool
    """Whether both are the same bytes."""
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
