"""Projects and their repositories."""

from __future__ import annotations

from collections.abc import Mapping

from helmkit.harbor.addresses import filter_query, repository_path, segment
from helmkit.harbor.errors import NotFoundError
from helmkit.harbor.faults import Deed
from helmkit.harbor.records import Project, Repository
from helmkit.harbor.transport import Transport


class Projects:
    """Reads and changes projects."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list_visible(self, name_part: str = "") -> list[Project]:
        """Return the projects this account sees, by name; with `name_part` only those whose name holds it.

        A wrong password is no error here: Harbor then shows what anybody may see. Ask `whoami` first.
        """
        params = {"name": name_part} if name_part else {}
        return await self._transport.collect(Deed("listing projects"), "/projects", Project, params)

    async def get(self, name: str) -> Project:
        """Return one project.

        Raises:
            NotFoundError: There is none (told to administrators only).
            NotAllowedError: This account may not read it, or there is none.
        """
        deed = Deed("reading project", name, permission="project:read")
        response = await self._transport.send(deed, "GET", f"/projects/{segment(name)}")
        return self._transport.read(deed, response, Project)

    async def find(self, name: str) -> Project | None:
        """Return a project from the list of those this account sees; also works for robots that may not read it."""
        return next((p for p in await self.list_visible(name) if p.name == name), None)

    async def exists(self, name: str) -> bool:
        """Tell whether there is a project of that name, whether or not this account may read it.

        Raises:
            CredentialsError: Nobody is logged in.
        """
        deed = Deed("looking for project", name)
        response = await self._transport.send(
            deed, "HEAD", "/projects", params={"project_name": name}, accept=frozenset({404})
        )
        return response.status != 404

    async def create(self, name: str, *, public: bool) -> None:
        """Make a project.

        Raises:
            ConflictError: There is one already, perhaps somebody else's.
        """
        deed = Deed("creating project", name, permission="project:create")
        body = {"project_name": name, "metadata": {"public": str(public).lower()}}
        await self._transport.send(deed, "POST", "/projects", body=body)

    async def update(self, name: str, metadata: Mapping[str, str]) -> None:
        """Set some of a project's switches; the others stay."""
        deed = Deed("changing project", name, permission="project:update")
        await self._transport.send(deed, "PUT", f"/projects/{segment(name)}", body={"metadata": dict(metadata)})


class Repositories:
    """Reads and deletes repositories."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list_of(self, project: str, name_part: str = "") -> list[Repository]:
        """Return a project's repositories, newest first; with `name_part` only those whose name holds it."""
        deed = Deed("listing repositories of", project, permission="repository:list")
        params = {"q": filter_query({"name": f"~{name_part}"})} if name_part else {}
        return await self._transport.collect(deed, f"/projects/{segment(project)}/repositories", Repository, params)

    async def list_all(self, name_part: str = "") -> list[Repository]:
        """Return the repositories of every project this account sees."""
        params = {"q": filter_query({"name": f"~{name_part}"})} if name_part else {}
        return await self._transport.collect(Deed("listing repositories"), "/repositories", Repository, params)

    async def find(self, project: str, repository: str) -> Repository | None:
        """Return one repository, or None."""
        deed = Deed("reading repository", project, repository, permission="repository:read")
        try:
            response = await self._transport.send(deed, "GET", repository_path(project, repository))
        except NotFoundError:
            return None
        return self._transport.read(deed, response, Repository)

    async def delete(self, project: str, repository: str) -> None:
        """Delete a repository with all it holds; none is fine.

        Raises:
            ImmutableTagError: One of its tags is immutable.
        """
        deed = Deed("deleting repository", project, repository, permission="repository:delete")
        await self._transport.send(deed, "DELETE", repository_path(project, repository), accept=frozenset({404}))
