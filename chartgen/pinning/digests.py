"""Ask registries for the digests of tags."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from chartgen.pinning.images import Tag
from helmkit.errors import HelmkitError

_AT_A_TIME = 8
"""Questions to one registry at the same time."""


@dataclass(frozen=True)
class Answer:
    """What a registry says of a tag: a digest, or why there is none."""

    digest: str | None = None
    error: HelmkitError | None = None
    """The registry could not be asked, or refuses. Neither this nor a digest: there is no such tag."""


class Registry(Protocol):
    """What is needed of a registry; `helmkit.oci.RegistryClient` has it."""

    async def resolve(self, repository: str, reference: str) -> str | None:
        """Return the digest of a tag, or None when there is none."""
        ...


Connect = Callable[[str, bool], AbstractAsyncContextManager[Registry]]
"""Takes a host and whether it speaks plain HTTP."""


async def fetch_digests(tags: Iterable[Tag], connect: Connect) -> dict[Tag, Answer]:
    """Return the registries' answers, each tag asked once, all registries at the same time."""
    hosts: dict[tuple[str, bool], list[Tag]] = {}
    for tag in sorted(set(tags)):
        hosts.setdefault((tag.host, tag.plain_http), []).append(tag)
    found = await asyncio.gather(*(_ask(connect, host, plain, wanted) for (host, plain), wanted in hosts.items()))
    return {tag: answer for answers in found for tag, answer in answers.items()}


async def _ask(connect: Connect, host: str, plain_http: bool, tags: list[Tag]) -> dict[Tag, Answer]:  # noqa: FBT001
    slots = asyncio.Semaphore(_AT_A_TIME)
    try:
        async with connect(host, plain_http) as registry:

            async def one(tag: Tag) -> Answer:
                async with slots:
                    return await _answer(registry.resolve(tag.repository, tag.tag))

            # The first question alone: its answer says how the registry wants to be asked, and the others then do so.
            first = await one(tags[0])
            return dict(zip(tags, (first, *await asyncio.gather(*map(one, tags[1:]))), strict=True))
    except HelmkitError as error:  # credentials that cannot be read, for example
        return dict.fromkeys(tags, Answer(error=error))


async def _answer(question: Awaitable[str | None]) -> Answer:
    try:
        return Answer(await question)
    except HelmkitError as error:
        return Answer(error=error)
