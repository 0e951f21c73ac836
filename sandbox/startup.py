"""Bringing a sandbox up, step by step, inside an empty state folder.

The order is what makes it fast: everything that can start without something else's answer does, and waits by itself.
"""

from __future__ import annotations

import hashlib
import secrets
import ssl
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from helmkit.errors import HelmkitError
from sandbox.api import Api
from sandbox.components import (
    CERTIFICATE,
    KUBECONFIG,
    REGISTRY_CONFIG,
    SERVICE_ACCOUNT_KEY,
    STAGES,
    TOKENS,
    Component,
    build_components,
    render_registry_config,
)
from sandbox.credentials import Tokens, new_service_account_key, new_tokens, render_kubeconfig, render_token_file
from sandbox.objects import NODES, STORAGE_CLASSES, initial_objects
from sandbox.parts import PARTS, part_folder
from sandbox.ports import LOOPBACK, Ports
from sandbox.processes import ProcessRecord, is_running, start_process
from sandbox.progress import StepTimes, wait_until
from sandbox.stages import render_stages
from sandbox.state import Description, StateFolder

_LIMIT_SECONDS = 90.0
_FIRST = ("etcd", "kube-apiserver", "registry")
_STARTS = 5
"""How often a program is started that gave up waiting for the API server, which a busy machine makes slow."""
_NOT_READY_TAINT = "node.kubernetes.io/not-ready"


class PortTakenError(HelmkitError):
    """Somebody took a port between our choosing it and a program's listening on it."""


def recipe() -> str:
    """Return a digest over everything that makes a sandbox what it is, so that an outdated one can be told."""
    texts = [*(part_folder(part) for part in PARTS), render_stages(), repr(initial_objects(""))]
    texts.append(repr(build_components(Ports(api=1, controllers=2, scheduler=3, kwok=4, registry=5))))
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]


class Startup:
    """One attempt to start a sandbox.

    Args:
        folder: The sandbox's folder, made and empty.
        parts: The folders of the built parts, by name.
        ports: Ports that were free a moment ago.
        steps: Told about each step.
    """

    def __init__(self, folder: StateFolder, parts: Mapping[str, Path], ports: Ports, steps: StepTimes) -> None:
        self._folder = folder
        self._parts = parts
        self._ports = ports
        self._steps = steps
        self._records: dict[str, ProcessRecord] = {}
        self._starts: dict[str, int] = {}
        self._served = False
        """Whether the API server has answered; from then on nothing has a reason to end."""

    def run(self) -> Description:
        """Start everything and return when pods can be scheduled and images pushed.

        Raises:
            PortTakenError: Another program was faster to listen on a port.
            HelmkitError: A program ended, or did not get ready in time (TimedOutError).
        """
        components = build_components(self._ports)
        tokens = self._write_files()
        self._start(component for component in components if component.name in _FIRST)
        certificate = wait_until(self._certificate, "kube-apiserver's certificate", seconds=_LIMIT_SECONDS)
        self._folder.write(KUBECONFIG, render_kubeconfig(f"https://{LOOPBACK}:{self._ports.api}", certificate, tokens))
        self._start(component for component in components if component.name not in _FIRST)
        self._steps.done(f"started {', '.join(self._records)}")
        api = Api(self._ports.api, certificate=certificate, token=tokens.admin)
        version = self._seed(api)
        for component in components:
            self._wait_healthy(component, certificate, tokens)
        self._steps.done("all processes are healthy")
        self._wait_usable(api)
        description = Description(ports=self._ports, kubernetes=version, recipe=recipe())
        self._folder.describe(description)
        return description

    def _write_files(self) -> Tokens:
        tokens = new_tokens()
        self._folder.write(TOKENS, render_token_file(tokens))
        self._folder.write(SERVICE_ACCOUNT_KEY, new_service_account_key())
        self._folder.write(STAGES, render_stages())
        self._folder.write(REGISTRY_CONFIG, render_registry_config(self._ports, secrets.token_hex(16)))
        programs = {
            "helm": self._parts["helm"] / "helm",
            "helm3": self._parts["helm3"] / "helm",
            "kubectl": self._parts["kubernetes"] / "kubectl",
        }
        for name, program in programs.items():
            (self._folder.programs / name).symlink_to(program)
        return tokens

    def _start(self, components: Iterable[Component]) -> None:
        for component in components:
            self._starts[component.name] = self._starts.get(component.name, 0) + 1
            program = self._parts[component.part] / component.program
            self._records[component.name] = start_process(
                [str(program), *component.arguments],
                name=component.name,
                folder=self._folder.path,
                log=self._folder.logs / f"{component.name}.log",
                records=self._folder.processes,
                environ=_clean_environ(self._folder.path),
            )

    def _certificate(self) -> str | None:
        self._refuse_dead()
        try:
            text = (self._folder.path / CERTIFICATE).read_text()
            ssl.create_default_context(cadata=text)
        except (OSError, ssl.SSLError):
            # Not there yet, or only half written.
            return None
        return text

    def _seed(self, api: Api) -> str:
        def ready() -> bool:
            self._refuse_dead()
            return api.healthy("/readyz")

        wait_until(ready, "kube-apiserver to be ready", seconds=_LIMIT_SECONDS, hint=self._where_logs())
        self._refuse_dead()
        self._served = True
        version = str(api.get("/version")["gitVersion"])
        self._steps.done(f"kube-apiserver {version} is ready on {LOOPBACK}:{self._ports.api}")
        for path, body in initial_objects(version):
            api.create(path, body)
        self._steps.done(f"{len(NODES)} nodes, storage classes {' and '.join(STORAGE_CLASSES)}, ingress class nginx")
        return version

    def _wait_healthy(self, component: Component, certificate: str, tokens: Tokens) -> None:
        api = component_api(component, certificate, tokens.admin)

        def healthy() -> bool:
            self._refuse_dead()
            return api.healthy(component.probe_path)

        wait_until(healthy, f"{component.name} to be healthy", seconds=_LIMIT_SECONDS, hint=self._where_logs())

    def _wait_usable(self, api: Api) -> None:
        def usable() -> bool:
            self._refuse_dead()
            nodes = api.get("/api/v1/nodes")["items"]
            taints = [taint["key"] for node in nodes for taint in node["spec"].get("taints", [])]
            account = api.get("/api/v1/namespaces/default/serviceaccounts/default")
            return account is not None and _NOT_READY_TAINT not in taints

        wait_until(usable, "the nodes to be ready", seconds=_LIMIT_SECONDS, hint=self._where_logs())
        self._steps.done("pods can be scheduled")

    def _refuse_dead(self) -> None:
        for name, record in list(self._records.items()):
            if is_running(record):
                continue
            tail = self._folder.log_tail(name)
            if "address already in use" in tail:
                message = f"{name} could not listen on its port: another program took it\n{tail}"
                raise PortTakenError(message)
            if name not in _FIRST and not self._served and self._starts[name] < _STARTS:
                self._start(one for one in build_components(self._ports) if one.name == name)
                continue
            message = f"starting {name} failed: it ended by itself\n{tail}"
            raise HelmkitError(message, hint=self._where_logs())

    def _where_logs(self) -> str:
        return f"the programs' logs are in {self._folder.logs}"


def component_api(component: Component, certificate: str, token: str) -> Api:
    """Return the server that tells about the component's health."""
    if not component.tls:
        return Api(component.probe_port)
    return Api(component.probe_port, certificate=certificate, token=token)


def _clean_environ(home: Path) -> dict[str, str]:
    # A proxy, a KUBECONFIG or a ~/.kwok of the user must not reach into the sandbox, nor telemetry out of it.
    return {"HOME": str(home), "PATH": "/usr/bin:/bin", "OTEL_TRACES_EXPORTER": "none", "LANG": "C"}


def watchdog_command(folder: StateFolder, pid: int, started: str) -> list[str]:
    """Return the command line of the process that takes the sandbox down when its owner ends."""
    return [sys.executable, "-m", "sandbox.watchdog", str(folder.path), str(pid), started]
