"""What browsing and publishing take on a Harbor double in a process of its own: for `make bench`.

Every function returns seconds of wall time. The double is one Python process and slower than the real thing; what
counts is the comparison with helm in the same run.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helmkit.charts import build_archive
from helmkit.oci import Credentials, RegistryClient, push_chart
from tests.harbor.double.harbor import ADMIN, PASSWORD
from tests.harbor.double.seeding import chart_files

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def served(*options: str) -> Iterator[str]:
    """Give the address of a double in another process; options are those of `tests.harbor.serve`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.harbor.serve", *options], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout.readline().decode().strip()
    finally:
        process.stdin.close()
        process.wait(timeout=10)
        process.stdout.close()


@contextmanager
def _logged_in(host: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        config = Path(name) / "config.json"
        config.write_text(json.dumps({"auths": {host: {"username": ADMIN, "password": PASSWORD}}}))
        yield config


def browse_versions(versions: int = 1000, latency: float = 0.0) -> float:
    """Return how long `chartgen browse` takes to list so many versions of one chart, the whole process."""
    options = ("--charts", "1", "--versions", str(versions), "--latency", str(latency))
    with served(*options) as host, _logged_in(host) as config:
        program = "import sys; from chartgen.cli import main; main()"
        argv = [sys.executable, "-c", program, "browse", f"oci://{host}/charts/shop/service-0", "--plain-http"]
        started = time.perf_counter()
        done = subprocess.run(
            argv, cwd=ROOT, env={**os.environ, "HELM_REGISTRY_CONFIG": str(config)}, capture_output=True, check=True
        )
        seconds = time.perf_counter() - started
    assert done.stdout.count(b"\n") > versions
    return seconds


def push_charts(charts: int = 55, latency: float = 0.0) -> tuple[float, float]:
    """Return how long our client takes to publish so many charts, and to find them published."""
    with served("--charts", "0", "--latency", str(latency)) as host:
        return asyncio.run(_push(host, charts)), asyncio.run(_push(host, charts))


async def _push(host: str, charts: int) -> float:
    made = [(f"service-{n}", chart_files(f"service-{n}", "1.0.0")) for n in range(charts)]
    packed = [(name, files, build_archive(name, files)) for name, files in made]
    started = time.perf_counter()
    credentials = Credentials(ADMIN, PASSWORD)
    async with RegistryClient(host, plain_http=True, credentials=credentials, environ={}) as client:
        calls = (
            push_chart(client, f"charts/shop/{name}", name, "1.0.0", archive, files["Chart.yaml"], created=None)
            for name, files, archive in packed
        )
        await asyncio.gather(*calls)
    return time.perf_counter() - started


def helm_push_charts(helm: Path, charts: int = 55, latency: float = 0.0) -> float:
    """Return how long `helm push` takes for as many charts, one after the other."""
    with served("--charts", "0", "--latency", str(latency)) as host, _logged_in(host) as config:
        folder = config.parent
        for number in range(charts):
            name = f"service-{number}"
            (folder / f"{name}.tgz").write_bytes(build_archive(name, chart_files(name, "1.0.0")))
        started = time.perf_counter()
        for archive in sorted(folder.glob("*.tgz")):
            target = f"oci://{host}/charts/shop"
            argv = [str(helm), "push", str(archive), target, "--plain-http", f"--registry-config={config}"]
            subprocess.run(argv, capture_output=True, check=True)
        return time.perf_counter() - started
