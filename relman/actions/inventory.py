"""What is installed: the newest record of every set, and the names of the services in them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from helmkit.errors import ForbiddenError, UsageError
from helmkit.kube import ObjectMetadata
from relman.core.naming import Scope, ServiceName, resolve_scope
from relman.core.record import SetRecord
from relman.core.record_codec import PREFIX
from relman.observe.namespace import platforms_in, read_record, record_number
from relman.ports import KubePort


@dataclass(frozen=True)
class Inventory:
    """Every set that could be seen."""

    records: tuple[SetRecord, ...]
    """The newest of each set, by namespace."""

    @property
    def services(self) -> list[ServiceName]:
        """All services the sets name, installed or not."""
        return [
            ServiceName(record.namespace, key, service.release)
            for record in self.records
            for key, service in record.services.items()
        ]

    def of(self, namespace: str) -> SetRecord | None:
        """Return the newest record of a namespace."""
        return next((record for record in self.records if record.namespace == namespace), None)


async def load_inventory(
    kube: KubePort, *, name: str | None = None, namespace: str | None = None, platform: str = ""
) -> Inventory:
    """Read the newest record of every set.

    Args:
        kube: The cluster.
        name: What was named on the command line: where all namespaces may not be read, one of that name is tried.
        namespace: Only that one.
        platform: Only sets of that platform.

    Raises:
        UsageError: Two platforms share a namespace that is meant.
        ForbiddenError: The records may not be read.
    """
    listed = await _listed(kube, name, namespace)
    newest = _newest(one for one in listed if not platform or one.labels.get(PREFIX + "platform") == platform)
    found = await asyncio.gather(*(read_record(kube, one.namespace, one.name) for one in newest))
    return Inventory(tuple(record for record, _ in found if record is not None))


def installed_scope(inventory: Inventory, name: str | None, namespace: str | None) -> Scope:
    """Return what is meant among what is installed; everything when nothing is named.

    Raises:
        UsageError: It is not there, or could be several things.
    """
    if not inventory.services:
        msg = "nothing is installed that relman knows of"
        raise UsageError(msg, hint="Install with `relman upgrade NAMESPACE --to VERSION`.")
    everything = name is None and namespace is None
    return resolve_scope(name, namespace=namespace, everything=everything, services=inventory.services)


async def _listed(kube: KubePort, name: str | None, namespace: str | None) -> list[ObjectMetadata]:
    exact = namespace or ((name or "").partition("/")[0] if "/" in (name or "") else None)
    if exact:
        return await platforms_in(kube, exact)
    try:
        return await platforms_in(kube, None)
    except ForbiddenError:
        if not name:
            raise
        # Rights on one namespace alone are the usual thing in CI: take the name for a namespace.
        return await platforms_in(kube, name)


def _newest(listed: Iterable[ObjectMetadata]) -> list[ObjectMetadata]:
    newest: dict[tuple[str, str], ObjectMetadata] = {}
    for one in listed:
        key = (one.namespace, one.labels.get(PREFIX + "platform", ""))
        if key not in newest or record_number(one) > record_number(newest[key]):
            newest[key] = one
    return [newest[key] for key in sorted(newest)]
