"""Who is asking, and what they may do."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from tests.harbor.double.server import Request, Response, error
from tests.harbor.double.state import (
    ROLE_ADMIN,
    ROLE_DEVELOPER,
    ROLE_GUEST,
    ROLE_MAINTAINER,
    Project,
    Robot,
    State,
    User,
)

_READ = {
    ("project", "read"),
    *((r, a) for r in ("repository", "artifact", "tag", "accessory", "label") for a in ("list", "read")),
    ("repository", "pull"),
    ("artifact-addition", "read"),
}
_WRITE = {("repository", "push"), ("artifact", "create"), ("tag", "create"), ("artifact-label", "create")}
_MAINTAIN = {
    *((r, "delete") for r in ("repository", "artifact", "tag", "artifact-label", "label")),
    *((r, a) for r in ("immutable-tag", "tag-retention") for a in ("list", "read", "create", "update", "delete")),
    ("label", "create"),
    ("artifact-label", "create"),
}
_GRANTS = {
    ROLE_GUEST: _READ,
    ROLE_DEVELOPER: _READ | _WRITE,
    ROLE_MAINTAINER: _READ | _WRITE | _MAINTAIN,
}


@dataclass(frozen=True)
class Identity:
    """The account behind a request; neither user nor robot is anonymous."""

    user: User | None = None
    robot: Robot | None = None

    @property
    def anonymous(self) -> bool:
        return self.user is None and self.robot is None

    @property
    def name(self) -> str:
        return self.user.name if self.user else self.robot.name if self.robot else "anonymous"

    @property
    def is_admin(self) -> bool:
        return self.user is not None and self.user.admin

    def may(self, project: Project, resource: str, action: str) -> bool:
        if self.is_admin:
            return True
        if project.public and (resource, action) in _READ:
            return True
        if self.robot:
            return self.robot.may(project.name, resource, action)
        role = project.members.get(self.user.name) if self.user else None
        return role == ROLE_ADMIN or (resource, action) in _GRANTS.get(role or 0, set())

    def sees(self, project: Project) -> bool:
        """Tell whether project lists show it."""
        if self.is_admin or project.public:
            return True
        if self.robot:
            return any(p["namespace"] in {project.name, "*"} for p in self.robot.record["permissions"])
        return self.user is not None and self.user.name in project.members


ANONYMOUS = Identity()


@dataclass(frozen=True)
class Login:
    """What the Authorization header came to."""

    identity: Identity
    wrong: bool = False
    """Credentials were given and are not right; Harbor goes on as for an anonymous caller."""


def log_in(state: State, request: Request) -> Login:
    """Check Basic credentials; anything else is anonymous."""
    header = request.headers.get("authorization", "")
    scheme, _, value = header.partition(" ")
    if not header:
        return Login(ANONYMOUS)
    if scheme.lower() != "basic":
        return Login(ANONYMOUS, wrong=True)
    try:
        name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return Login(ANONYMOUS, wrong=True)
    user = state.users.get(name)
    if user and user.password == password:
        return Login(Identity(user=user))
    for robot in state.robots.values():
        # The prefix is part of the name: the bare name is nobody.
        if robot.name == name and robot.secret == password and not robot.record["disable"]:
            return Login(Identity(robot=robot))
    return Login(ANONYMOUS, wrong=True)


def named(request: Request) -> str:
    """Return the user name that Basic credentials name; empty when there are none."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def unauthorized() -> Response:
    return error(401, "UNAUTHORIZED", "unauthorized")


def forbidden(message: str = "forbidden") -> Response:
    return error(403, "FORBIDDEN", message)


def refuse(identity: Identity) -> Response:
    return unauthorized() if identity.anonymous else forbidden()


def check_csrf(request: Request) -> Response | None:
    """Any session cookie, even beside Basic credentials, makes writes need a token."""
    if request.method in {"GET", "HEAD", "OPTIONS"} or "sid=" not in request.headers.get("cookie", ""):
        return None
    given = request.headers.get("x-harbor-csrf-token")
    if given is None:
        return forbidden("CSRF token not found in request")
    return None if given == "right-token" else forbidden("CSRF token invalid")
