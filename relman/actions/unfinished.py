"""Find an unfinished run, whole: every namespace it changed, with its history."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from helmkit.errors import UsageError
from relman.actions.inventory import Inventory, installed_scope, load_inventory
from relman.actions.ports import World
from relman.core.record import Coordinator, RecordRef, SetRecord
from relman.core.record_codec import DATA_KEY, decode_coordinator
from relman.core.unfinished import Member, is_unfinished, run_chain
from relman.observe.namespace import observe_all, read_history
from relman.observe.record_reading import read_record
from relman.ports import KubePort


@dataclass(frozen=True)
class UnfinishedRun:
    """A run that never came to its end."""

    platform: str
    namespaces: tuple[str, ...]
    """Those in which its record, or one that carries it on, is the newest. Sorted."""
    reach: tuple[str, ...]
    """All it set out to change: their locks are taken, also where it died before it wrote anything. Sorted."""
    record: SetRecord
    """The newest record of one of them."""
    first: SetRecord
    """The record in which it began."""
    several: bool
    """It was over several namespaces, under one coordinator."""
    chain: tuple[SetRecord, ...]
    """From `record` back to `first`."""
    related: tuple[SetRecord, ...]
    """Every record of the run, closed ones of other namespaces included."""


async def find_unfinished(
    kube: KubePort, name: str | None, namespace: str | None, *, everything: bool = False, lenient: bool = False
) -> UnfinishedRun | None:
    """Return the unfinished run of a service's set, of a namespace, or of whatever there is; None when all ended.

    Args:
        kube: The cluster.
        name: A service or a namespace.
        namespace: The namespace.
        everything: Look everywhere.
        lenient: What is named need not be installed.

    Raises:
        UsageError: What is named is not there, or there are several runs.
    """
    inventory = await load_inventory(kube, name=name, namespace=namespace)
    try:
        named = _named(inventory, name, namespace, everything=everything)
    except UsageError:
        if lenient:
            return None
        raise
    heads = [record for record in named if is_unfinished(record)]
    if not heads:
        return None
    runs = await asyncio.gather(*(_whole_run(kube, head) for head in heads))
    first = runs[0]
    others = [head.namespace for head in heads if head.namespace not in first.namespaces]
    if others:
        msg = f"there are several unfinished runs: in {', '.join(first.namespaces)}, and in {', '.join(others)}"
        raise UsageError(msg, hint="Name the namespace, one after the other.")
    return first


async def load_members(world: World, namespaces: Sequence[str], platform: str) -> list[Member]:
    """Look at the namespaces of a run, with their histories."""
    seen = await observe_all(world.kube, namespaces, platform)
    histories = await asyncio.gather(*(read_history(world.kube, name, platform) for name in namespaces))
    return [Member(seen[name], history) for name, history in zip(namespaces, histories, strict=True)]


def _named(inventory: Inventory, name: str | None, namespace: str | None, *, everything: bool) -> Iterable[SetRecord]:
    if everything or not (name or namespace):
        return inventory.records
    scope = installed_scope(inventory, name, namespace)
    return [record for record in inventory.records if record.namespace in scope.namespaces]


async def _whole_run(kube: KubePort, head: SetRecord) -> UnfinishedRun:
    chain = run_chain(await read_history(kube, head.namespace, head.platform))
    bound = await asyncio.gather(*(_coordinator(kube, r.coordinator) for r in chain if r.coordinator))
    references = {ref for one in bound if one for ref in one.records}
    found = await asyncio.gather(*(read_record(kube, ref.namespace, ref.name) for ref in references))
    related = {(r.namespace, r.number): r for r in (*chain, *(r for r, _ in found if r is not None))}
    names = {head.namespace, *(ref.namespace for ref in references)}
    runs = {record.run for record in related.values()}
    members = [name for name in sorted(names) if await _belongs(kube, name, head.platform, runs)]
    every = tuple(related[key] for key in sorted(related))
    return UnfinishedRun(
        head.platform, tuple(members), tuple(sorted(names)), chain[0], chain[-1], bool(references), chain, every
    )


async def _belongs(kube: KubePort, namespace: str, platform: str, runs: set[str]) -> bool:
    chain = run_chain(await read_history(kube, namespace, platform))
    return any(record.run in runs for record in chain)


async def _coordinator(kube: KubePort, reference: RecordRef | None) -> Coordinator | None:
    found = await kube.get_configmap(reference.namespace, reference.name) if reference else None
    if found is None or DATA_KEY not in found.binary_data:
        return None
    return decode_coordinator(found.binary_data[DATA_KEY], found.name)
