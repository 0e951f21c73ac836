"""What guards a project: immutable rules, retention, quotas."""

from __future__ import annotations

from typing import Any

from tests.harbor.double.access import forbidden, refuse, unauthorized
from tests.harbor.double.api import BASE, Call, created, route
from tests.harbor.double.query import Keys, page, select
from tests.harbor.double.server import Response, error, json_response
from tests.harbor.double.state import NEVER, Project

_RULE_KEYS: Keys = {"id": lambda r: r["id"]}
_QUOTA_KEYS: Keys = {"hard.storage": lambda p: p.hard_limit, "used.storage": lambda p: p.used}


@route("GET", "/projects/{project}/immutabletagrules")
def list_rules(call: Call) -> Response:
    """What holds its default value is left out, `disabled: false` too."""
    project = call.allowed("immutable-tag", "list")
    if isinstance(project, Response):
        return project
    return page(select([*project.rules.values()], call.query, _RULE_KEYS, "id"), call.query, _shown)


def _shown(rule: dict[str, Any]) -> dict[str, Any]:
    def without_empty(selector: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in selector.items() if v}

    shown = {k: v for k, v in rule.items() if v or k == "id"}
    tags = rule.get("tag_selectors")
    return {**shown, "tag_selectors": [without_empty(s) for s in tags] if tags else None}


@route("POST", "/projects/{project}/immutabletagrules")
def create_rule(call: Call) -> Response:
    """Nothing checks the selectors; only the very same rule again is a conflict."""
    project = call.allowed("immutable-tag", "create")
    if isinstance(project, Response):
        return project
    body = call.json()
    known = [{k: v for k, v in rule.items() if k != "id"} for rule in project.rules.values()]
    if {k: v for k, v in body.items() if k != "id"} in known:
        return error(409, "CONFLICT", "immutable rule already exists")
    number = call.state.next_id("rule")
    project.rules[number] = {**body, "id": number}
    return created(f"{BASE}/projects/{call.path['project']}/immutabletagrules/{number}")


@route("PUT", "/projects/{project}/immutabletagrules/{rule}")
def update_rule(call: Call) -> Response:
    project = call.allowed("immutable-tag", "update")
    if isinstance(project, Response):
        return project
    number = int(call.path["rule"])
    if number not in project.rules:
        return error(404, "NOT_FOUND", f"immutable rule {number} not found")
    project.rules[number] = {**call.json(), "id": number}
    return Response(200)


@route("DELETE", "/projects/{project}/immutabletagrules/{rule}")
def delete_rule(call: Call) -> Response:
    project = call.allowed("immutable-tag", "delete")
    if isinstance(project, Response):
        return project
    if project.rules.pop(int(call.path["rule"]), None) is None:
        return error(404, "NOT_FOUND", f"immutable rule {call.path['rule']} not found")
    return Response(200)


def _retention_project(call: Call, policy: dict[str, Any]) -> Project | None:
    return call.state.project_by(str(policy.get("scope", {}).get("ref", "")))


@route("POST", "/retentions")
def create_retention(call: Call) -> Response:
    policy = call.json()
    project = _retention_project(call, policy)
    if project is None or not call.identity.may(project, "tag-retention", "create"):
        return refuse(call.identity)
    if held := project.metadata.get("retention_id"):
        message = f"bad request: project {project.id} already has retention policy {held}"
        return error(400, "BAD_REQUEST", message)
    number = call.state.next_id("retention")
    call.state.retentions[number] = {**policy, "id": number}
    # The policy is found again through the project's metadata.
    project.metadata["retention_id"] = str(number)
    return created(f"{BASE}/retentions/{number}")


@route("GET", "/retentions/{retention}")
def get_retention(call: Call) -> Response:
    """A policy that does not exist is an internal error, not 404."""
    policy = call.state.retentions.get(int(call.path["retention"]))
    if policy is None:
        return error(500, "UNKNOWN", "internal server error")
    project = _retention_project(call, policy)
    if project is None or not call.identity.may(project, "tag-retention", "read"):
        return refuse(call.identity)
    return json_response(200, policy)


@route("PUT", "/retentions/{retention}")
def update_retention(call: Call) -> Response:
    number = int(call.path["retention"])
    policy = call.state.retentions.get(number)
    if policy is None:
        return error(500, "UNKNOWN", "internal server error")
    project = _retention_project(call, policy)
    if project is None or not call.identity.may(project, "tag-retention", "update"):
        return refuse(call.identity)
    call.state.retentions[number] = {**call.json(), "id": number}
    return Response(200)


def _render_quota(project: Project) -> dict[str, Any]:
    return {
        "creation_time": project.created,
        "hard": {"storage": project.hard_limit},
        "id": project.quota_id,
        "ref": {"id": project.id, "name": project.name, "owner_name": ""},
        "update_time": NEVER,
        "used": {"storage": project.used},
    }


@route("GET", "/quotas")
def list_quotas(call: Call) -> Response:
    if not call.identity.is_admin:
        return unauthorized() if call.identity.anonymous else forbidden(call.identity.name)
    wanted = call.query.values.get("reference_id")
    projects = [p for p in call.state.projects.values() if not wanted or str(p.id) == wanted]
    projects.sort(key=lambda p: -p.quota_id)
    return page(select(projects, call.query, _QUOTA_KEYS), call.query, _render_quota)


@route("GET", "/quotas/{quota}")
def get_quota(call: Call) -> Response:
    project = next((p for p in call.state.projects.values() if p.quota_id == int(call.path["quota"])), None)
    if project is None:
        return error(404, "NOT_FOUND", f"quota {call.path['quota']} not found")
    if not call.identity.may(project, "quota", "read"):
        return refuse(call.identity)
    return json_response(200, _render_quota(project))


@route("PUT", "/quotas/{quota}")
def update_quota(call: Call) -> Response:
    if not call.identity.is_admin:
        return unauthorized() if call.identity.anonymous else forbidden(call.identity.name)
    project = next((p for p in call.state.projects.values() if p.quota_id == int(call.path["quota"])), None)
    if project is None:
        return error(404, "NOT_FOUND", f"quota {call.path['quota']} not found")
    hard = call.json().get("hard", {})
    for resource in hard:
        if resource != "storage":
            return error(400, "BAD_REQUEST", f"resource {resource} not support")
    value = int(hard.get("storage", 0))
    if value != -1 and value <= 0:
        return error(400, "BAD_REQUEST", f"invalid non-positive value for quota limit, value={value}")
    project.hard_limit = value
    return Response(200)
