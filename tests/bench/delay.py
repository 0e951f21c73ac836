"""`python -m tests.bench.delay PORT SECONDS`: a proxy to a port of this machine that is that far away.

Prints its own address and runs until its standard input ends. What comes in at once goes out at once, later: only the
time to the other side grows, as on a real network, not the time between two pieces.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

_PIECE = 64 * 1024


async def serve(port: int, seconds: float) -> None:
    """Pass on everything, half of `seconds` (the round trip) later."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pass_on(reader, back, seconds / 2), _pass_on(there, writer, seconds / 2))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    sys.stdout.write(f"127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def write() -> None:
        while True:
            due, piece = await waiting.get()
            await asyncio.sleep(max(due - loop.time(), 0.0))
            if not piece:
                writer.close()
                return
            writer.write(piece)
            await writer.drain()

    writing = asyncio.create_task(write())
    with contextlib.suppress(ConnectionError):
        piece = b"more"
        while piece:
            piece = await reader.read(_PIECE)
            waiting.put_nowait((loop.time() + seconds, piece))
        await writing
    writing.cancel()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
