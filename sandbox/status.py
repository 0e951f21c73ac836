"""What runs of a sandbox, and whether it is well."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from sandbox.cluster import Sandbox
from sandbox.components import CERTIFICATE, KUBECONFIG, build_components
from sandbox.processes import ProcessRecord, is_running
from sandbox.startup import component_api
from sandbox.state import Description


@dataclass(frozen=True, kw_only=True)
class ProcessStatus:
    """One process as it is now."""

    name: str
    pid: int
    port: int | None
    """None for a process that listens on no port."""
    age_seconds: int | None
    """None for a process that does not run."""
    healthy: bool


@dataclass(frozen=True, kw_only=True)
class SandboxStatus:
    """A sandbox as it is now."""

    name: str
    state: str
    """`up`, `down`, or `broken` if it was up and something died or does not answer."""
    kubernetes: str | None = None
    kubeconfig: str | None = None
    registry: str | None = None
    outdated: bool = False
    """A sandbox started now would be another one."""
    processes: tuple[ProcessStatus, ...] = ()


def observe_status(sandbox: Sandbox) -> SandboxStatus:
    """Look at every process and ask each for its health; changes nothing."""
    if not sandbox.folder.exists():
        return SandboxStatus(name=sandbox.name, state="down")
    description = sandbox.folder.description()
    if description is None:
        return SandboxStatus(name=sandbox.name, state="broken")
    processes = _observe_processes(sandbox, description)
    return SandboxStatus(
        name=sandbox.name,
        state="up" if all(process.healthy for process in processes) else "broken",
        kubernetes=description.kubernetes,
        kubeconfig=str(sandbox.kubeconfig),
        registry=sandbox.registry,
        outdated=sandbox.outdated(),
        processes=processes,
    )


def _observe_processes(sandbox: Sandbox, description: Description) -> tuple[ProcessStatus, ...]:
    folder = sandbox.folder
    token = json.loads((folder.path / KUBECONFIG).read_text())["users"][0]["user"]["token"]
    certificate = (folder.path / CERTIFICATE).read_text()
    records = {record.name: record for record in folder.records()}
    known = [
        ProcessStatus(
            name=component.name,
            pid=records[component.name].pid,
            port=component.listens,
            age_seconds=_age(records[component.name]),
            healthy=component_api(component, certificate, token).healthy(component.probe_path),
        )
        for component in build_components(description.ports)
        if component.name in records
    ]
    # The watchdog has no port to ask.
    others = [
        ProcessStatus(name=record.name, pid=record.pid, port=None, age_seconds=_age(record), healthy=is_running(record))
        for name, record in records.items()
        if name not in {process.name for process in known}
    ]
    return (*known, *others)


def _age(record: ProcessRecord) -> int | None:
    return int(time.time() - record.since) if is_running(record) else None
