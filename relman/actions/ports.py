"""The outside world of one command, composed by the command line and by tests."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

from relman.core.record import Who
from relman.execute.control import Control
from relman.lock import LockSettings
from relman.ports import Clock, HelmPort, KubePort, Reporter, SourcePort, WatcherFactory
from relman.preflight.ports import ImageLookup


@dataclass(frozen=True)
class World:
    """Everything a use case may touch."""

    kube: KubePort
    helm: HelmPort
    clock: Clock
    reporter: Reporter
    watchers: WatcherFactory
    fetch: SourcePort
    folder: Path
    """A private folder that lives as long as the command."""
    who: Who
    control: Control
    lock: LockSettings = field(default_factory=LockSettings)
    images: ImageLookup | None = None
    """Asks registries for images; None leaves them unchecked."""


WorldFactory = AbstractAsyncContextManager[World]
"""What opens the world and closes it again."""
