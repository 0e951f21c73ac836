"""What a registry holds: repositories and tags, page by page."""

from __future__ import annotations

import re
from urllib.parse import quote

from helmkit.oci.errors import RegistryError
from helmkit.oci.reference import registry_path
from helmkit.oci.refusals import Purpose
from helmkit.oci.session import Session

_PAGE = 1000
_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?')


async def list_tags(session: Session, repository: str, *, limit: int = 0) -> list[str]:
    """Return the tags of a repository, in the registry's order.

    Args:
        session: Of the registry.
        repository: Which.
        limit: At most so many; 0: all.

    Raises:
        ArtifactNotFoundError: There is no such repository.
    """
    purpose = Purpose(f"listing the tags of {session.host}/{repository}", repository)
    url = registry_path(repository, "tags", f"list?n={limit or _PAGE}")
    tags: list[str] = []
    seen: set[str] = set()
    while url and url not in seen:
        seen.add(url)
        reply = await session.call(purpose, "GET", url)
        body = reply.json()
        if not isinstance(body, dict):
            message = f"{purpose.doing} failed: {session.host} sent something that is no list"
            raise RegistryError(message, hint="Is it the registry's address? A proxy may have answered.")
        tags += [str(tag) for tag in body.get("tags") or ()]
        if limit and len(tags) >= limit:
            return tags[:limit]
        following = _NEXT.search(reply.headers.get("link", ""))
        url = session.find(reply.url, following[1], repository) if following else ""
    return tags


async def list_repositories(session: Session) -> list[str]:
    """Return the names of all repositories, sorted. Not every registry tells.

    Raises:
        HelmkitError: This one does not.
    """
    purpose = Purpose(f"listing the repositories of {session.host}", "")
    names: list[str] = []
    last = ""
    while True:
        url = f"/v2/_catalog?n={_PAGE}" + (f"&last={quote(last, safe='')}" if last else "")
        body = (await session.call(purpose, "GET", url)).json()
        page = [str(name) for name in body.get("repositories") or ()] if isinstance(body, dict) else []
        names += page
        if len(page) < _PAGE or page[-1] == last:
            return sorted(names)
        last = page[-1]
