"""Promote a platform version: from one project or registry to another, by digest, the umbrella last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from chartgen.browse.images import bom_images
from chartgen.harbor.connection import Access, Connection, connect
from chartgen.harbor.place import Place
from chartgen.promote.artifacts import Copied, Item
from chartgen.promote.layout import LayoutReader, LayoutWriter
from chartgen.promote.plan import plan_charts, plan_images
from chartgen.promote.registry_store import RegistryStore
from chartgen.promote.store import Source
from chartgen.promote.transfer import Report, Resolved, resolve_items, transfer
from helmkit.charts import parse_archive
from helmkit.errors import UsageError
from helmkit.harbor import Harbor
from helmkit.oci import DigestMismatchError, pull_chart
from helmkit.tasks import gather


@dataclass(frozen=True)
class Ways:
    """How to reach every registry that takes part."""

    access: Access
    plain_hosts: frozenset[str] = field(default=frozenset())
    """Registries that speak HTTP without TLS."""
    own_host: str = ""
    """The registry that credentials given by hand are for: no other one ever sees them."""

    def to(self, host: str, *, plain_http: bool = False) -> Access:
        """Return how to reach one of them."""
        credentials = self.access.credentials if host == self.own_host else None
        return replace(self.access, plain_http=plain_http or host in self.plain_hosts, credentials=credentials)


def find_ways(access: Access, hosts: Sequence[str], plain_hosts: Sequence[str]) -> Ways:
    """Return how to reach registries.

    `--plain-http` is about those that are named, not about those of images; `--username` about the last one, which is
    where things are written, or read where nothing is. The others get what `helm registry login` left for them.
    """
    plain = {*plain_hosts, *(hosts if access.plain_http else ())}
    return Ways(replace(access, plain_http=False), frozenset(plain), hosts[-1])


@dataclass
class Stores:
    """Registries that are open, each once."""

    ways: Ways
    stack: AsyncExitStack
    open: dict[str, Connection] = field(default_factory=dict)

    async def connection(self, host: str, *, plain_http: bool = False) -> Connection:
        """Return the connection to a registry."""
        if host not in self.open:
            access = self.ways.to(host, plain_http=plain_http)
            self.open[host] = await self.stack.enter_async_context(connect(host, access))
        return self.open[host]

    async def sources(self, items: Sequence[Item], default: str) -> Callable[[Item], Source]:
        """Return where each item comes from; images come from many registries."""
        hosts = {item.host or default for item in items}
        stores: dict[str, Source] = {host: RegistryStore(await self.connection(host)) for host in sorted(hosts)}
        return lambda item: stores[item.host or default]


async def promote(
    ways: Ways, source: Place, target: Place, *, images: bool, dry_run: bool, report: Report
) -> list[Copied]:
    """Copy a published version of a platform.

    Inside one Harbor the server copies, and nothing goes over the wire; otherwise blobs are streamed, and only those
    that are missing. Running it again does what is left.

    Args:
        ways: How to reach the registries.
        source: The umbrella (or any chart) with its version.
        target: The folder to put it into: `harbor.example/stable`.
        images: Also copy the images, to the same folder.
        dry_run: Look and tell, copy nothing.
        report: Told what happens.

    Raises:
        AlreadyPublishedError: The target has other content under one of the versions. Nothing was copied.
        HelmkitError: Anything else; what was copied stays.
    """
    _check(source, target)
    async with AsyncExitStack() as stack:
        stores = Stores(ways, stack)
        there = await stores.connection(source.host, plain_http=source.plain_http)
        here = await stores.connection(target.host, plain_http=target.plain_http)
        items = await _plan(there, source, f"{target.path}/{source.path.rpartition('/')[2]}", target, images=images)
        source_of = await stores.sources(items, source.host)
        store = RegistryStore(here)
        resolved = await resolve_items(items, source_of, store)
        if dry_run:
            return [_told(one, target.host) for one in resolved]
        inside, across = _split(resolved, there, here)
        done = await transfer(across, source_of, store, report) if across else []
        return [*done, *await _copy_inside(here.harbor, inside, store, report)] if inside else done


def _check(source: Place, target: Place | None) -> None:
    if not source.version or not source.path:
        message = f"{source} names no version of a chart"
        raise UsageError(message, hint="Write CHART:VERSION, such as spring-platform:1.4.2.")
    if target is not None and (target.version or not target.path):
        message = f"{target} is no place to copy to"
        raise UsageError(message, hint="Name a registry and a project: oci://harbor.example/stable.")
    if target is not None and (target.host, target.path) == (source.host, source.path.rpartition("/")[0]):
        message = f"{source} is already there"
        raise UsageError(message, hint="Name another project or registry.")


async def _plan(there: Connection, source: Place, goal: str, folder: Place | None, *, images: bool) -> list[Item]:
    archive, _ = await pull_chart(there.registry, source.path, source.version)
    name, files = parse_archive(archive, str(source))
    items = plan_charts(files, name, source.version, source.path, goal)
    if images:
        base = folder.path if folder else "images"
        # The umbrella stays last.
        items = [*items[:-1], *plan_images(bom_images(files, str(source)), base), items[-1]]
    return items


def _told(one: Resolved, host: str) -> Copied:
    action: Literal["unchanged", "would copy"] = "unchanged" if one.done else "would copy"
    place = f"{host}/{one.item.target}:{one.item.reference}"
    return Copied(one.item.name, one.item.kind, one.manifest.digest, place, action)


def _split(resolved: Sequence[Resolved], there: Connection, here: Connection) -> tuple[list[Resolved], list[Resolved]]:
    """Return what a Harbor can copy by itself, and what must be streamed. Umbrellas stay behind their subcharts."""
    if here.harbor is None or here.host != there.host:
        return [], list(resolved)
    inside = [one for one in resolved if not one.item.host or one.item.host == here.host]
    return inside, [one for one in resolved if one not in inside]


async def _copy_inside(
    harbor: Harbor | None, resolved: Sequence[Resolved], store: RegistryStore, report: Report
) -> list[Copied]:
    if harbor is None:
        return []

    async def copy(one: Resolved) -> Copied:
        item = one.item
        place = f"{store.place}/{item.target}:{item.reference}"
        if one.done:
            return Copied(item.name, item.kind, one.manifest.digest, place, "unchanged")
        report(item.name, "copying")
        project, _, repository = item.target.partition("/")
        # By tag: by digest all tags would come along, also those that mean something in the source project alone.
        await harbor.artifacts.copy(item.name, project, repository)
        found = await store.resolve(item.target, item.reference)
        if found != one.manifest.digest:
            message = f"{place} is {found} after the copy, not {one.manifest.digest}"
            raise DigestMismatchError(message, hint="Somebody pushed at the same time; look with `chartgen browse`.")
        report(item.name, "copied")
        return Copied(item.name, item.kind, one.manifest.digest, place, "copied")

    first = await gather(*(copy(one) for one in resolved if one.item.kind != "umbrella"))
    return [*first, *await gather(*(copy(one) for one in resolved if one.item.kind == "umbrella"))]


async def save_bundle(ways: Ways, source: Place, path: Path, *, images: bool, report: Report) -> list[Copied]:
    """Write a platform version into one OCI layout archive.

    Args:
        ways: How to reach the registries.
        source: The umbrella with its version.
        path: Of the archive; replaced when it is complete.
        images: Also take the images along.
        report: Told what happens.

    Raises:
        HelmkitError: Something is missing or cannot be read; no archive is left behind.
    """
    _check(source, None)
    async with AsyncExitStack() as stack:
        stores = Stores(ways, stack)
        there = await stores.connection(source.host, plain_http=source.plain_http)
        items = await _plan(there, source, source.path.rpartition("/")[2], None, images=images)
        source_of = await stores.sources(items, source.host)
        with LayoutWriter(path) as writer:
            resolved = await resolve_items(items, source_of, writer)
            done = []
            # One after the other: an archive has one end to write to.
            for one in resolved:
                done += await transfer([one], source_of, writer, report)
                writer.label(one.item)
        return done


async def push_bundle(
    connection: Connection, path: Path, target: str, *, dry_run: bool, report: Report
) -> list[Copied]:
    """Publish what an archive holds, subcharts and images first, the umbrella last.

    Args:
        connection: The registry.
        path: Of the archive.
        target: Where to, without the host: `charts`.
        dry_run: Look and tell, push nothing.
        report: Told what happens.

    Raises:
        AlreadyPublishedError: There is other content under one of the versions. Nothing was pushed.
        HelmkitError: The archive is damaged, or the registry refuses.
    """
    reader = LayoutReader(path)
    try:
        store = RegistryStore(connection)
        resolved = await resolve_items(reader.items(target), lambda _: reader, store)
        if dry_run:
            return [_told(one, connection.host) for one in resolved]
        return await transfer(resolved, lambda _: reader, store, report)
    finally:
        reader.close()
