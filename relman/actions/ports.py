"""The outside world of one command, composed by the command line and by tests."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from relman.core.record import Who
from relman.execute.control import Control
from relman.lock import LockSettings
from relman.observe.record_cache import RecordCache
from relman.ports import Clock, HelmPort, KubePort, Reporter, SourcePort, WatcherFactory

if TYPE_CHECKING:
    # Reading commands never preflight and never probe; both bring much with them.
    from relman.preflight.ports import ImageLookup
    from relman.probe.probe import Probes


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
    signed_only: bool = False
    """`fetch` refuses what is not signed, and what it does not fetch, such as a folder, is refused as well."""
    probes: Probes | None = None
    """Asks URLs while services move; None asks nothing."""
    images: ImageLookup | None = None
    """Asks registries for images; None leaves them unchecked."""
    records: RecordCache = field(default_factory=RecordCache)
    """What was read of set records."""


WorldFactory = AbstractAsyncContextManager[World]
"""What opens the world and closes it again."""
