"""The declared state in Harbor's own terms. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from chartgen.harbor.model import FOR_EVER, HarborSection, RobotSection
from helmkit.harbor.records import Permission, RetentionRule, Selector

EVERY_REPOSITORY = Selector(decoration="repoMatches", pattern="**")
RELEASES = Selector(decoration="excludes", pattern="*-*")
"""Tags of release versions: Harbor knows no semantic versions, but a pre-release's tag alone has a hyphen."""
PRERELEASES = Selector(decoration="matches", pattern="*-*")
NIGHTLY = "0 0 3 * * *"
"""At three in the morning, Harbor's time; six fields, seconds first."""

_PULL = ("repository:pull",)
_PUSH = (
    *_PULL,
    "repository:push",
    "repository:list",
    "repository:read",
    "artifact:list",
    "artifact:read",
    "artifact-addition:read",
    "tag:list",
    "tag:create",
)
_RIGHTS = {"pull": _PULL, "push": _PUSH, "promote": (*_PUSH, "artifact:create")}
_UNITS = {"Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40}


@dataclass(frozen=True)
class DesiredRobot:
    """A robot account as it should be."""

    name: str
    """Without Harbor's prefix."""
    access: tuple[Permission, ...]
    days: int
    description: str


@dataclass(frozen=True)
class DesiredProject:
    """A project as it should be; None leaves alone what is there."""

    name: str
    public: bool
    guard: tuple[Selector, Selector] | None
    """Tags and repositories that are immutable."""
    retention: tuple[RetentionRule, ...] | None
    cron: str
    quota: int | None
    """Bytes."""
    robots: tuple[DesiredRobot, ...]


def build_desired(name: str, section: HarborSection) -> DesiredProject:
    """Return what `[harbor]` means for the project `name`."""
    return DesiredProject(
        name,
        section.public,
        (RELEASES, EVERY_REPOSITORY) if section.immutable else None,
        _retention(section.keep_prereleases) if section.keep_prereleases else None,
        NIGHTLY,
        _bytes(section.quota) if section.quota else None,
        tuple(_robot(robot, declared) for robot, declared in sorted(section.robots.items())),
    )


def _robot(name: str, declared: RobotSection) -> DesiredRobot:
    access = tuple(Permission(resource=r, action=a) for r, a in (right.split(":") for right in _RIGHTS[declared.role]))
    description = declared.description or f"chartgen: {declared.role}"
    return DesiredRobot(name, access, declared.days or FOR_EVER, description)


def _retention(keep: int) -> tuple[RetentionRule, ...]:
    """Return rules that keep every release and the newest pre-releases. What no rule keeps is deleted."""
    scope: dict[str, tuple[Selector, ...]] = {"repository": (EVERY_REPOSITORY,)}

    def kept(template: str, tags: Selector, **params: int) -> RetentionRule:
        # Untagged leftovers of refused or overwritten pushes are not kept by either.
        selector = Selector(decoration=tags.decoration, pattern=tags.pattern, extras='{"untagged":false}')
        return RetentionRule(template=template, params=params, tag_selectors=(selector,), scope_selectors=scope)

    return kept("always", RELEASES), kept("latestPushedK", PRERELEASES, latestPushedK=keep)


def _bytes(text: str) -> int:
    return int(text[:-2]) * _UNITS[text[-2:]]
