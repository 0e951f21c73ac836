"""Accounts and the system around them: users, robots, labels, the audit log, search, system information."""

from __future__ import annotations

import re
import secrets
import time
from operator import itemgetter
from typing import Any

from tests.harbor.double.access import forbidden, refuse, unauthorized
from tests.harbor.double.api import BASE, Call, created, route
from tests.harbor.double.query import Keys, matches, page, select, unprocessable
from tests.harbor.double.server import Response, error, json_response
from tests.harbor.double.state import Robot, now

_ACTIONS = {"list", "read", "create", "update", "delete", "push", "pull", "stop", "operate"}
_AUDIT_KEYS: Keys = {
    name: itemgetter(name) for name in ("operation", "resource_type", "resource", "username", "op_time", "id")
}


@route("GET", "/ping")
def ping(call: Call) -> Response:
    return Response(200, b"Pong", {"Content-Type": "text/plain"})


@route("GET", "/systeminfo")
def system_info(call: Call) -> Response:
    """Anonymous callers are not told the version."""
    body: dict[str, Any] = {"auth_mode": "db_auth", "banner_message": "", "oidc_provider_name": ""}
    body |= {"primary_auth_mode": False, "self_registration": False}
    if not call.identity.anonymous:
        host = call.state.registry_url or call.request.headers.get("host", "")
        body |= {"current_time": now(), "external_url": f"http://{host}", "harbor_version": call.state.version}
        body |= {"registry_url": host, "read_only": call.state.read_only, "has_ca_root": False}
        body |= {"project_creation_restriction": "everyone", "notification_enable": True}
    return json_response(200, body)


@route("PUT", "/configurations")
def configure(call: Call) -> Response:
    if not call.identity.is_admin:
        return unauthorized() if call.identity.anonymous else forbidden(call.identity.name)
    call.state.read_only = bool(call.json().get("read_only", call.state.read_only))
    return Response(200)


@route("GET", "/users/current")
def current_user(call: Call) -> Response:
    """Robots are not users: 412 with a good secret, 401 with a bad one."""
    if call.identity.robot:
        return error(412, "PRECONDITION", "get current user not available for security context: robot")
    user = call.identity.user
    if user is None:
        return unauthorized()
    body = {"user_id": user.id, "username": user.name, "realname": user.realname, "sysadmin_flag": user.admin}
    return json_response(200, {**body, "admin_role_in_auth": False})


@route("GET", "/robots")
def list_robots(call: Call) -> Response:
    """System robots, unless `q` names a project."""
    filters = call.query.filters()
    if filters.get("Level") == "project":
        project = call.state.project_by(filters.get("ProjectID", ""))
        if project is None or not call.identity.may(project, "robot", "list"):
            return refuse(call.identity)
        robots = [r for r in call.state.robots.values() if r.project == project.name]
    elif not call.identity.is_admin:
        return refuse(call.identity)
    else:
        robots = [r for r in call.state.robots.values() if r.project is None]
    return page(robots, call.query, lambda r: r.record)


def _find_robot(call: Call, action: str) -> Robot | Response:
    robot = call.state.robots.get(int(call.path["robot"]))
    if robot is None:
        return error(404, "NOT_FOUND", f"robot {call.path['robot']} not found")
    project = call.state.projects.get(robot.project or "")
    allowed = call.identity.is_admin or (project is not None and call.identity.may(project, "robot", action))
    return robot if allowed else refuse(call.identity)


def _check_robot(call: Call, body: dict[str, Any]) -> Response | None:
    if body.get("level") not in {"project", "system"}:
        return error(400, "BAD_REQUEST", f"bad request error level input: {body.get('level')}")
    duration = int(body.get("duration", 0))
    if duration != -1 and duration <= 0:
        message = (
            f"bad request error duration input: {duration}, duration must be either -1(Never) or a positive integer"
        )
        return error(400, "BAD_REQUEST", message)
    for permission in body.get("permissions", []):
        for access in permission["access"]:
            if access["action"] not in _ACTIONS:
                message = f"bad request permission: {access['resource']}:{access['action']}"
                return error(400, "BAD_REQUEST", message)
    return None


@route("POST", "/robots")
def create_robot(call: Call) -> Response:
    """The secret is in this answer and nowhere else."""
    body = call.json()
    if refusal := _check_robot(call, body):
        return refusal
    owner = body["permissions"][0]["namespace"] if body["level"] == "project" else ""
    project = call.state.projects.get(owner)
    if not call.identity.is_admin and (project is None or not call.identity.may(project, "robot", "create")):
        return refuse(call.identity)
    name = str(body.get("name", ""))
    if not re.fullmatch(r"[a-z0-9]+([._-][a-z0-9]+)*", name):
        return error(400, "BAD_REQUEST", "robot name is not in lower case or contains illegal characters")
    full = f"robot${owner}+{name}" if owner else f"robot${name}"
    if any(r.name == full for r in call.state.robots.values()):
        number = project.id if project else 0
        return error(409, "CONFLICT", f"robot account {number}:{owner}+{name} already exists")
    expires = -1 if body["duration"] == -1 else int(time.time()) + body["duration"] * 86400
    robot = call.state.add_robot(name, _new_secret(), {**body, "expires_at": expires})
    shown = {"creation_time": now(), "expires_at": expires, "id": robot.id, "name": full, "secret": robot.secret}
    return json_response(201, shown, {"Location": f"{BASE}/robots/{robot.id}"})


def _new_secret() -> str:
    return "Aa1" + secrets.token_hex(12)


@route("GET", "/robots/{robot}")
def get_robot(call: Call) -> Response:
    robot = _find_robot(call, "read")
    return robot if isinstance(robot, Response) else json_response(200, robot.record)


@route("PUT", "/robots/{robot}")
def update_robot(call: Call) -> Response:
    robot = _find_robot(call, "update")
    if isinstance(robot, Response):
        return robot
    body = call.json()
    if refusal := _check_robot(call, body):
        return refusal
    if body.get("name") != robot.name:
        return error(400, "BAD_REQUEST", "cannot update the level or name of robot")
    robot.record = {**robot.record, **body, "id": robot.id, "update_time": now()}
    return Response(200)


@route("PATCH", "/robots/{robot}")
def refresh_secret(call: Call) -> Response:
    """An empty secret asks for a new one."""
    robot = _find_robot(call, "update")
    if isinstance(robot, Response):
        return robot
    wanted = str(call.json().get("secret", ""))
    strong = re.fullmatch(r"(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9]).{8,128}", wanted)
    if wanted and not strong:
        rule = "8-128, inclusively, characters long with at least 1 uppercase letter, 1 lowercase letter and 1 number"
        return error(400, "BAD_REQUEST", f"the secret must be {rule}")
    robot.secret = wanted or _new_secret()
    return json_response(200, {"secret": "" if wanted else robot.secret})


@route("DELETE", "/robots/{robot}")
def delete_robot(call: Call) -> Response:
    robot = _find_robot(call, "delete")
    if isinstance(robot, Response):
        return robot
    del call.state.robots[robot.id]
    return Response(200)


@route("GET", "/labels")
def list_labels(call: Call) -> Response:
    """Without a scope it is refused; the name filter is fuzzy."""
    values = call.query.values
    if values.get("scope") not in {"g", "p"}:
        return error(400, "BAD_REQUEST", f"invalid scope: {values.get('scope', '')}")
    labels = [lb for lb in call.state.labels.values() if lb["scope"] == values["scope"]]
    if values["scope"] == "p":
        labels = [lb for lb in labels if str(lb.get("project_id", 0)) == values.get("project_id", "0")]
    labels = [lb for lb in labels if values.get("name", "") in lb["name"]]
    return page(labels, call.query, lambda lb: lb)


@route("POST", "/labels")
def create_label(call: Call) -> Response:
    body = call.json()
    if body.get("scope") not in {"g", "p"}:
        return error(400, "BAD_REQUEST", "unsupported label scope")
    project = call.state.project_by(str(body.get("project_id", "")))
    if not call.identity.is_admin and not (project and call.identity.may(project, "label", "create")):
        return refuse(call.identity)
    for label in call.state.labels.values():
        if (label["name"], label["scope"], label.get("project_id")) == (
            body["name"],
            body["scope"],
            body.get("project_id"),
        ):
            return error(409, "CONFLICT", f"label {body['name']} already exists")
    number = call.state.next_id("label")
    call.state.labels[number] = {**body, "id": number, "creation_time": now(), "update_time": now()}
    return created(f"{BASE}/labels/{number}")


@route("DELETE", "/labels/{label}")
def delete_label(call: Call) -> Response:
    label = call.state.labels.get(int(call.path["label"]))
    if label is None:
        return error(404, "NOT_FOUND", f"label {call.path['label']} not found")
    project = call.state.project_by(str(label.get("project_id", "")))
    if not call.identity.is_admin and not (project and call.identity.may(project, "label", "delete")):
        return refuse(call.identity)
    del call.state.labels[label["id"]]
    return Response(200)


@route("GET", "/auditlog-exts")
def list_audit_log(call: Call) -> Response:
    """Callers without the right get an empty list, not a refusal."""
    if call.identity.anonymous:
        return error(401, "UNAUTHORIZED", "")
    entries = list(call.state.audit) if call.identity.is_admin else []
    return page(select(entries, call.query, _AUDIT_KEYS, "-id"), call.query, lambda e: e)


@route("GET", "/projects/{project}/auditlog-exts")
def list_project_audit_log(call: Call) -> Response:
    project = call.allowed("log", "list")
    if isinstance(project, Response):
        return project
    entries = [e for e in call.state.audit if e["resource"].startswith(f"{project.name}/")]
    return page(select(entries, call.query, _AUDIT_KEYS, "-id"), call.query, lambda e: e)


@route("GET", "/search")
def search(call: Call) -> Response:
    """Robots are shown nothing."""
    wanted = call.query.values.get("q", "")
    if not wanted:
        raise unprocessable("q in query is required")
    found = []
    if not call.identity.robot:
        seen = [p for p in call.state.projects.values() if call.identity.sees(p)]
        found = [r for p in seen for r in p.repositories.values() if matches(r.full_name, "~" + wanted)]
    shown = [{"repository_name": r.full_name, "project_name": r.project.name} for r in found]
    return json_response(200, {"project": [], "repository": shown})
