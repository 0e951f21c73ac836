"""Release Secrets, written as helm writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from helmkit.helm.errors import HelmFailedError, ReleaseBusyError, ReleaseNotFoundError
from helmkit.kube.client import Kube
from helmkit.kube.errors import AlreadyExistsError, NotFoundError
from helmkit.kube.releases import SECRET_TYPE, decode_release, encode_release, secret_name

Record = dict[str, Any]
"""Helm's JSON of one revision: name, namespace, version (the revision), info, chart, config, manifest, hooks."""

_MANAGER = "helm"


class Records:
    """The revisions of one release."""

    def __init__(self, kube: Kube, namespace: str, release: str) -> None:
        self._kube = kube
        self._namespace = namespace
        self._release = release

    async def load(self) -> list[Record]:
        """Return all revisions, the oldest first."""
        found = await self._kube.list_release_metadata(self._namespace, release=self._release)
        return [await self._load(one.revision) for one in found]

    async def find(self, revision: int) -> Record:
        """Return one revision."""
        for record in await self.load():
            if record["version"] == revision:
                return record
        message = f"release {self._release} in namespace {self._namespace}: release has no {revision} version"
        raise ReleaseNotFoundError(message, hint=f"See what there is: `helm history {self._release}`.")

    async def create(self, record: Record, labels: Mapping[str, str]) -> None:
        """Store a new revision.

        Raises:
            ReleaseBusyError: Another helm was faster.
            HelmFailedError: The namespace does not exist.
        """
        try:
            await self._kube.create_object(self._secret(record, labels), field_manager=_MANAGER)
        except AlreadyExistsError as error:
            message = f"{error.message}: release: already exists"
            raise ReleaseBusyError(message, hint="Wait for the other one.") from error
        except NotFoundError as error:
            raise HelmFailedError(error.message, hint="Create the namespace first.") from error

    async def update(self, record: Record, status: str, description: str | None = None) -> None:
        """Store a revision with another status."""
        record["info"]["status"] = status
        if description is not None:
            record["info"]["description"] = description
        stored = await self._kube.get_object("v1", "Secret", self._namespace, self._name(record))
        labels = {} if stored is None else stored["metadata"]["labels"]
        await self._kube.replace_object(self._secret(record, labels), field_manager=_MANAGER)

    async def delete(self, record: Record) -> None:
        """Remove a revision."""
        await self._kube.delete_object("v1", "Secret", self._namespace, self._name(record))

    def _name(self, record: Record) -> str:
        return secret_name(self._release, record["version"])

    def _secret(self, record: Record, labels: Mapping[str, str]) -> dict[str, Any]:
        own = {
            "name": self._release,
            "owner": "helm",
            "status": record["info"]["status"],
            "version": str(record["version"]),
        }
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": SECRET_TYPE,
            "metadata": {"name": self._name(record), "namespace": self._namespace, "labels": {**labels, **own}},
            "data": {"release": encode_release(msgspec.json.encode(record))},
        }

    async def _load(self, revision: int) -> Record:
        name = secret_name(self._release, revision)
        secret = await self._kube.get_object("v1", "Secret", self._namespace, name)
        if secret is None:
            message = f"revision {revision} of release {self._release} vanished"
            raise ReleaseNotFoundError(message)
        record: Record = msgspec.json.decode(decode_release(secret["data"]["release"]))
        return record
