"""Writing helm's release records: a revision for objects that are there already, and records that are put aside.

Helm itself has no command for either: `helm install --take-ownership` applies a chart, and `helm uninstall` deletes
the objects with the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from helmkit.kube.errors import ConflictError
from helmkit.kube.metadata import parse_metadata
from helmkit.kube.releases import SECRET_TYPE, ReleaseMetadata, Releases, encode_release, release_metadata, secret_name

_MANAGER = "helm"


@dataclass(frozen=True)
class ReleaseDraft:
    """A revision to record."""

    name: str
    namespace: str
    revision: int
    manifest: str
    """The YAML of the objects, as they are in the cluster."""
    description: str
    chart_name: str
    chart_version: str
    app_version: str
    now: str
    """RFC 3339; the time of its deployment."""


class ReleaseWriting(Releases):
    """Helm's release records, written."""

    async def create_release(self, draft: ReleaseDraft) -> ReleaseMetadata:
        """Record a revision as deployed, without touching any object.

        `helm history` shows it, `helm rollback` goes back to it and `helm upgrade` starts from it.

        Raises:
            AlreadyExistsError: There is such a revision.
        """
        labels = {
            "name": draft.name,
            "owner": "helm",
            "status": "deployed",
            "version": str(draft.revision),
            "createdAt": str(int(datetime.fromisoformat(draft.now).timestamp())),
        }
        metadata = {
            "name": secret_name(draft.name, draft.revision), "namespace": draft.namespace, "labels": labels,
        }  # fmt: skip
        made = await self.create_object(
            {
                "apiVersion": "v1", "kind": "Secret", "type": SECRET_TYPE, "metadata": metadata,
                "data": {"release": encode_release(msgspec.json.encode(_record(draft)))},
            },
            field_manager=_MANAGER,
        )  # fmt: skip
        found = release_metadata(parse_metadata(made))
        if found is None:
            raise AssertionError(metadata)
        return found

    async def relabel_release(self, release: ReleaseMetadata, labels: Mapping[str, str]) -> None:
        """Change labels of a revision's Secret; its content stays.

        With another `owner` than `helm` no helm command sees it any more, and setting that label back undoes it.

        Raises:
            ConflictError: It has changed since it was read.
            NotFoundError: It is gone.
        """
        secret = await self._release_secret(release.namespace, release.name, release.revision)
        metadata = secret["metadata"]
        if metadata["uid"] != release.uid:
            message = f"labelling revision {release.revision} of release {release.name} failed: it was made anew"
            raise ConflictError(message, hint="Read the release again and decide anew.")
        metadata["labels"] = {**(metadata.get("labels") or {}), **labels}
        metadata.pop("managedFields", None)
        await self.replace_object(secret, field_manager=_MANAGER)


def _record(draft: ReleaseDraft) -> dict[str, object]:
    """Return helm's JSON of a revision (`release.Release`), with a chart that has a name and no files."""
    chart = {"apiVersion": "v2", "name": draft.chart_name, "version": draft.chart_version}
    if draft.app_version:
        chart["appVersion"] = draft.app_version
    return {
        "name": draft.name,
        "info": {
            "first_deployed": draft.now,
            "last_deployed": draft.now,
            "deleted": "",
            "description": draft.description,
            "status": "deployed",
        },
        "chart": {"metadata": chart, "lock": None, "templates": [], "values": {}, "schema": None, "files": []},
        "config": {},
        "manifest": draft.manifest,
        "hooks": [],
        "version": draft.revision,
        "namespace": draft.namespace,
        "apply_method": "ssa",
    }
