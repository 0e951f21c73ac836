"""Several things at once: the first failure stops the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

Item = TypeVar("Item")
Other = TypeVar("Other")


async def gather(*calls: Awaitable[Item]) -> list[Item]:
    """Await all at once; when one fails the others are cancelled, and its error alone is raised."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def both(first: Awaitable[Item], second: Awaitable[Other]) -> tuple[Item, Other]:
    """Await two at once; when one fails the other is cancelled, and its error alone is raised."""
    found: list[Any] = await gather(first, second)
    return found[0], found[1]
