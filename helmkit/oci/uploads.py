"""Blobs going up: checked first, sent once, begun anew when they break off."""

from __future__ import annotations

from urllib.parse import quote

from helmkit.errors import TimedOutError, UnreachableError
from helmkit.http.exchange import Reply
from helmkit.oci.errors import ArtifactNotFoundError
from helmkit.oci.reference import registry_path
from helmkit.oci.refusals import Purpose
from helmkit.oci.session import PATIENCE, Session

_BEGUN = frozenset({202})
_BEGUN_OR_THERE = frozenset({201, 202})
_NO_MOUNT = frozenset({400, 404, 405})


async def begin_upload(session: Session, purpose: Purpose, digest: str = "") -> str | None:
    """Begin an upload and return the URL it goes to; None when the repository has the blob already.

    Mounting a blob from the very repository it is for asks whether it is there and begins the upload otherwise, in one
    request (OCI distribution: a mount that cannot be is answered like any begin).

    Args:
        session: Of the registry.
        purpose: What for; names the repository.
        digest: The blob's; begins in any case when empty.
    """
    path = registry_path(purpose.repository, "blobs", "uploads/")
    if digest:
        mount = f"{path}?mount={quote(digest, safe='')}&from={quote(purpose.repository, safe='')}"
        reply = await session.call(purpose, "POST", mount, accept=_BEGUN_OR_THERE | _NO_MOUNT)
        if reply.status in _BEGUN_OR_THERE:
            return None if reply.status == 201 else session.locate(reply, purpose)
    return session.locate(await session.call(purpose, "POST", path, accept=_BEGUN), purpose)


async def upload_blob(session: Session, purpose: Purpose, content: bytes, digest: str, *, force: bool = False) -> None:
    """Upload a blob, unless the repository has it. Idempotent.

    Args:
        session: Of the registry.
        purpose: What for; names the repository.
        content: The blob.
        digest: Its digest.
        force: Send it even if the repository says that it has it.

    Raises:
        HelmkitError: The registry refuses, or the connection broke again and again.
    """
    for attempt in range(len(PATIENCE.pauses) + 1):
        location = await begin_upload(session, purpose, "" if force and attempt == 0 else digest)
        if location is None:
            return
        try:
            await _send(session, purpose, location, content, digest)
        except (UnreachableError, TimedOutError, ArtifactNotFoundError):
            # An upload that broke off cannot go on; its answer alone may have been lost, which the next begin tells.
            if attempt == len(PATIENCE.pauses):
                raise
            await session.sleep(PATIENCE.pause(attempt))
        else:
            return


async def probe_upload(session: Session, repository: str) -> None:
    """Begin an upload and give it up: nothing but this tells whether a push would be let in.

    Raises:
        HelmkitError: It would not.
    """
    purpose = Purpose(f"starting an upload to {session.host}/{repository}", repository, write=True)
    path = registry_path(repository, "blobs", "uploads/")
    begun = await session.call(purpose, "POST", path, accept=_BEGUN, repeat=False)
    location = session.locate(begun, purpose)
    await session.call(purpose, "DELETE", location, accept=frozenset({200, 202, 204, 404}), repeat=False)


def with_digest(location: str, digest: str) -> str:
    """Return where an upload ends: its URL with the digest that the registry must verify."""
    return f"{location}{'&' if '?' in location else '?'}digest={quote(digest, safe=':')}"


async def _send(session: Session, purpose: Purpose, location: str, content: bytes, digest: str) -> Reply:
    headers = {"Content-Type": "application/octet-stream"}
    url, accept = with_digest(location, digest), frozenset({201})
    return await session.call(purpose, "PUT", url, headers=headers, content=content, accept=accept, repeat=False)
