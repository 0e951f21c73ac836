"""Projects and their repositories."""

from __future__ import annotations

import re
from typing import Any

from tests.harbor.double.access import refuse, unauthorized
from tests.harbor.double.api import BASE, Call, created, route
from tests.harbor.double.query import Keys, matches, page, select
from tests.harbor.double.rules import guard_artifact
from tests.harbor.double.server import Response, error, json_response
from tests.harbor.double.state import NEVER, Project, Repository

_PROJECT_KEYS: Keys = {
    "name": lambda p: p.name,
    "project_id": lambda p: p.id,
    "creation_time": lambda p: p.created,
    "public": lambda p: str(p.public).lower(),
}
_REPOSITORY_KEYS: Keys = {
    "name": lambda r: r.full_name,
    "creation_time": lambda r: (r.created, r.id),
    "update_time": lambda r: r.updated,
}


def render_project(call: Call, project: Project) -> dict[str, Any]:
    roles = None
    if call.identity.user:
        role = 1 if call.identity.is_admin else project.members.get(call.identity.name)
        roles = [role] if role else None
    allowlist = {"creation_time": NEVER, "id": project.id, "items": [], "project_id": project.id, "update_time": NEVER}
    return {
        "creation_time": project.created,
        **({"current_user_role_id": roles[0]} if roles else {}),
        "current_user_role_ids": roles,
        "cve_allowlist": allowlist,
        "metadata": {"public": str(project.public).lower(), **project.metadata},
        "name": project.name,
        "owner_id": 1,
        "owner_name": project.owner,
        "project_id": project.id,
        "repo_count": len(project.repositories),
        "update_time": project.created,
    }


def render_repository(repository: Repository) -> dict[str, Any]:
    body = {
        "artifact_count": sum(1 for a in repository.artifacts.values() if a.subject is None),
        "creation_time": repository.created,
        "id": repository.id,
        "name": repository.full_name,
        "project_id": repository.project.id,
        "pull_count": repository.pull_count,
        "update_time": repository.updated,
    }
    return {**body, "description": repository.description} if repository.description else body


@route("GET", "/projects")
def list_projects(call: Call) -> Response:
    """Anonymous callers, and callers with a wrong password, get the public ones."""
    seen = [p for p in call.state.projects.values() if call.identity.sees(p)]
    name, public = call.query.values.get("name"), call.query.values.get("public")
    if name:
        seen = [p for p in seen if matches(p.name, "~" + name)]
    if public:
        seen = [p for p in seen if str(p.public).lower() == public]
    return page(select(seen, call.query, _PROJECT_KEYS, "name"), call.query, lambda p: render_project(call, p))


@route("POST", "/projects")
def create_project(call: Call) -> Response:
    if call.identity.anonymous:
        return unauthorized()
    if call.identity.robot:
        return refuse(call.identity)
    body = call.json()
    name = str(body.get("project_name", ""))
    if not name:
        message = f"Project name {name} is illegal in length. (greater than 255 or less than 1)"
        return error(400, "BAD_REQUEST", message)
    if not re.fullmatch(r"[a-z0-9]+([._-][a-z0-9]+)*", name):
        return error(400, "BAD_REQUEST", "project name is not in lower case or contains illegal characters")
    if name in call.state.projects:
        return error(409, "CONFLICT", f"The project named {name} already exists")
    public = str(body.get("metadata", {}).get("public", "false")) == "true"
    project = call.state.add_project(name, public=public, owner=call.identity.name)
    project.hard_limit = int(body.get("storage_limit") or -1)
    by_name = call.request.headers.get("x-resource-name-in-location", "").lower() == "true"
    return created(f"{BASE}/projects/{name if by_name else project.id}")


@route("HEAD", "/projects")
def head_project(call: Call) -> Response:
    """Any caller that is logged in learns whether a name is taken, private or not."""
    if call.identity.anonymous:
        return unauthorized()
    name = call.query.values.get("project_name")
    if not name:
        return error(422, "UNPROCESSABLE_ENTITY", "validation failure list:\nproject_name in query is required")
    if name in call.state.projects:
        return Response(200)
    return error(404, "NOT_FOUND", f"project {name} not found")


@route("GET", "/projects/{project}")
def get_project(call: Call) -> Response:
    project = call.allowed("project", "read")
    return project if isinstance(project, Response) else json_response(200, render_project(call, project))


@route("PUT", "/projects/{project}")
def update_project(call: Call) -> Response:
    project = call.allowed("project", "update")
    if isinstance(project, Response):
        return project
    metadata = dict(call.json().get("metadata") or {})
    if "public" in metadata:
        project.public = metadata.pop("public") == "true"
    project.metadata |= metadata
    return Response(200)


@route("DELETE", "/projects/{project}")
def delete_project(call: Call) -> Response:
    project = call.allowed("project", "delete")
    if isinstance(project, Response):
        return project
    if project.repositories:
        message = "precondition failed: the project contains repositories, can not be deleted"
        return error(412, "PRECONDITION", message)
    del call.state.projects[project.name]
    return Response(200)


@route("GET", "/projects/{project}/summary")
def project_summary(call: Call) -> Response:
    project = call.allowed("project", "read")
    if isinstance(project, Response):
        return project
    quota = {"hard": {"storage": project.hard_limit}, "used": {"storage": project.used}}
    body = {"project_admin_count": 1, "quota": quota, "repo_count": len(project.repositories)}
    return json_response(200, body)


@route("GET", "/repositories")
def list_all_repositories(call: Call) -> Response:
    seen = [p for p in call.state.projects.values() if call.identity.sees(p)]
    repositories = [r for p in seen for r in p.repositories.values()]
    return page(select(repositories, call.query, _REPOSITORY_KEYS, "-creation_time"), call.query, render_repository)


@route("GET", "/projects/{project}/repositories")
def list_repositories(call: Call) -> Response:
    """A number in place of the name is taken for a name here."""
    project = call.state.projects.get(call.path["project"])
    if project is None and call.identity.is_admin:
        return error(404, "NOT_FOUND", f"project {call.path['project']} not found")
    if project is None or not call.identity.may(project, "repository", "list"):
        return refuse(call.identity)
    chosen = select([*project.repositories.values()], call.query, _REPOSITORY_KEYS, "-creation_time")
    return page(chosen, call.query, render_repository)


@route("GET", "/projects/{project}/repositories/{repository}")
def get_repository(call: Call) -> Response:
    repository = call.repository("repository", "read")
    return repository if isinstance(repository, Response) else json_response(200, render_repository(repository))


@route("PUT", "/projects/{project}/repositories/{repository}")
def update_repository(call: Call) -> Response:
    repository = call.repository("repository", "update")
    if isinstance(repository, Response):
        return repository
    repository.description = str(call.json().get("description", ""))
    return Response(200)


@route("DELETE", "/projects/{project}/repositories/{repository}")
def delete_repository(call: Call) -> Response:
    repository = call.repository("repository", "delete")
    if isinstance(repository, Response):
        return repository
    for artifact in repository.artifacts.values():
        if refusal := guard_artifact(repository, artifact):
            return refusal
    del repository.project.repositories[repository.name]
    return Response(200)
