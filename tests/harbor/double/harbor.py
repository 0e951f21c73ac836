"""The double itself: starts, seeds and stops one Harbor, and routes what it is asked."""

from __future__ import annotations

import asyncio
from typing import Any, Self
from urllib.parse import unquote

from tests.harbor.double import access, api, oci
from tests.harbor.double.query import BadQueryError
from tests.harbor.double.server import Fault, Request, Response, Server, error
from tests.harbor.double.state import Project, Robot, State

ADMIN, PASSWORD = "admin", "Harbor-12345"
READ_ONLY = "The system is in read only mode. Any modification is prohibited."

PUSH_ACCESS = [
    ("repository", "push"),
    ("repository", "pull"),
    ("repository", "list"),
    ("repository", "read"),
    ("artifact", "read"),
    ("artifact", "list"),
    ("tag", "list"),
    ("tag", "create"),
    ("artifact-addition", "read"),
]


class HarborDouble:
    """One Harbor on loopback: `async with HarborDouble() as harbor: harbor.url`."""

    def __init__(self, *, latency: float = 0.0, wrong_password_seconds: float = 0.0, hash_seconds: float = 0.0) -> None:
        self.state = State()
        self.wrong_password_seconds = wrong_password_seconds
        self.hash_seconds = hash_seconds
        """What checking a local user's password costs on every request (the real thing: 0.095)."""
        self._server = Server(self._answer, latency=latency)
        self._oci = oci.Registry(self.state)
        self._refusing: set[str] = set()
        self.state.add_user(ADMIN, PASSWORD, admin=True)
        self.state.add_project("library", public=True)

    async def __aenter__(self) -> Self:
        await self._server.start()
        self._oci.external = self.url
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.port}"

    @property
    def seen(self) -> list[tuple[str, str, int]]:
        """Method, target and status of every answered request so far."""
        return self._server.seen

    @property
    def connections(self) -> int:
        return self._server.connections

    def fail(self, fault: Fault) -> None:
        self._server.faults.append(fault)

    def add_project(self, name: str, *, public: bool = False) -> Project:
        return self.state.add_project(name, public=public)

    def add_robot(self, project: str, name: str, secret: str, allowed: list[tuple[str, str]] | None = None) -> Robot:
        """Add a robot of `project` (`*`: a system robot over all projects)."""
        permission = {
            "kind": "project",
            "namespace": project,
            "access": [{"resource": r, "action": a} for r, a in (allowed if allowed is not None else PUSH_ACCESS)],
        }
        level = "system" if project == "*" else "project"
        record: dict[str, Any] = {"level": level, "duration": -1, "expires_at": -1, "permissions": [permission]}
        return self.state.add_robot(name, secret, record)

    async def _answer(self, request: Request) -> Response:
        try:
            return await self._route(request)
        except BadQueryError as refusal:
            return refusal.response

    async def _route(self, request: Request) -> Response:
        # The reverse proxy decodes the path once, the core service decodes every segment again: only a doubly
        # encoded slash arrives as part of a repository's name.
        path = unquote(request.raw_path)
        if path.startswith(("/v1/", "/service/notifications")):
            return Response(404, PROXY_404, {"Content-Type": "text/html"}, cookie=False)
        login = await self._log_in(request)
        writes = request.method not in {"GET", "HEAD"}
        if self.state.read_only and writes and path.startswith(("/api/", "/v2/")) and path != _CONFIGURATIONS:
            answer = error(403, "DENIED", READ_ONLY)
            answer.cookie = False
            return answer
        if path == "/service/token":
            return self._oci.token(request, login)
        if path.startswith("/v2"):
            return self._oci.answer(request, path, login)
        if refusal := access.check_csrf(request):
            return refusal
        if path.startswith("/api/v2.0/"):
            return api.answer(self.state, request, path, login)
        return Response(200, PORTAL, {"Content-Type": "text/html"})

    async def _log_in(self, request: Request) -> access.Login:
        login = access.log_in(self.state, request)
        name = access.named(request)
        if login.identity.user:
            if name in self._refusing:
                return access.Login(access.ANONYMOUS, wrong=True)
            if self.hash_seconds:
                await asyncio.sleep(self.hash_seconds)
        if login.wrong and name and self.wrong_password_seconds:
            # Right passwords of the same local user are refused meanwhile.
            self._refusing.add(name)
            await asyncio.sleep(self.wrong_password_seconds)
            self._refusing.discard(name)
        return login


_CONFIGURATIONS = "/api/v2.0/configurations"
PROXY_404 = (
    b"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n"
)
PORTAL = b"<!DOCTYPE html><html><head><title>Harbor</title></head><body><harbor-app></harbor-app></body></html>"
