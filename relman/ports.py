"""What relman needs from the outside, as narrow Protocols; helmkit's adapters match them structurally.

Values that cross a port are helmkit's own frozen types. Errors are HelmkitError subclasses alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from helmkit.helm.release import HelmRelease, HelmVersion
from helmkit.kube import ConfigMap, ObjectMetadata, ReleaseDraft, ReleaseMetadata, ServerVersion, StoredRelease


class HelmPort(Protocol):
    """Helm, one method per command."""

    async def version(self) -> HelmVersion:
        """Return the version of the binary; UsageError when there is none that fits."""

    async def upgrade(
        self,
        release: str,
        chart: Path,
        *,
        namespace: str,
        values: Mapping[str, Any],
        timeout: int,  # noqa: ASYNC109 - helm's own flag
        description: str = "",
        wait: bool = False,
    ) -> HelmRelease:
        """Install or upgrade a release."""

    async def rollback(
        self,
        release: str,
        revision: int,
        *,
        namespace: str,
        timeout: int,  # noqa: ASYNC109 - helm's own flag
        wait: bool = False,
        description: str | None = None,
    ) -> None:
        """Make a new revision that is like an old one."""

    async def uninstall(
        self,
        release: str,
        *,
        namespace: str,
        timeout: int,  # noqa: ASYNC109 - helm's own flag
        keep_history: bool = False,
    ) -> None:
        """Remove a release."""

    async def test(
        self,
        release: str,
        *,
        namespace: str,
        timeout: int,  # noqa: ASYNC109 - helm's own flag
        tests: int = 1,
    ) -> None:
        """Run the test hooks of a release, `timeout` seconds each; HelmkitError when one fails."""

    async def template(
        self, release: str, chart: Path, *, namespace: str, values: Mapping[str, Any] | None = None,
        kube_version: str | None = None,
    ) -> str:  # fmt: skip
        """Render a chart."""


class ReleaseStore(Protocol):
    """Helm's release records in the cluster."""

    async def list_release_metadata(
        self, namespace: str | None = None, *, release: str | None = None
    ) -> list[ReleaseMetadata]:
        """Return every revision, undecoded, by namespace, name and revision."""

    async def get_release(self, namespace: str, name: str, revision: int) -> StoredRelease:
        """Return one revision, decoded."""

    async def mark_release(self, release: StoredRelease | ReleaseMetadata, *, status: str, description: str) -> None:
        """Correct status and description in Helm's own history; raises ConflictError when it changed."""

    async def delete_release(self, release: StoredRelease | ReleaseMetadata) -> bool:
        """Delete one revision's record."""

    async def create_release(self, draft: ReleaseDraft) -> ReleaseMetadata:
        """Record a revision for objects that are there; AlreadyExistsError when there is one."""

    async def relabel_release(self, release: ReleaseMetadata, labels: Mapping[str, str]) -> None:
        """Change labels of a revision's Secret."""


class RecordStore(Protocol):
    """ConfigMaps as records."""

    async def list_configmap_metadata(
        self, namespace: str | None = None, label_selector: str | None = None
    ) -> list[ObjectMetadata]:
        """Return metadata of ConfigMaps; of all namespaces when `namespace` is None."""

    async def get_configmap(self, namespace: str, name: str) -> ConfigMap | None:
        """Return one, or None."""

    async def create_configmap(self, configmap: ConfigMap) -> ConfigMap:
        """Create one; AlreadyExistsError is our fence."""

    async def replace_configmap(self, configmap: ConfigMap) -> ConfigMap:
        """Replace one at its resource version; ConflictError otherwise."""

    async def delete_configmap(
        self, namespace: str, name: str, *, uid: str | None = None, resource_version: str | None = None
    ) -> bool:
        """Delete one; False when it was gone."""


class ObjectStore(Protocol):
    """Live objects of any kind."""

    async def list_metadata(
        self, api_version: str, kind: str, namespace: str | None = None, label_selector: str | None = None
    ) -> list[ObjectMetadata]:
        """Return the metadata of all objects of a kind."""

    async def list_objects(
        self, api_version: str, kind: str, namespace: str | None = None, label_selector: str | None = None
    ) -> list[dict[str, Any]]:
        """Return all objects of a kind."""

    async def get_object(self, api_version: str, kind: str, namespace: str | None, name: str) -> dict[str, Any] | None:
        """Return one, or None."""

    async def create_object(self, obj: Mapping[str, Any], *, field_manager: str | None = None) -> dict[str, Any]:
        """Create one; AlreadyExistsError when there is one."""

    async def replace_object(self, obj: Mapping[str, Any], *, field_manager: str | None = None) -> dict[str, Any]:
        """Replace one at its resource version; ConflictError otherwise."""

    async def apply_object(
        self, obj: Mapping[str, Any], *, field_manager: str, dry_run: bool = False, force: bool = False
    ) -> dict[str, Any]:
        """Create or change an object by server-side apply."""

    async def delete_object(
        self, api_version: str, kind: str, namespace: str | None, name: str, *, uid: str | None = None,
        propagation: Literal["Background", "Foreground", "Orphan"] = "Background",
    ) -> bool:  # fmt: skip
        """Delete one; False when it was gone."""


class ClusterPort(Protocol):
    """The cluster itself."""

    async def server_version(self) -> ServerVersion:
        """Return the API server's version."""

    async def cluster_uid(self) -> str:
        """Return the UID of kube-system."""

    async def whoami(self) -> str:
        """Return our user name there."""

    async def ensure_namespace(
        self, name: str, labels: Mapping[str, str] | None = None, annotations: Mapping[str, str] | None = None
    ) -> bool:
        """Make sure a namespace exists with these labels and annotations; True when created."""


class LogPort(Protocol):
    """Logs of containers."""

    async def read_log(self, namespace: str, pod: str, container: str, *, previous: bool = False, lines: int) -> str:
        """Return the last lines a container wrote, unmasked; HelmkitError when they cannot be had."""


class KubePort(ReleaseStore, RecordStore, ObjectStore, ClusterPort, LogPort, Protocol):
    """Everything relman asks of a cluster."""


class CauseLike(Protocol):
    """Why something is not ready; `relman.core.diagnosis.Cause` is one."""

    @property
    def kind(self) -> str:
        """A word for programs."""

    @property
    def summary(self) -> str:
        """One line."""

    @property
    def detail(self) -> str:
        """What the cluster said."""

    @property
    def objects(self) -> tuple[str, ...]:
        """The objects it was seen on."""

    @property
    def hint(self) -> str:
        """What to do next."""


class StatusLike(Protocol):
    """How far a rollout is; `relman.core.rollout.RolloutStatus` is one."""

    @property
    def state(self) -> str:
        """`ready`, `progressing` or `doomed`."""

    @property
    def ready(self) -> int:
        """How many are there."""

    @property
    def wanted(self) -> int:
        """How many there must be."""

    @property
    def message(self) -> str:
        """One line for a live table."""

    @property
    def causes(self) -> Sequence[CauseLike]:
        """What stands in the way."""


class OutcomeLike(Protocol):
    """How a wait ended; `relman.rollout.RolloutOutcome` is one."""

    @property
    def state(self) -> Literal["ready", "failed", "timed_out"]:
        """How."""

    @property
    def status(self) -> StatusLike:
        """The last status seen."""

    @property
    def causes(self) -> Sequence[CauseLike]:
        """Root cause first."""


class Watcher(Protocol):
    """Waits for rollouts in one namespace; `relman.rollout.RolloutWatcher` is one."""

    async def __aenter__(self) -> Self:
        """Start nothing yet."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop all watches."""

    async def wait_ready(
        self,
        objects: Sequence[Mapping[str, Any]],
        *,
        time_limit: float,
        report: Callable[[Any], None] | None = None,
    ) -> OutcomeLike:
        """Wait until the objects are ready, cannot get ready, or the time is over."""

    async def snapshot_once(self, objects: Sequence[Mapping[str, Any]]) -> StatusLike:
        """Judge the objects now, without waiting."""


WatcherFactory = Callable[[str], Watcher]
"""Makes the watcher of a namespace."""


class Clock(Protocol):
    """Time and chance, so that tests own both."""

    def now(self) -> str:
        """Return the time, RFC 3339 in UTC, to the second."""

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back; only differences mean anything."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""

    def new_id(self) -> str:
        """Return a random id, 12 hexadecimal digits."""


class Reporter(Protocol):
    """Hears what happens, as it happens; `helmkit.console.Progress` is one."""

    def report(self, name: str, state: str, detail: str = "") -> None:
        """Tell what is happening to a service now."""

    def note(self, text: str) -> None:
        """Tell something that concerns no single service."""


class SourcePort(Protocol):
    """Where an umbrella is fetched from, when it is in a registry."""

    async def __call__(self, url: str, version: str, *, plain_http: bool) -> tuple[bytes, str]:
        """Return the archive and its manifest digest."""
