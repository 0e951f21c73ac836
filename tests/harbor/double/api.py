"""The management API: one table of routes, and what all of them share."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tests.harbor.double.access import Identity, Login, refuse
from tests.harbor.double.query import Query, unprocessable
from tests.harbor.double.server import Request, Response, error
from tests.harbor.double.state import Project, Repository, State

BASE = "/api/v2.0"


@dataclass(frozen=True)
class Call:
    """One request, taken apart."""

    state: State
    identity: Identity
    query: Query
    path: dict[str, str]
    request: Request

    @property
    def method(self) -> str:
        return self.request.method

    def json(self) -> dict[str, Any]:
        """Read the body; an empty one is an empty object, what is not JSON is refused."""
        if not self.request.body:
            return {}
        kind = self.request.headers.get("content-type", "application/json")
        if not kind.startswith("application/json"):
            message = f'unsupported media type "{kind}", only [application/json] are allowed'
            raise unprocessable(message)
        try:
            body = json.loads(self.request.body)
        except ValueError:
            raise unprocessable("parsing body failed, because it is not JSON") from None
        return body if isinstance(body, dict) else {}

    def project(self) -> Project | None:
        is_name = self.request.headers.get("x-is-resource-name", "").lower() == "true"
        return self.state.project_by(self.path["project"], is_name=is_name)

    def allowed(self, resource: str, action: str) -> Project | Response:
        """Return the project, or the refusal: only administrators learn that there is none."""
        project = self.project()
        if project is None:
            if not self.identity.is_admin:
                return refuse(self.identity)
            return error(404, "NOT_FOUND", f"project {self.path['project']} not found")
        return project if self.identity.may(project, resource, action) else refuse(self.identity)

    def repository(self, resource: str, action: str) -> Repository | Response:
        """Return the repository, or the refusal; a number in place of the project's name finds nothing."""
        project = self.state.projects.get(self.path["project"])
        if project is None and not self.identity.is_admin:
            return refuse(self.identity)
        if project is not None and not self.identity.may(project, resource, action):
            return refuse(self.identity)
        found = project.repositories.get(self.path["repository"]) if project else None
        name = f"{self.path['project']}/{self.path['repository']}"
        return found or error(404, "NOT_FOUND", f"repository {name} not found")


Endpoint = Callable[[Call], Response]
_ROUTES: dict[tuple[str, ...], dict[str, Endpoint]] = {}


def route(method: str, pattern: str) -> Callable[[Endpoint], Endpoint]:
    """Register an endpoint under its path below `/api/v2.0`, with `{name}` for what varies."""

    def register(endpoint: Endpoint) -> Endpoint:
        _ROUTES.setdefault(tuple(pattern.strip("/").split("/")), {})[method] = endpoint
        return endpoint

    return register


def answer(state: State, request: Request, path: str, login: Login) -> Response:
    """Route one request of the management API."""
    from tests.harbor.double import accounts, artifacts, attachments, projects, settings  # noqa: F401 (they register)

    accept = request.headers.get("accept", "*/*")
    if "text/html" in accept and "*/*" not in accept:
        raise unprocessable("unsupported media type requested, only [application/json] are available")
    segments = [unquote(part) for part in path.removeprefix(BASE).strip("/").split("/")]
    for pattern, methods in _ROUTES.items():
        found = _match(pattern, segments)
        if found is None:
            continue
        endpoint = methods.get(request.method)
        if endpoint is None:
            known = ",".join(methods)
            message = f"method {request.method} is not allowed, but [{known}] are"
            return error(405, "METHOD_NOT_ALLOWED", message)
        query = Query.of(request.raw_path, request.raw_query)
        return endpoint(Call(state, login.identity, query, found, request))
    return error(404, "NOT_FOUND", f"path {path} was not found")


def _match(pattern: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(segments):
        return None
    found: dict[str, str] = {}
    for want, have in zip(pattern, segments, strict=True):
        if want.startswith("{"):
            found[want[1:-1]] = have
        elif want != have:
            return None
    return found


def created(location: str) -> Response:
    return Response(201, headers={"Location": location})
