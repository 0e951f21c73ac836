"""A double in a thread of its own, for commands that run an event loop themselves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.harbor.double import HarborDouble


@contextmanager
def running_double(**options: Any) -> Iterator[HarborDouble]:
    """Give a double that answers while the caller's thread does something else."""
    double = HarborDouble(**options)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(double.__aenter__(), loop).result()
    try:
        yield double
    finally:
        asyncio.run_coroutine_threadsafe(double.__aexit__(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
