"""ConfigMaps as records: created once, replaced only by who has seen the last version."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from helmkit.kube.metadata import ObjectMetadata, parse_metadata
from helmkit.kube.objects import Objects


@dataclass(frozen=True)
class ConfigMap:
    """A ConfigMap; what the cluster adds is empty until it has been there."""

    namespace: str
    name: str
    data: Mapping[str, str] = field(default_factory=dict)
    binary_data: Mapping[str, bytes] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    uid: str = ""
    resource_version: str = ""
    created_at: datetime | None = None


class ConfigMaps(Objects):
    """ConfigMaps."""

    async def list_configmap_metadata(
        self, namespace: str | None = None, label_selector: str | None = None
    ) -> list[ObjectMetadata]:
        """Return the metadata of ConfigMaps; of all namespaces when `namespace` is None."""
        return await self.list_metadata("v1", "ConfigMap", namespace, label_selector)

    async def get_configmap(self, namespace: str, name: str) -> ConfigMap | None:
        """Return a ConfigMap; None when there is none of that name."""
        found = await self.get_object("v1", "ConfigMap", namespace, name)
        return None if found is None else _parse(found)

    async def create_configmap(self, configmap: ConfigMap) -> ConfigMap:
        """Create a ConfigMap and return it with what the cluster added.

        Raises:
            AlreadyExistsError: There is one of that name.
            NotFoundError: The namespace does not exist.
        """
        return _parse(await self.create_object(_render(configmap)))

    async def replace_configmap(self, configmap: ConfigMap) -> ConfigMap:
        """Replace a ConfigMap and return it with its new resource version.

        Args:
            configmap: Its `resource_version` must be the current one.

        Raises:
            ConflictError: Somebody changed it since, or made it anew.
            NotFoundError: It is gone.
        """
        if not configmap.resource_version:
            message = f"ConfigMap {configmap.name} was never read: replacing it blindly is not allowed"
            raise ValueError(message)
        return _parse(await self.replace_object(_render(configmap)))

    async def delete_configmap(
        self, namespace: str, name: str, *, uid: str | None = None, resource_version: str | None = None
    ) -> bool:
        """Delete a ConfigMap, as `delete_object` does; False when there was none."""
        return await self.delete_object("v1", "ConfigMap", namespace, name, uid=uid, resource_version=resource_version)


def _render(configmap: ConfigMap) -> dict[str, Any]:
    metadata = {
        "namespace": configmap.namespace,
        "name": configmap.name,
        "labels": dict(configmap.labels),
        "annotations": dict(configmap.annotations),
        "uid": configmap.uid,
        "resourceVersion": configmap.resource_version,
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {key: value for key, value in metadata.items() if value},
        "data": dict(configmap.data),
        "binaryData": {key: base64.b64encode(value).decode() for key, value in configmap.binary_data.items()},
    }


def _parse(obj: Mapping[str, Any]) -> ConfigMap:
    metadata = parse_metadata(obj)
    return ConfigMap(
        namespace=metadata.namespace,
        name=metadata.name,
        data=obj.get("data") or {},
        binary_data={key: base64.b64decode(value) for key, value in (obj.get("binaryData") or {}).items()},
        labels=metadata.labels,
        annotations=metadata.annotations,
        uid=metadata.uid,
        resource_version=metadata.resource_version,
        created_at=metadata.created_at,
    )
