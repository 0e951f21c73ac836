"""Publishing and browsing beside `helm push` one after the other, on registries of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench.measure import NOTHING, Cost, Row, run
from tests.bench.synthetic import write_platform
from tests.harbor.double.harbor import ADMIN, PASSWORD

ROOT = Path(__file__).resolve().parents[2]
CHARTGEN = Path(sys.executable).parent / "chartgen"
CHARTS = 55
VERSIONS = 1000
LATENCY = 0.030
"""Seconds of one round trip to a registry that is not on this machine."""


@dataclass(frozen=True)
class Publishing:
    """A platform of many charts, built, and what helm packed of it."""

    folder: Path
    helm: Path
    environ: Mapping[str, str]

    @property
    def packed(self) -> list[Path]:
        """Return the archives of the subcharts and of the umbrella."""
        return sorted((self.folder / "packed").glob("*.tgz"))

    def ours(self, repository: str) -> Cost:
        """Publish with `chartgen push`."""
        argv: list[str | Path] = [CHARTGEN, "push", "--to", repository, "--plain-http"]
        return run(argv, cwd=self.folder, environ=self.environ)

    def plain(self, repository: str) -> Cost:
        """Publish with `helm push`, one chart after the other."""
        total = NOTHING
        for archive in self.packed:
            argv: list[str | Path] = [self.helm, "push", archive, repository, "--plain-http"]
            total += run(argv, cwd=self.folder, environ=self.environ)
        return total


def build(folder: Path, helm: Path, environ: Mapping[str, str]) -> Publishing:
    """Build the platform and pack every chart of it with helm."""
    write_platform(folder, CHARTS)
    run([CHARTGEN, "build"], cwd=folder, environ=environ)
    umbrella = folder / "charts" / "synthetic"
    for chart in (umbrella, *sorted((umbrella / "charts").iterdir())):
        run([helm, "package", chart, "-d", folder / "packed"], cwd=folder, environ=environ)
    return Publishing(folder, helm, environ)


def rows(folder: Path, helm: Path, environ: Mapping[str, str], registry: str) -> Iterator[Row]:
    """Yield everything that is about registries.

    Args:
        folder: For what is made on the way.
        helm: The program.
        environ: For all programs.
        registry: A registry without login: host and port.
    """
    publishing = build(folder / "many", helm, environ)
    work = f"push {CHARTS + 1} charts"
    with delayed(registry, LATENCY) as far:
        for where, host in (("", registry), (f", {LATENCY * 1000:.0f} ms away", far)):
            ours = f"oci://{host}/ours-{len(where)}"
            first = publishing.ours(ours)
            yield Row(work + where, first, publishing.plain(f"oci://{host}/plain-{len(where)}"), "helm: one by one")
            yield Row(f"push again{where}", publishing.ours(ours), None)
    yield from _harbor(publishing, work)


def _harbor(publishing: Publishing, work: str) -> Iterator[Row]:
    with served("--charts", "0") as host, logged_in(publishing, host) as known:
        first = known.ours(f"oci://{host}/charts")
        yield Row(f"{work}, Harbor double", first, known.plain(f"oci://{host}/charts/plain"), "helm: one by one")
    with served("--charts", "1", "--versions", str(VERSIONS)) as host, logged_in(publishing, host) as known:
        argv: list[str | Path] = [CHARTGEN, "browse", f"oci://{host}/charts/shop/service-0", "--plain-http"]
        yield Row(f"browse {VERSIONS} versions", run(argv, cwd=known.folder, environ=known.environ), None, "< 1.5 s")


@contextmanager
def logged_in(publishing: Publishing, host: str) -> Iterator[Publishing]:
    """Give the same with credentials for a double."""
    config = publishing.folder / "registry.json"
    config.write_text(json.dumps({"auths": {host: {"username": ADMIN, "password": PASSWORD}}}))
    yield replace(publishing, environ={**publishing.environ, "HELM_REGISTRY_CONFIG": str(config)})
    config.unlink()


def served(*options: str) -> AbstractContextManager[str]:
    """Give the address of a Harbor double in another process; options are those of `tests.harbor.serve`."""
    return _process("tests.harbor.serve", *options)


def delayed(host: str, seconds: float) -> AbstractContextManager[str]:
    """Give the address under which a port of this machine seems that far away (round trip)."""
    return _process("tests.bench.delay", host.rpartition(":")[2], str(seconds))


@contextmanager
def _process(module: str, *arguments: str) -> Iterator[str]:
    """Run a server until the context ends; its first line is its address, the end of its input stops it."""
    argv = [sys.executable, "-m", module, *arguments]
    process = subprocess.Popen(argv, cwd=ROOT, env=dict(os.environ), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout.readline().decode().strip()
    finally:
        process.stdin.close()
        process.wait(timeout=10)
        process.stdout.close()
