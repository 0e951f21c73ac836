"""What preflight needs from the outside, as narrow Protocols; helmkit's adapters match them structurally."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from helmkit.kube import ObjectMetadata, ReleaseMetadata, ServerVersion, StoredRelease
from helmkit.oci import Credentials
from relman.core.preflight.facts import ImageSeen
from relman.ports import RecordStore


class PreflightKube(RecordStore, Protocol):
    """The cluster: reads, reviews of rights, and applying without keeping."""

    async def apply_object(
        self, obj: Mapping[str, Any], *, field_manager: str, dry_run: bool = False, force: bool = False
    ) -> dict[str, Any]:
        """Apply an object; with `dry_run` everything is checked and nothing kept."""

    async def create_object(self, obj: Mapping[str, Any], *, field_manager: str | None = None) -> dict[str, Any]:
        """Create an object; used for reviews, which are not kept."""

    async def get_object(self, api_version: str, kind: str, namespace: str | None, name: str) -> dict[str, Any] | None:
        """Return one object, or None."""

    async def list_objects(
        self, api_version: str, kind: str, namespace: str | None = None, label_selector: str | None = None
    ) -> list[dict[str, Any]]:
        """Return all objects of a kind."""

    async def list_metadata(
        self, api_version: str, kind: str, namespace: str | None = None, label_selector: str | None = None
    ) -> list[ObjectMetadata]:
        """Return the metadata of all objects of a kind."""

    async def list_release_metadata(
        self, namespace: str | None = None, *, release: str | None = None
    ) -> list[ReleaseMetadata]:
        """Return every revision, undecoded."""

    async def get_release(self, namespace: str, name: str, revision: int) -> StoredRelease:
        """Return one revision, decoded."""

    async def server_version(self) -> ServerVersion:
        """Return the API server's version."""


class PreflightHelm(Protocol):
    """Helm, as far as it renders."""

    async def template(
        self, release: str, chart: Path, *, namespace: str, values: Mapping[str, Any] | None = None,
        kube_version: str | None = None,
    ) -> str:  # fmt: skip
        """Render a chart."""


class ImageLookup(Protocol):
    """Asks registries for images; `relman.preflight.registry.Registries` is one."""

    async def __call__(
        self, image: str, credentials: Sequence[Credentials], *, plain_http: bool, platforms: bool
    ) -> ImageSeen:
        """Return what the image's registry says.

        Args:
            image: As the pod names it.
            credentials: Each is tried, then nobody's.
            plain_http: The registry was declared to speak HTTP without TLS.
            platforms: Also find out what it runs on.
        """
