"""Robot accounts: who may push, who may pull."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from helmkit.harbor.addresses import filter_query
from helmkit.harbor.faults import Deed
from helmkit.harbor.records import Permission, PermissionSet, Robot
from helmkit.harbor.transport import Transport

FOR_EVER = -1
"""A robot that never expires, in days."""


@dataclass(frozen=True)
class NewSecret:
    """A robot's secret; Harbor shows it this once, and no repr shows it at all."""

    name: str
    """With its prefix, as it logs in."""
    secret: str = field(repr=False)


class _Created(msgspec.Struct, frozen=True):
    name: str
    secret: str = ""


class _Refreshed(msgspec.Struct, frozen=True):
    secret: str = ""


class Robots:
    """Reads and changes robot accounts."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list_of(self, project_id: int | None) -> list[Robot]:
        """Return the robots of a project, or with None those of the whole system."""
        deed = Deed("listing robot accounts", permission="robot:list")
        # Without this filter a project's robots are never listed.
        filters = {"Level": "project", "ProjectID": str(project_id)} if project_id is not None else {}
        params = {"q": filter_query(filters)} if filters else {}
        return await self._transport.collect(deed, "/robots", Robot, params)

    async def create(
        self, project: str, name: str, access: Iterable[Permission], *, days: int = FOR_EVER, description: str = ""
    ) -> NewSecret:
        """Make a robot of one project and return its secret.

        Args:
            project: Its project.
            name: Without the prefix `robot$project+`.
            access: What it may do there.
            days: When it expires; -1: never.
            description: For people.

        Raises:
            ConflictError: There is one already.
        """
        deed = Deed(f"creating robot account {name} of", project, permission="robot:create")
        body = {
            "name": name,
            "description": description,
            "duration": days,
            "level": "project",
            "disable": False,
            "permissions": [PermissionSet(namespace=project, access=tuple(access))],
        }
        response = await self._transport.send(deed, "POST", "/robots", body=body)
        made = self._transport.read(deed, response, _Created)
        return NewSecret(made.name, made.secret)

    async def update(
        self, robot: Robot, access: Iterable[Permission], project: str, *, days: int, description: str
    ) -> None:
        """Give a robot other rights, another life time or description; its secret stays, and it is enabled."""
        deed = Deed(f"changing robot account {robot.name} of", project, permission="robot:update")
        body: dict[str, Any] = {
            "id": robot.id,
            "name": robot.name,
            "level": robot.level,
            "duration": days,
            "description": description,
            "disable": False,
            "permissions": [PermissionSet(namespace=project, access=tuple(access))],
        }
        await self._transport.send(deed, "PUT", f"/robots/{robot.id}", body=body)

    async def refresh(self, robot: Robot) -> NewSecret:
        """Give a robot a new secret; the old one ends at once."""
        deed = Deed(f"renewing the secret of robot account {robot.name}", permission="robot:update")
        response = await self._transport.send(deed, "PATCH", f"/robots/{robot.id}", body={"secret": ""})
        return NewSecret(robot.name, self._transport.read(deed, response, _Refreshed).secret)

    async def delete(self, robot: Robot) -> None:
        """Delete a robot; none is fine."""
        deed = Deed(f"deleting robot account {robot.name}", permission="robot:delete")
        await self._transport.send(deed, "DELETE", f"/robots/{robot.id}", accept=frozenset({404}))
