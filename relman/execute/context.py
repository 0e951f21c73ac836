"""What every step of a run needs: the ports, the journals, and what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from relman.core.record import Content, ServiceRecord
from relman.core.recording import with_service
from relman.execute.control import Control
from relman.journal import Journal
from relman.ports import Clock, HelmPort, KubePort, Reporter, Watcher, WatcherFactory
from relman.source import Platform

HELM_TIMEOUT = 60
"""Seconds for one helm command that does not wait for rollouts."""
RESTORE_MINIMUM = 60
"""Seconds every restore gets at least to become ready."""
UNHEALTHY_WAIT = 5
"""Seconds that what goes back to a revision which was not healthy gets: it need not become ready."""


@dataclass(frozen=True)
class RunSettings:
    """How a run behaves."""

    run: str
    """Its id."""
    label: str
    """What stands in Helm's history: platform, version and reason."""
    parallel: int = 4
    restore: bool = True
    """Go back after a failure; else independent branches go on."""
    helm_timeout: int = HELM_TIMEOUT
    accept_irreversible: bool = False
    """Limits on going back, and irreversible migrations, do not stop the way back."""


@dataclass
class RunContext:
    """One run."""

    kube: KubePort
    helm: HelmPort
    clock: Clock
    reporter: Reporter
    control: Control
    settings: RunSettings
    watchers: WatcherFactory
    platforms: Mapping[str, Platform]
    """By platform version: where charts are taken from."""
    environment: str
    touched: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By namespace: live objects that others had written to when the run began, `apiVersion/Kind/name`."""
    journals: dict[str, Journal] = field(default_factory=dict)
    """By namespace."""
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _watchers: dict[str, Watcher] = field(default_factory=dict)

    async def watcher(self, namespace: str) -> Watcher:
        """Return the one watcher of a namespace, started on first use and stopped with the run."""
        if namespace not in self._watchers:
            watcher = self.watchers(namespace)
            self._watchers[namespace] = watcher
            await self.stack.enter_async_context(watcher)
        return self._watchers[namespace]

    def service(self, namespace: str, key: str) -> ServiceRecord:
        """Return what is recorded of a service so far."""
        return self.journals[namespace].record.services[key]

    async def record(self, namespace: str, key: str, **changes: object) -> None:
        """Write something about a service into the journal; returns when it is in the cluster."""
        await self.journals[namespace].write(lambda record: with_service(record, key, **changes))

    def platform_for(self, content: Content) -> Platform:
        """Return where a content is taken from."""
        return self.platforms[content.platform_version]

    @property
    def description(self) -> str:
        """What stands in Helm's history; the run id in it lets a later run recognise what this one made."""
        return f"{self.settings.label} [relman {self.settings.run}]"
