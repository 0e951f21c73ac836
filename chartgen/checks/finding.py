"""What a rule is, what it looks at, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from chartgen.archetypes.archetype import Values
from chartgen.manifest.keypath import KeyPath
from chartgen.manifest.resolved import ResolvedEnvironment, ResolvedPlatform, ResolvedService
from chartgen.render import RenderedService

if TYPE_CHECKING:
    from chartgen.build import BuiltPlatform
    from chartgen.checks.reading.size import ReleaseSize

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Hit:
    """One thing that is wrong, with the key of the service that says it."""

    message: str
    path: KeyPath = ()
    """Inside the service's table of the release manifest; empty for the service as a whole."""
    service: str = ""
    """Key of the service, where a rule looks at several."""


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
class Described:
    """What people can look up of a rule with `chartgen check --explain`."""

    id: str
    severity: Severity
    reason: str
    """Why it matters: what happens otherwise."""
    remedy: str
    """What to do, as a sentence."""


@dataclass(frozen=True)
class Rule(Described):
    """One thing to look for in a service's values."""

    check: Callable[[Subject], Iterator[Hit]]
    """Yields everything that is wrong."""


@dataclass(frozen=True)
class RenderedRule(Described):
    """One thing to look for in the objects of a service."""

    check: Callable[[RenderedService, ReleaseSize], Iterator[Hit]]
    """Takes the objects and what their release takes; yields everything that is wrong."""


@dataclass(frozen=True)
class PlatformRule(Described):
    """One thing to look for in what was built as a whole, without helm."""

    check: Callable[[ResolvedPlatform, BuiltPlatform], Iterator[Hit]]


@dataclass(frozen=True)
class TogetherRule(Described):
    """One thing to look for in the objects of all services of one environment."""

    check: Callable[[Sequence[RenderedService]], Iterator[Hit]]


@dataclass(frozen=True)
class RefusedRule(Described):
    """Something that chartgen never builds: the release manifest is refused, by every command."""

    module: str
    """Where it is checked."""


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
    path: KeyPath = ()
    """Inside the service's table."""
    where: str = ""
    """`file:line:column` of the release manifest; empty where nothing there decides."""
    accepted: str = ""
    """Why it is meant to be so; empty when nobody said that."""
