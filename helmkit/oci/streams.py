"""Blobs in pieces: images have layers that should not be held in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from helmkit.errors import UnreachableError
from helmkit.oci.client import RegistryClient
from helmkit.oci.errors import DigestMismatchError
from helmkit.oci.reference import registry_path
from helmkit.oci.refusals import PASSING, Purpose, explain, said
from helmkit.oci.uploads import begin_upload, with_digest


@asynccontextmanager
async def read_blob(client: RegistryClient, repository: str, digest: str) -> AsyncIterator[AsyncIterator[bytes]]:
    """Give a blob's content in pieces. The caller verifies it.

    Raises:
        ConnectionLostError: It broke off; begin again.
        HelmkitError: There is none, or it is not given to us.
    """
    purpose = Purpose(f"pulling a blob from {client.host}/{repository}", repository)
    async with client.session.download(purpose, registry_path(repository, "blobs", digest)) as body:
        yield body


async def write_blob(
    client: RegistryClient, repository: str, digest: str, size: int, content: AsyncIterator[bytes]
) -> None:
    """Upload a blob in pieces; the registry verifies it. One that is there already is not sent.

    Args:
        client: The registry.
        repository: Where to.
        digest: Of the whole blob.
        size: Its length, in bytes.
        content: Its pieces.

    Raises:
        ConnectionLostError: It broke off; begin again.
        DigestMismatchError: What was sent is not what its digest says.
        HelmkitError: The registry refuses.
    """
    purpose = Purpose(f"pushing a blob to {client.host}/{repository}", repository, write=True)
    location = await begin_upload(client.session, purpose, digest)
    if location is None:
        return
    reply = await client.session.upload(purpose, with_digest(location, digest), content, size)
    if reply.status == 201:
        return
    words = said(reply)
    if "DIGEST_INVALID" in words:
        message = f"{purpose.doing} failed: {client.host} says: {words}"
        raise DigestMismatchError(message, hint="The source sent something else than its digest says; try again.")
    if reply.status in PASSING:
        message = f"{purpose.doing} failed: {client.host} says: {words}"
        raise UnreachableError(message, hint="The registry is overloaded or restarting; try again.")
    raise explain(reply, purpose, client.host)
