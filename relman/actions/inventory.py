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
from relman.observe.namespace import platforms_in, record_number
from relman.observe.record_cache import RecordCache
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

    @property
    def left_behind(self) -> set[ServiceName]:
        """Where services were before they moved to another namespace."""
        here = {key for record in self.records for key, service in record.services.items() if service.now}
        return {
            ServiceName(record.namespace, key, service.release)
            for record in self.records
            for key, service in record.services.items()
            if key in here and not service.now and not service.intent
        }

    def of(self, namespace: str) -> SetRecord | None:
        """Return the newest record of a namespace."""
        return next((record for record in self.records if record.namespace == namespace), None)


async def load_inventory(
    kube: KubePort, *, name: str | None = None, namespace: str | None = None, platform: str = "",
    cache: RecordCache | None = None,
) -> Inventory:  # fmt: skip
    """Read the newest record of every set.

    Args:
        kube: The cluster.
        name: What was named on the command line: where all namespaces may not be read, one of that name is tried.
        namespace: Only that one.
        platform: Only sets of that platform.
        cache: What was read of records before; gets what is read now.

    Raises:
        UsageError: Two platforms share a namespace that is meant.
        ForbiddenError: The records may not be read.
    """
    listed = await _listed(kube, name, namespace)
    newest = _newest(one for one in listed if not platform or one.labels.get(PREFIX + "platform") == platform)
    cache = cache or RecordCache()
    found = await asyncio.gather(*(cache.read(kube, one) for one in newest))
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
    services = inventory.services
    if name and "/" not in name and not namespace and name not in {one.namespace for one in services}:
        # A plain name means the place where the service is now; the other one can be named exactly.
        gone = inventory.left_behind
        services = [one for one in services if one not in gone]
    return resolve_scope(name, namespace=namespace, everything=everything, services=services)


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


def newest_with_source(inventory: Inventory, name: str | None, namespace: str | None, *, everything: bool) -> SetRecord:
    """Return the newest record that tells where the charts of what is named came from.

    Args:
        inventory: What is installed.
        name: A namespace or a service; it need not be installed yet.
        namespace: The namespace.
        everything: All of it is meant.

    Raises:
        UsageError: None tells.
    """
    bare = (name or "").rstrip("/")
    heads = {namespace, bare.partition("/")[0]}
    chosen = [record for record in inventory.records if record.namespace in heads] or [
        record
        for record in inventory.records
        if everything or any(bare in (key, s.release) for key, s in record.services.items())
    ]
    chosen = [record for record in chosen if record.source]
    if not chosen:
        msg = "it is not known where the charts are: nothing was installed here from which to tell"
        raise UsageError(msg, hint="Say --from DIR, --from FILE.tgz or --from oci://…, or set RELMAN_FROM.")
    return max(chosen, key=lambda record: record.started)
