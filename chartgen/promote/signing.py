"""Sign or check a published platform version: the umbrella and its subcharts, by digest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from chartgen.harbor.connection import Access, connect
from chartgen.harbor.place import Place
from chartgen.promote.plan import plan_charts
from chartgen.promote.registry_store import RegistryStore
from chartgen.promote.transfer import resolve_items
from helmkit.charts import parse_archive
from helmkit.cosign import Cosign
from helmkit.errors import UsageError
from helmkit.oci import load_credentials, pull_chart
from helmkit.tasks import gather

AT_ONCE = 4
"""cosign processes at most."""


@dataclass(frozen=True)
class Signed:
    """One artifact that was signed or checked."""

    name: str
    digest: str
    action: Literal["signed", "verified"]


async def sign_version(access: Access, source: Place, key: str, *, check: bool) -> list[Signed]:
    """Sign every chart of a published version, or check that all are signed.

    Args:
        access: How to reach the registry; its credentials are given to cosign in a throw-away file.
        source: The umbrella, or any chart, with its version.
        key: The private key to sign with, or the public one to check with.
        check: Check instead of signing.

    Raises:
        UsageError: There is no cosign, or no version is named.
        NotSignedError: One of them is not signed with this key.
        HelmkitError: Anything else.
    """
    if not source.version or not source.path:
        message = f"{source} names no version of a chart"
        raise UsageError(message, hint="Write CHART:VERSION, such as spring-platform:1.4.2.")
    who = access.credentials or await load_credentials(
        source.host, access.environ, registry_config=access.registry_config
    )
    cosign = Cosign(access.environ, source.host, who, plain_http=access.plain_http, ca_file=access.ca_file)
    async with connect(source.host, access) as connection:
        archive, _ = await pull_chart(connection.registry, source.path, source.version)
        name, files = parse_archive(archive, str(source))
        items = plan_charts(files, name, source.version, source.path, source.path)
        store = RegistryStore(connection)
        resolved = await resolve_items(items, lambda _: store, store)
    room = asyncio.Semaphore(AT_ONCE)

    async def one(repository: str, digest: str, what: str) -> Signed:
        act: Callable[[str, str, str], Awaitable[None]] = cosign.verify if check else cosign.sign
        async with room:
            await act(repository, digest, key)
        return Signed(what, digest, "verified" if check else "signed")

    return await gather(*(one(found.item.source, found.manifest.digest, found.item.name) for found in resolved))
