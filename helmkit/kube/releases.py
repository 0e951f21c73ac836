"""Helm's own release records: the Secrets `sh.helm.release.v1.<name>.v<revision>`.

Lists read metadata only; a record's content (base64, base64 again, gzip, JSON) is decoded only when asked for.
"""

from __future__ import annotations

import base64
import binascii
import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from helmkit.errors import HelmkitError
from helmkit.kube.errors import ConflictError, NotFoundError
from helmkit.kube.metadata import ObjectMetadata
from helmkit.kube.objects import Objects

SECRET_TYPE = "helm.sh/release.v1"  # noqa: S105 - a type, no secret
_PREFIX = "sh.helm.release.v1."
_GZIP_MAGIC = b"\x1f\x8b\x08"


@dataclass(frozen=True)
class ReleaseMetadata:
    """What a release Secret's labels say of one revision."""

    name: str
    namespace: str
    revision: int
    status: str
    """Helm's word: `deployed`, `superseded`, `failed`, `uninstalled`, `pending-upgrade`, …"""
    uid: str
    """Of the Secret. Revision numbers restart after an uninstall; this is never used twice."""
    resource_version: str
    created_at: datetime | None
    labels: Mapping[str, str]
    """All labels of the Secret, helm's own among them."""

    @property
    def secret_name(self) -> str:
        """Return the name of the Secret."""
        return secret_name(self.name, self.revision)


@dataclass(frozen=True)
class StoredRelease:
    """One revision of a release as helm keeps it."""

    name: str
    namespace: str
    revision: int
    status: str
    description: str
    manifest: str
    """The rendered YAML without hooks. May hold Secrets: never print it unasked."""
    config: Mapping[str, Any]
    """The values given to it, not the chart's defaults. May hold secrets."""
    chart_name: str
    chart_version: str
    app_version: str
    first_deployed: datetime | None
    last_deployed: datetime | None
    apply_method: str
    """`ssa`, `csa`, or empty when Helm 3 made it (client-side)."""
    hooks: tuple[str, ...]
    """The rendered YAML of each hook."""
    uid: str
    resource_version: str


class _Chart(msgspec.Struct):
    class _Metadata(msgspec.Struct):
        name: str = ""
        version: str = ""
        appVersion: str = ""  # noqa: N815 - helm's own names

    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


class _Info(msgspec.Struct):
    status: str = ""
    description: str = ""
    first_deployed: str = ""
    last_deployed: str = ""


class _Hook(msgspec.Struct):
    manifest: str = ""


class _Record(msgspec.Struct):
    name: str
    version: int
    info: _Info
    manifest: str = ""
    config: dict[str, Any] | None = None
    chart: _Chart | None = None
    hooks: tuple[_Hook, ...] | None = None
    apply_method: str = ""


class Releases(Objects):
    """Helm's release records."""

    async def list_release_metadata(
        self, namespace: str | None = None, *, release: str | None = None
    ) -> list[ReleaseMetadata]:
        """Return every revision of every release, by namespace, name and revision; nothing is decoded.

        Args:
            namespace: All namespaces when None.
            release: Only that release's.
        """
        selector = "owner=helm" + (f",name={release}" if release else "")
        found = await self.list_metadata("v1", "Secret", namespace, selector)
        releases = [read for one in found if (read := release_metadata(one))]
        return sorted(releases, key=lambda one: (one.namespace, one.name, one.revision))

    async def get_release(self, namespace: str, name: str, revision: int) -> StoredRelease:
        """Return one revision, decoded.

        Raises:
            NotFoundError: There is no such revision.
            HelmkitError: Its record is damaged.
        """
        secret = await self._release_secret(namespace, name, revision)
        where = f"revision {revision} of release {name} in namespace {namespace}"
        try:
            record = msgspec.json.decode(decode_release(secret["data"]["release"]), type=_Record)
        except (KeyError, ValueError, msgspec.MsgspecError) as error:
            raise _damaged(where, error) from error
        return _stored(record, secret)

    async def mark_release(self, release: StoredRelease | ReleaseMetadata, *, status: str, description: str) -> None:
        """Correct the status and the description of a revision in helm's own history.

        `helm history` shows them; the next upgrade or rollback goes on from there. Repeating it changes nothing.

        Args:
            release: The revision as it was read; it must not have changed since.
            status: Helm's word, `failed` as a rule.
            description: What to tell the people who look there.

        Raises:
            ConflictError: The revision has changed since it was read, or was made anew.
            NotFoundError: It is gone.
        """
        where = f"revision {release.revision} of release {release.name} in namespace {release.namespace}"
        secret = await self._release_secret(release.namespace, release.name, release.revision)
        metadata = secret["metadata"]
        if (metadata["uid"], metadata["resourceVersion"]) != (release.uid, release.resource_version):
            message = f"correcting the record of {where} failed: it has changed since it was read"
            raise ConflictError(message, hint="Read the release again and decide anew.")
        try:
            record = msgspec.json.decode(decode_release(secret["data"]["release"]))
            record["info"].update(status=status, description=description)
        except (KeyError, TypeError, ValueError, msgspec.MsgspecError) as error:
            raise _damaged(where, error) from error
        secret["data"]["release"] = encode_release(msgspec.json.encode(record))
        metadata.setdefault("labels", {})["status"] = status
        # Sent back they would be a claim on fields that helm owns.
        metadata.pop("managedFields", None)
        await self.replace_object(secret)

    async def delete_release(self, release: StoredRelease | ReleaseMetadata) -> bool:
        """Delete one revision's record (prune it); its objects stay. False when it was gone.

        Raises:
            ConflictError: There is another one in its place.
        """
        name = secret_name(release.name, release.revision)
        return await self.delete_object("v1", "Secret", release.namespace, name, uid=release.uid)

    async def _release_secret(self, namespace: str, name: str, revision: int) -> dict[str, Any]:
        secret = await self.get_object("v1", "Secret", namespace, secret_name(name, revision))
        if secret is None:
            message = f"release {name} in namespace {namespace} has no revision {revision}"
            raise NotFoundError(message, hint=f"See what there is: `helm history {name} -n {namespace}`.")
        return secret


def secret_name(release: str, revision: int) -> str:
    """Return the name of the Secret that holds a revision."""
    return f"{_PREFIX}{release}.v{revision}"


def decode_release(data: str) -> bytes:
    """Return the JSON in a release Secret's `data.release`.

    Raises:
        ValueError: It is damaged.
    """
    try:
        packed = base64.b64decode(base64.b64decode(data, validate=True), validate=True)
        return gzip.decompress(packed) if packed.startswith(_GZIP_MAGIC) else packed
    except (binascii.Error, EOFError, OSError) as error:
        raise ValueError(str(error)) from error


def encode_release(record: bytes) -> str:
    """Return `record` (JSON) as a release Secret's `data.release`; equal for equal input."""
    return base64.b64encode(base64.b64encode(gzip.compress(record, mtime=0))).decode()


def release_metadata(one: ObjectMetadata) -> ReleaseMetadata | None:
    """Return what the labels say; None for a Secret that only looks like helm's."""
    name, revision = one.labels.get("name", ""), one.labels.get("version", "")
    if not name or not revision.isdecimal() or one.name != secret_name(name, int(revision)):
        return None
    return ReleaseMetadata(
        name=name,
        namespace=one.namespace,
        revision=int(revision),
        status=one.labels.get("status", ""),
        uid=one.uid,
        resource_version=one.resource_version,
        created_at=one.created_at,
        labels=one.labels,
    )


def _stored(record: _Record, secret: Mapping[str, Any]) -> StoredRelease:
    chart = (record.chart or _Chart()).metadata
    info = record.info
    metadata = secret["metadata"]
    return StoredRelease(
        name=record.name,
        namespace=metadata["namespace"],
        revision=record.version,
        status=info.status,
        description=info.description,
        manifest=record.manifest,
        config=record.config or {},
        chart_name=chart.name,
        chart_version=chart.version,
        app_version=chart.appVersion,
        first_deployed=_time(info.first_deployed),
        last_deployed=_time(info.last_deployed),
        apply_method=record.apply_method,
        hooks=tuple(hook.manifest for hook in record.hooks or ()),
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
    )


def _time(text: str) -> datetime | None:
    """Read a time as Go writes it; Helm 3 writes an empty text for none."""
    try:
        return msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return None


def _damaged(where: str, error: Exception) -> HelmkitError:
    message = f"reading {where} failed: helm's record of it is damaged: {type(error).__name__}"
    return HelmkitError(message, hint="Helm cannot use that revision either; delete its Secret if it is old.")
