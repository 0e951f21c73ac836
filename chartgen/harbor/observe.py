"""What a Harbor project is like now."""

from __future__ import annotations

from dataclasses import dataclass, field

from chartgen.harbor.desired import DesiredProject
from helmkit.harbor import Harbor, HarborError
from helmkit.harbor.records import ImmutableRule, Project, Quota, RetentionPolicy, Robot
from helmkit.tasks import gather


@dataclass
class ObservedProject:
    """A project as it is; what could not be read is told in `unknown`, by part."""

    project: Project | None = None
    rules: list[ImmutableRule] = field(default_factory=list)
    retention: RetentionPolicy | None = None
    quota: Quota | None = None
    robots: list[Robot] = field(default_factory=list)
    unknown: dict[str, HarborError] = field(default_factory=dict)
    """`rules`, `retention`, `quota`, `robots`: why they could not be read."""


async def observe_project(harbor: Harbor, desired: DesiredProject) -> ObservedProject:
    """Read everything about a project that the declared state touches, in parallel.

    Raises:
        HelmkitError: Harbor does not answer, or the credentials are wrong.
    """
    project = await harbor.projects.find(desired.name)
    seen = ObservedProject(project)
    if project is None:
        return seen
    readers = {"rules": _read_rules, "retention": _read_retention, "quota": _read_quota, "robots": _read_robots}

    async def read(part: str) -> None:
        try:
            await readers[part](harbor, desired, project, seen)
        except HarborError as error:
            # The other parts may still be compared.
            seen.unknown[part] = error

    await gather(*(read(part) for part in readers))
    return seen


async def _read_rules(harbor: Harbor, desired: DesiredProject, project: Project, seen: ObservedProject) -> None:
    if desired.guard is not None:
        seen.rules = await harbor.protection.list_rules(project.name)


async def _read_retention(harbor: Harbor, desired: DesiredProject, project: Project, seen: ObservedProject) -> None:
    if desired.retention is not None and project.retention_id is not None:
        seen.retention = await harbor.protection.get_retention(project.retention_id)


async def _read_quota(harbor: Harbor, desired: DesiredProject, project: Project, seen: ObservedProject) -> None:
    if desired.quota is not None:
        seen.quota = await harbor.protection.get_quota(project.project_id)


async def _read_robots(harbor: Harbor, desired: DesiredProject, project: Project, seen: ObservedProject) -> None:
    if desired.robots:
        seen.robots = await harbor.robots.list_of(project.project_id)
