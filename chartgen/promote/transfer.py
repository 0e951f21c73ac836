"""Copy artifacts between stores: what they hold first, themselves last, verified, nothing half-published."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from chartgen.promote.artifacts import Blob, Copied, Item, RawManifest
from chartgen.promote.store import Source, Target
from helmkit.errors import TimedOutError, UnreachableError
from helmkit.http.exchange import ConnectionLostError
from helmkit.oci import AlreadyPublishedError, DigestMismatchError
from helmkit.tasks import gather

ATTEMPTS = 3
"""How often a blob is sent at most."""
AT_ONCE = 8
"""Artifacts on their way at most."""

Report = Callable[[str, str], None]
"""Takes an item's name and what is happening to it."""


@dataclass(frozen=True)
class Resolved:
    """An item, and what is published on both sides."""

    item: Item
    manifest: RawManifest
    there: str | None
    """Digest of what the target has under the same tag."""

    @property
    def done(self) -> bool:
        """Whether there is nothing to do."""
        return self.there == self.manifest.digest


async def resolve_items(items: Sequence[Item], source_of: Callable[[Item], Source], target: Target) -> list[Resolved]:
    """Look at both sides before anything moves.

    Raises:
        AlreadyPublishedError: The target has other content under one of the tags; all of them are named.
        HelmkitError: Something is missing in the source.
    """
    room = asyncio.Semaphore(AT_ONCE * 2)

    async def resolve(item: Item) -> Resolved:
        async with room:
            manifest = await source_of(item).manifest(item.source, item.reference)
            return Resolved(item, manifest, await target.resolve(item.target, item.reference))

    found = await gather(*(resolve(item) for item in items))
    other = [one for one in found if one.there is not None and not one.done]
    if other:
        lines = [
            f"{target.place}/{one.item.target}:{one.item.reference}: there {one.there}, here {one.manifest.digest}"
            for one in other
        ]
        message = "already published with other content:\n  " + "\n  ".join(lines)
        raise AlreadyPublishedError(message, hint="Published versions never change: promote a new one (chartgen bump).")
    return found


async def transfer(
    resolved: Sequence[Resolved], source_of: Callable[[Item], Source], target: Target, report: Report
) -> list[Copied]:
    """Copy what is not there yet; umbrellas go last, so that nobody sees one whose subcharts are missing.

    Args:
        resolved: From `resolve_items`.
        source_of: Where an item comes from.
        target: Where to.
        report: Told what happens.

    Raises:
        HelmkitError: A copy failed. What was copied stays; running it again does the rest.
    """
    room = asyncio.Semaphore(AT_ONCE)

    async def copy(one: Resolved) -> Copied:
        async with room:
            source = source_of(one.item)
            if one.done:
                # It may have been signed since.
                sent = await copy_attachments(source, target, one.item, one.manifest)
            else:
                report(one.item.name, "copying")
                sent = await copy_artifact(source, target, one.item, one.manifest)
            report(one.item.name, "unchanged" if one.done else "copied")
            return _copied(one, target, sent)

    first = [one for one in resolved if one.item.kind != "umbrella"]
    last = [one for one in resolved if one.item.kind == "umbrella"]
    results = await gather(*(copy(one) for one in first))
    return [*results, *await gather(*(copy(one) for one in last))]


def _copied(one: Resolved, target: Target, sent: int) -> Copied:
    place = f"{target.place}/{one.item.target}:{one.item.reference}"
    return Copied(one.item.name, one.item.kind, one.manifest.digest, place, "unchanged" if one.done else "copied", sent)


async def copy_artifact(source: Source, target: Target, item: Item, manifest: RawManifest) -> int:
    """Copy one artifact with what it holds and what is attached to it; return the bytes sent."""
    sent = await _copy_tree(source, target, item, manifest)
    sent += await copy_attachments(source, target, item, manifest)
    await target.write_manifest(item.target, item.reference, manifest)
    there = await target.resolve(item.target, item.reference)
    if there != manifest.digest:
        message = f"{target.place}/{item.target}:{item.reference} is {there} after the copy, not {manifest.digest}"
        raise DigestMismatchError(message, hint="Somebody pushed there at the same time; look with `chartgen browse`.")
    return sent


async def copy_attachments(source: Source, target: Target, item: Item, manifest: RawManifest) -> int:
    """Copy the signatures of an artifact that the target has not; return the bytes sent."""
    sent = 0
    for reference in await source.attachments(item.source, manifest.digest):
        attached = await source.manifest(item.source, reference)
        if await target.resolve(item.target, reference) != attached.digest:
            sent += await _copy_tree(source, target, item, attached)
            await target.write_manifest(item.target, reference, attached)
    return sent


async def _copy_tree(source: Source, target: Target, item: Item, manifest: RawManifest) -> int:
    sent = 0
    for digest in manifest.children:
        child = await source.manifest(item.source, digest)
        sent += await _copy_tree(source, target, item, child)
        await target.write_manifest(item.target, digest, child)
    for blob in manifest.blobs:
        if not await target.has_blob(item.target, blob.digest):
            await _copy_blob(source, target, item, blob)
            sent += blob.size
    return sent


async def _copy_blob(source: Source, target: Target, item: Item, blob: Blob) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            async with source.read_blob(item.source, blob) as content:
                await target.write_blob(item.target, blob, verified(content, blob))
        except (ConnectionLostError, UnreachableError, TimedOutError) as error:
            if attempt == ATTEMPTS:
                message = f"copying a blob of {item.name} to {target.place} broke off {ATTEMPTS} times: {error}"
                raise UnreachableError(
                    message, hint="Run it again: what is there already is not sent again."
                ) from error
            await asyncio.sleep(0.5 * attempt)
            if await target.has_blob(item.target, blob.digest):
                return
        else:
            return


async def verified(content: AsyncIterator[bytes], blob: Blob) -> AsyncIterator[bytes]:
    """Pass a blob's content on, and fail at its end when it is not what its digest says."""
    digest, size = hashlib.sha256(), 0
    async for piece in content:
        digest.update(piece)
        size += len(piece)
        yield piece
    found = f"sha256:{digest.hexdigest()}"
    if found != blob.digest or size != blob.size:
        message = f"a blob came as {found} ({size} bytes) instead of {blob.digest} ({blob.size} bytes)"
        raise DigestMismatchError(message, hint="Try again; if it stays so, the source's storage is damaged.")
