"""`python -m tests.harbor.serve`: a double to try things on, until its standard input ends. Prints its address."""

from __future__ import annotations

import argparse
import asyncio
import sys

from tests.harbor.double import HarborDouble
from tests.harbor.double.seeding import chart_files, seed_chart


async def serve(charts: int, versions: int, latency: float, hash_seconds: float) -> None:
    """Serve a project `charts` with `charts` charts of `versions` versions each (user admin, Harbor-12345)."""
    async with HarborDouble(latency=latency, hash_seconds=hash_seconds) as harbor:
        project = harbor.add_project("charts")
        for chart in range(charts):
            for version in range(versions):
                files = chart_files(f"service-{chart}", f"1.0.{version}")
                seed_chart(harbor.state, project, f"shop/service-{chart}", files)
        sys.stdout.write(f"{harbor.host}\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--charts", type=int, default=3)
    parser.add_argument("--versions", type=int, default=5)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds per request")
    parser.add_argument("--hash-seconds", type=float, default=0.0, help="seconds to check a user's password")
    given = parser.parse_args()
    asyncio.run(serve(given.charts, given.versions, given.latency, given.hash_seconds))


if __name__ == "__main__":
    main()
