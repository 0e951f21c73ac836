"""The sandbox as a thing to use: up, look, down. What the command line, the tests and the demo build on.

State is disposable: a sandbox that was taken down starts empty again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from helmkit.errors import HelmkitError
from sandbox.api import Api
from sandbox.building import build_parts
from sandbox.components import CERTIFICATE, KUBECONFIG
from sandbox.credentials import ADMIN_CONTEXT
from sandbox.locks import exclusive
from sandbox.places import DEFAULT_NAME, Places, find_places
from sandbox.ports import DEFAULT_REGISTRY_PORT, LOOPBACK, choose_ports
from sandbox.processes import is_running, start_process, start_time, stop_processes
from sandbox.progress import Progress, StepTimes, wait_until
from sandbox.startup import PortTakenError, Startup, recipe, watchdog_command
from sandbox.state import Description, Owner, StateFolder

_GRACE_SECONDS = 5.0
_ATTEMPTS = 3
_WATCHDOG = "watchdog"

# What in a user's environment would send helm somewhere else than the kubeconfig says.
_HELM_OVERRIDES = (
    "HELM_DRIVER",
    "HELM_KUBEAPISERVER",
    "HELM_KUBEASGROUPS",
    "HELM_KUBEASUSER",
    "HELM_KUBECAFILE",
    "HELM_KUBETOKEN",
    "HELM_NAMESPACE",
)


def here() -> Places:
    """Return the folders of this machine and user."""
    return find_places(os.environ, Path.home())


@dataclass(frozen=True)
class Sandbox:
    """A handle on the sandbox of a name, whether it is up or not; most of what it tells needs it up."""

    name: str
    folder: StateFolder

    @classmethod
    def up(
        cls,
        name: str = DEFAULT_NAME,
        *,
        free_ports: bool = False,
        registry_port: int = DEFAULT_REGISTRY_PORT,
        owner: int | None = None,
        progress: Progress | None = None,
        places: Places | None = None,
    ) -> Sandbox:
        """Bring the sandbox up, building its programs first if need be, and return it.

        Idempotent: one that is up stays as it is. One of which a process died is taken down and started anew,
        empty. Two callers at once share one start. Sandboxes whose owners died are taken down on the way.

        Args:
            name: Several sandboxes, told apart by name, can be up at once.
            free_ports: Give the registry any free port too.
            registry_port: The registry's port otherwise.
            owner: The id of a process; when it ends, however it ends, the sandbox goes down.
            progress: Told about each step.
            places: Where programs and state lie; this user's folders by default.

        Raises:
            UsageError: The name, the port or Go cannot be used.
            HelmkitError: A program could not be built or started. Its logs are kept until the next `up`.
        """
        places = places or here()
        progress = progress or Progress()
        folder = StateFolder(places.sandbox(name))
        parts = build_parts(places.cache, os.environ, progress)
        busy = "another process starts or stops a sandbox; waiting"
        with exclusive(folder.lock, on_wait=lambda: progress.line(busy)):
            _sweep(places)
            sandbox = cls(name, folder)
            if sandbox.healthy():
                progress.line(f'sandbox "{name}" is already up')
                return sandbox
            if folder.exists():
                progress.line(f'sandbox "{name}" was not up as a whole; starting it anew')
            registry = None if free_ports else registry_port
            _start(folder, parts, registry, owner, StepTimes(progress))
            return sandbox

    @classmethod
    def attach(cls, name: str = DEFAULT_NAME, *, places: Places | None = None) -> Sandbox:
        """Return a handle on the sandbox of that name; nothing is started.

        Raises:
            UsageError: No sandbox can have that name.
        """
        return cls(name, StateFolder((places or here()).sandbox(name)))

    def down(self) -> bool:
        """Stop all its processes and remove its folder; idempotent. Returns whether there was anything."""
        return take_down(self.folder)

    def healthy(self) -> bool:
        """Tell whether every process runs and the API server and the registry answer."""
        records = self.folder.records()
        if self.folder.description() is None or not all(is_running(record) for record in records):
            return False
        return self.api.healthy("/readyz") and Api(self.description.ports.registry).healthy("/v2/")

    def outdated(self) -> bool:
        """Tell whether a sandbox started now would be another one (other versions, other stages)."""
        return self.description.recipe != recipe()

    def make_namespace(self, name: str, *, labels: Mapping[str, str] | None = None) -> None:
        """Create a namespace and wait until pods can be created in it; idempotent, labels are not changed.

        Raises:
            TimedOutError: Its default service account did not come.
        """
        api = self.api
        api.create("/api/v1/namespaces", {"metadata": {"name": name, "labels": dict(labels or {})}})
        account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
        wait_until(lambda: api.get(account), f"the service account of namespace {name}", seconds=60)

    @property
    def description(self) -> Description:
        """Its ports, programs and version.

        Raises:
            HelmkitError: It is not up.
        """
        description = self.folder.description()
        if description is None:
            message = f'sandbox "{self.name}" is not up'
            raise HelmkitError(message, hint=f"python -m sandbox up{_option(self.name)}")
        return description

    @property
    def kubeconfig(self) -> Path:
        """Its kubeconfig: context `sandbox` is the admin, `sandbox-viewer` a user without rights."""
        return self.folder.path / KUBECONFIG

    @property
    def registry(self) -> str:
        """The registry's address, host and port; it speaks plain HTTP."""
        return f"{LOOPBACK}:{self.description.ports.registry}"

    @property
    def helm(self) -> Path:
        """Helm 4."""
        return self.folder.programs / "helm"

    @property
    def helm3(self) -> Path:
        """Helm 3."""
        return self.folder.programs / "helm3"

    @property
    def kubectl(self) -> Path:
        """The kubectl of the API server's version."""
        return self.folder.programs / "kubectl"

    @property
    def environ(self) -> dict[str, str]:
        """The variables that point helm and kubectl at the sandbox, and away from the user's own files."""
        helm = self.folder.path / "helm"
        path = [part for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if part != str(self.helm.parent)]
        return {
            "KUBECONFIG": str(self.kubeconfig),
            "PATH": os.pathsep.join([str(self.helm.parent), *path]),
            "KUBECACHEDIR": str(self.folder.path / "kubectl"),
            "SANDBOX_REGISTRY": self.registry,
            "HELM_CACHE_HOME": str(helm / "cache"),
            "HELM_CONFIG_HOME": str(helm / "config"),
            "HELM_DATA_HOME": str(helm / "data"),
            "HELM_PLUGINS": str(helm / "data/plugins"),
            "HELM_REGISTRY_CONFIG": str(helm / "config/registry/config.json"),
            "HELM_REPOSITORY_CACHE": str(helm / "cache/repository"),
            "HELM_REPOSITORY_CONFIG": str(helm / "config/repositories.yaml"),
            "HELM_KUBECONTEXT": ADMIN_CONTEXT,
            **dict.fromkeys(_HELM_OVERRIDES, ""),
        }

    @property
    def api(self) -> Api:
        """The API server, as the admin."""
        config = json.loads(self.kubeconfig.read_text())
        certificate = (self.folder.path / CERTIFICATE).read_text()
        return Api(self.description.ports.api, certificate=certificate, token=config["users"][0]["user"]["token"])


def _option(name: str) -> str:
    return "" if name == DEFAULT_NAME else f" --name {name}"


def take_down(folder: StateFolder, *, but_not: int | None = None) -> bool:
    """Stop every process of the sandbox in the folder and remove the folder; idempotent, also after a crash.

    Args:
        folder: The sandbox's folder.
        but_not: The id of one process to leave alone: the caller's, if it is one of them.

    Returns:
        Whether there was one.
    """
    with exclusive(folder.lock):
        if not folder.exists():
            return False
        _stop(folder, but_not)
        folder.remove()
        return True


def _sweep(places: Places) -> None:
    # Whose owner died should be gone already; it is not if its watchdog was killed as well.
    for path in places.state.glob("*/"):
        folder = StateFolder(path)
        owner = folder.owner()
        if owner is not None and not owner.alive:
            _stop(folder)
            folder.remove()


def _stop(folder: StateFolder, but_not: int | None = None) -> None:
    records = [record for record in folder.records() if record.pid != but_not]
    # The API server ends much faster while etcd still answers.
    stop_processes([record for record in records if record.name != "etcd"], grace_seconds=_GRACE_SECONDS)
    stop_processes(records, grace_seconds=_GRACE_SECONDS)


def _start(
    folder: StateFolder, parts: Mapping[str, Path], registry: int | None, owner_pid: int | None, steps: StepTimes
) -> Description:
    owner = _find_owner(owner_pid)
    for attempt in range(1, _ATTEMPTS + 1):
        _stop(folder)
        folder.remove()
        ports = choose_ports(registry)
        folder.make(owner)
        if owner is not None:
            _start_watchdog(folder, owner)
        try:
            return Startup(folder, parts, ports, steps).run()
        except PortTakenError:
            if attempt == _ATTEMPTS:
                raise
        except BaseException:
            # The logs stay: they are what the error points to.
            _stop(folder)
            raise
    raise AssertionError


def _find_owner(pid: int | None) -> Owner | None:
    if pid is None:
        return None
    started = start_time(pid)
    if started is None:
        message = f"the sandbox cannot belong to process {pid}: no such process runs"
        raise HelmkitError(message)
    return Owner(pid, started)


def _start_watchdog(folder: StateFolder, owner: Owner) -> None:
    source = str(Path(__file__).parents[1])
    start_process(
        watchdog_command(folder, owner.pid, owner.started),
        name=_WATCHDOG,
        folder=folder.path,
        log=folder.logs / f"{_WATCHDOG}.log",
        records=folder.processes,
        environ={"PYTHONPATH": source, "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath},
    )
