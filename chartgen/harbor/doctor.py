"""What is missing for publishing to a Harbor and pulling from it, and how to get it. Changes nothing."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from chartgen.harbor.connection import Connection
from chartgen.harbor.decide import decide_steps, find_robot
from chartgen.harbor.desired import DesiredProject
from chartgen.harbor.observe import ObservedProject, observe_project
from helmkit.errors import HelmkitError
from helmkit.harbor import Account, Harbor
from helmkit.harbor.records import SystemInfo
from helmkit.oci.uploads import probe_upload

State = Literal["ok", "warning", "problem", "unknown"]

_SOON = 14 * 86400
_FULL = 0.9


@dataclass(frozen=True)
class Diagnosis:
    """One thing that was looked at."""

    check: str
    state: State
    found: str
    remedy: str = ""


async def examine(connection: Connection, desired: DesiredProject, *, repository: str) -> list[Diagnosis]:
    """Look at everything that publishing and pulling need.

    Args:
        connection: The registry.
        desired: The declared state of the project.
        repository: `project/…` where charts are published; a push is begun there and given up at once.

    Raises:
        HelmkitError: Nothing answers at all, or it is no Harbor.
    """
    harbor = connection.need_harbor()
    found = [await _login(harbor)]
    if found[0].state == "problem":
        return found
    info = await harbor.info()
    account = await harbor.whoami()
    found += _system(info, connection.host, account)
    seen = await observe_project(harbor, desired)
    found += _project(desired, seen)
    if seen.project is not None:
        found += [await _try_push(connection, repository), *await _content(harbor, desired.name)]
        found += _differences(desired, seen) + _robots(desired, seen, time.time())
    return found


async def _login(harbor: Harbor) -> Diagnosis:
    try:
        account = await harbor.whoami()
    except HelmkitError as error:
        return Diagnosis("login", "problem", error.message, error.hint or "")
    if account.kind == "anonymous":
        return Diagnosis("login", "problem", "nobody is logged in", f"Run: helm registry login {harbor.host}")
    if account.kind == "user":
        slow = "Harbor hashes a user's password for every request (95 ms): use a robot account in CI"
        kind = "administrator" if account.administrator else "user"
        return Diagnosis("login", "ok", f"{account.name} ({kind})", slow)
    return Diagnosis("login", "ok", f"{account.name} (robot account)")


def _system(info: SystemInfo, host: str, account: Account) -> list[Diagnosis]:
    found = [Diagnosis("version", "ok", f"Harbor {info.harbor_version or 'of unknown version'}")]
    if info.read_only:
        remedy = "An administrator must end it (Administration, Configuration)."
        found.append(Diagnosis("mode", "problem", "Harbor is in read-only mode", remedy))
    if info.registry_url and info.registry_url != host:
        remedy = (
            f"Use {info.registry_url} everywhere, or set external_url in harbor.yml: helm and docker are sent there for"
            " tokens and uploads."
        )
        found.append(Diagnosis("address", "warning", f"Harbor believes to be {info.registry_url}", remedy))
    if account.kind == "anonymous":
        found.append(Diagnosis("rights", "problem", "the anonymous caller may only look at public projects"))
    return found


def _project(desired: DesiredProject, seen: ObservedProject) -> list[Diagnosis]:
    if seen.project is not None:
        return [Diagnosis("project", "ok", f"{desired.name} exists")]
    remedy = "Run `chartgen harbor ensure` as an account that may create projects, or ask for membership."
    return [Diagnosis("project", "problem", f"{desired.name} does not exist, or this account may not see it", remedy)]


async def _try_push(connection: Connection, repository: str) -> Diagnosis:
    """Begin an upload and give it up: nothing but this tells whether a push would be let in."""
    try:
        await probe_upload(connection.registry.session, repository)
    except HelmkitError as error:
        return Diagnosis("push", "problem", error.message, error.hint or "")
    return Diagnosis("push", "ok", f"this account may push to {repository}")


async def _content(harbor: Harbor, project: str) -> list[Diagnosis]:
    checks: list[Callable[[Harbor, str], Awaitable[list[Diagnosis]]]] = [_browsing, _mixture, _room]
    found = []
    for check in checks:
        try:
            found += await check(harbor, project)
        except HelmkitError as error:
            found.append(Diagnosis(check.__name__.strip("_"), "unknown", error.message, error.hint or ""))
    return found


async def _browsing(harbor: Harbor, project: str) -> list[Diagnosis]:
    charts = await harbor.artifacts.list_latest_charts(project)
    return [Diagnosis("browsing", "ok", f"{len(charts)} charts are visible")]


async def _mixture(harbor: Harbor, project: str) -> list[Diagnosis]:
    """Charts and images of one name would overwrite each other (T092)."""
    images = await harbor.artifacts.count(project, kind="IMAGE")
    if not images:
        return [Diagnosis("content", "ok", "the project holds no images")]
    remedy = "Give the charts a project of their own: an image pushed under a chart's name replaces it."
    return [Diagnosis("content", "warning", f"the project holds {images} images as well", remedy)]


async def _room(harbor: Harbor, project: str) -> list[Diagnosis]:
    quota = (await harbor.protection.get_summary(project)).get("quota") or {}
    limit, used = (quota.get(part, {}).get("storage", -1) for part in ("hard", "used"))
    if limit <= 0:
        return [Diagnosis("quota", "ok", f"{used / 1048576:.1f} MiB used, without limit")]
    share = used / limit
    state: State = "problem" if share >= 1 else "warning" if share > _FULL else "ok"
    remedy = "Raise [harbor] quota, or let keep_prereleases remove old ones." if share > _FULL else ""
    return [Diagnosis("quota", state, f"{share:.0%} of {limit / 1048576:.0f} MiB used", remedy)]


def _differences(desired: DesiredProject, seen: ObservedProject) -> list[Diagnosis]:
    remedy = "Run `chartgen harbor ensure` (--dry-run shows what it would do)."
    found = []
    for step in decide_steps(desired, seen):
        change = f"{step.old} -> {step.new}" if step.old else step.new
        broken: State = "problem" if step.kind in {"broken-rule", "rule"} else "warning"
        text = {"create": "missing: ", "update": "differs: ", "delete": ""}[step.action] + step.what
        found.append(Diagnosis("state", broken, f"{text} ({change})" if change else text, remedy))
    for part, error in seen.unknown.items():
        found.append(Diagnosis("state", "unknown", f"{part}: {error.message}", error.hint or ""))
    if not found:
        found.append(Diagnosis("state", "ok", "the project is as [harbor] declares it"))
    return found


def _robots(desired: DesiredProject, seen: ObservedProject, now: float) -> list[Diagnosis]:
    found = []
    for robot in desired.robots:
        held = find_robot(seen.robots, desired.name, robot.name)
        if held is None or held.expires_at < 0:
            continue
        left = held.expires_at - now
        state: State = "problem" if left <= 0 else "warning" if left < _SOON else "ok"
        days = "expired" if left <= 0 else f"expires in {left / 86400:.0f} days"
        remedy = "" if state == "ok" else "Delete it in Harbor and run `chartgen harbor ensure`, or raise its days."
        found.append(Diagnosis("robot", state, f"{held.name} {days}", remedy))
    return found
