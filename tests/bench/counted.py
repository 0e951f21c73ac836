"""`python -m tests.bench.counted FILE ARGUMENTS…`: relman with these arguments, and its API requests counted.

The number of requests, watches included, is written to FILE.
"""

from __future__ import annotations

import atexit
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from helmkit.kube.direct import DirectTransport
from helmkit.kube.transport import Answer, Request


def main(target: Path) -> None:
    """Run relman in this process."""
    asked: list[str] = []
    send, stream = DirectTransport.send, DirectTransport.stream

    async def counted_send(self: DirectTransport, request: Request) -> Answer:
        asked.append(request.path)
        return await send(self, request)

    def counted_stream(self: DirectTransport, request: Request) -> AsyncGenerator[dict[str, Any], None]:
        asked.append(request.path)
        return stream(self, request)

    DirectTransport.send = counted_send  # type: ignore[method-assign]  # it is what is measured
    DirectTransport.stream = counted_stream  # type: ignore[method-assign]  # it is what is measured
    atexit.register(lambda: target.write_text(str(len(asked))))
    from relman.cli import main as relman

    relman()


if __name__ == "__main__":
    path = Path(sys.argv[1])
    sys.argv = ["relman", *sys.argv[2:]]
    main(path)
