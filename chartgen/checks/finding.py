"""What a rule is, what it looks at, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from chartgen.archetypes.archetype import Values
from chartgen.manifest.resolved import ResolvedEnvironment, ResolvedPlatform, ResolvedService
from chartgen.render import RenderedService

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Subject:
    """One service in one environment."""

    platform: ResolvedPlatform
    place: ResolvedEnvironment
    service: ResolvedService
    values: Values
    """Its complete chart values."""

    @property
    def environment(self) -> str:
        """Return the environment's name."""
        return self.place.name


@dataclass(frozen=True)
class Rule:
    """One thing to look for in a service's values."""

    id: str
    severity: Severity
    remedy: str
    check: Callable[[Subject], Iterator[str]]
    """Yields a message for everything that is wrong."""


@dataclass(frozen=True)
class RenderedRule:
    """One thing to look for in the objects of a service."""

    id: str
    severity: Severity
    remedy: str
    check: Callable[[RenderedService, int], Iterator[str]]
    """Takes the objects and the bytes their release takes; yields a message for everything that is wrong."""


@dataclass(frozen=True)
class Finding:
    """One thing a rule, or helm, found."""

    rule: str
    severity: Severity
    environment: str
    """Where it was found; several are joined by commas."""
    service: str
    message: str
    remedy: str
