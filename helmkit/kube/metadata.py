"""An object's metadata without the object: what ownership, drift and history are read from, at a fraction of the cost.

The API server sends `PartialObjectMetadataList` on request: no spec, no status, no Secret's data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec


@dataclass(frozen=True)
class FieldManager:
    """Who set fields of an object, how, and when last."""

    manager: str
    operation: str
    """`Apply` or `Update`."""
    subresource: str
    """`status`, `scale` or the like; empty for the object itself."""
    time: datetime | None


@dataclass(frozen=True)
class Owner:
    """The object that another one belongs to."""

    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool


@dataclass(frozen=True)
class ObjectMetadata:
    """An object's metadata."""

    api_version: str
    kind: str
    namespace: str
    """Empty for cluster-wide objects."""
    name: str
    uid: str
    generation: int
    """0 for kinds that do not count generations."""
    resource_version: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    owners: tuple[Owner, ...]
    managers: tuple[FieldManager, ...]
    created_at: datetime | None
    deleting: bool
    """Its deletion has begun and waits for finalizers."""


class _Manager(msgspec.Struct):
    manager: str = ""
    operation: str = ""
    subresource: str = ""
    time: datetime | None = None


class _Owner(msgspec.Struct):
    apiVersion: str = ""  # noqa: N815 - Kubernetes' own names
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class _Metadata(msgspec.Struct):
    name: str
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    resourceVersion: str = ""  # noqa: N815
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    ownerReferences: tuple[_Owner, ...] = ()  # noqa: N815
    managedFields: tuple[_Manager, ...] = ()  # noqa: N815
    creationTimestamp: datetime | None = None  # noqa: N815
    deletionTimestamp: datetime | None = None  # noqa: N815


class _Item(msgspec.Struct):
    metadata: _Metadata


class _List(msgspec.Struct):
    items: list[_Item] | None = None
    """The API server writes null for an empty list."""


class _PageMetadata(msgspec.Struct, rename={"continue_": "continue"}):
    continue_: str = ""


class _Page(msgspec.Struct):
    metadata: _PageMetadata = msgspec.field(default_factory=_PageMetadata)


def parse_metadata_list(raw: bytes, api_version: str, kind: str) -> list[ObjectMetadata]:
    """Read a `PartialObjectMetadataList`.

    Raises:
        msgspec.MsgspecError: It is none.
    """
    page = msgspec.json.decode(raw, type=_List)
    return [_metadata(item.metadata, api_version, kind) for item in page.items or ()]


def parse_continuation(raw: bytes) -> str:
    """Return the token that continues a list; empty at its end."""
    return msgspec.json.decode(raw, type=_Page).metadata.continue_


def parse_metadata(obj: Mapping[str, Any]) -> ObjectMetadata:
    """Return the metadata of a whole object."""
    data = msgspec.convert(obj["metadata"], _Metadata)
    return _metadata(data, str(obj.get("apiVersion", "")), str(obj.get("kind", "")))


def _metadata(data: _Metadata, api_version: str, kind: str) -> ObjectMetadata:
    return ObjectMetadata(
        api_version=api_version,
        kind=kind,
        namespace=data.namespace,
        name=data.name,
        uid=data.uid,
        generation=data.generation,
        resource_version=data.resourceVersion,
        labels=data.labels,
        annotations=data.annotations,
        owners=tuple(Owner(o.apiVersion, o.kind, o.name, o.uid, o.controller) for o in data.ownerReferences),
        managers=tuple(FieldManager(m.manager, m.operation, m.subresource, m.time) for m in data.managedFields),
        created_at=data.creationTimestamp,
        deleting=data.deletionTimestamp is not None,
    )
