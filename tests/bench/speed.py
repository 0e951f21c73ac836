"""relman's own bars, beside helm doing the same on the same cluster.

Status of many releases; install, no-op upgrade and one changed service of a platform of 55.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from helmkit.bom import ServiceEntry
from tests.bench.many_releases import Size, fill
from tests.bench.measure import Cost, Row, best, run
from tests.bench.plain_helm import PlainHelm
from tests.bench.synthetic import write_platform

BIN = Path(sys.executable).parent
PROJECT = Path(__file__).resolve().parents[2]
SERVICES = 55
INSIDE = 11
CHAIN = 4
CHANGED = 7
RUNS = 3
AT_A_TIME = (4, 8)
"""How many helms to run side by side; the best counts."""
_MEMORY = 150.0


@dataclass(frozen=True)
class Speed:
    """A platform of 55 services on a cluster of its own."""

    folder: Path
    helm: Path
    environ: Mapping[str, str]
    registry: str

    @property
    def plain(self) -> PlainHelm:
        """Return helm on the platform's charts."""
        return PlainHelm(self.helm, self.folder / "charts" / "synthetic", "dev", self.folder / "helm", self.environ)

    def publish(self, version: str, changed: int | None = None) -> None:
        """Build and push a version of the platform, and its images."""
        write_platform(
            self.folder, SERVICES, host=self.registry, version=version, inside=INSIDE, chain=CHAIN, replicas=1,
            changed=changed,
        )  # fmt: skip
        run([BIN / "chartgen", "build"], cwd=self.folder, environ=self.environ)
        push: list[str | Path] = [BIN / "chartgen", "push", "--to", f"oci://{self.registry}/charts", "--plain-http"]
        run(push, cwd=self.folder, environ=self.environ)
        images: list[str | Path] = [sys.executable, "-m", "sandbox", "images", "charts/synthetic"]
        run(images, cwd=self.folder, environ=self.environ)

    def relman(self, *arguments: str) -> Cost:
        """Run relman."""
        return run([BIN / "relman", *arguments], cwd=self.folder, environ=self.environ)

    def requests(self, *arguments: str) -> int:
        """Run relman and return how many requests it made."""
        target = self.folder / "requests"
        argv: list[str | Path] = [sys.executable, "-m", "tests.bench.counted", target, *arguments]
        run(argv, cwd=PROJECT, environ=self.environ)
        return int(target.read_text())

    def kubectl(self, *arguments: str) -> None:
        """Run kubectl."""
        run(["kubectl", *arguments], cwd=self.folder, environ=self.environ)


def rows(folder: Path, helm: Path, environ: Mapping[str, str], registry: str) -> Iterator[Row]:
    """Yield relman's bars.

    Args:
        folder: For what is made on the way.
        helm: The program.
        environ: For all programs; with SANDBOX_REGISTRY.
        registry: Without login: host and port.
    """
    # As where it is installed: every module compiled once, whatever this environment says about bytecode.
    compiled = {key: value for key, value in environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    speed = Speed(folder, helm, {**compiled, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}, registry)
    speed.folder.mkdir()
    speed.plain.work.mkdir()
    speed.publish("1.0.0")
    yield from _platform(speed)
    yield from _many(speed)


def _platform(speed: Speed) -> Iterator[Row]:
    source = f"oci://{speed.registry}/charts/synthetic"
    parallel = min((_install_by_helm(speed, count) for count in AT_A_TIME), key=lambda cost: cost.seconds)
    chain = _readiness(speed) * CHAIN
    install = speed.relman("upgrade", "--all", "--to", "1.0.0", "--from", source, "--plain-http", "-e", "dev", "--yes")
    note = f"helm: side by side, no waiting; readiness of the longest chain: {chain:.1f} s"
    bar = 1.2 * parallel.seconds + chain
    yield Row(f"install {SERVICES} services, ready", install, parallel, note, bar, _MEMORY)
    again = ("upgrade", "--all", "--to", "1.0.0")
    no_op = best(RUNS, lambda: speed.relman(*again))
    spaces = -(-SERVICES // INSIDE)
    requests = speed.requests(*again)
    note = f"{requests} API requests for {spaces} namespaces"
    yield Row(f"no-op upgrade of {SERVICES}", no_op, None, note, 2.0, _MEMORY)
    yield from _one_changed(speed)
    yield Row(
        f"status of {SERVICES}", best(RUNS, lambda: speed.relman("status")), speed.plain.list_all(), "helm: list -A"
    )


def _one_changed(speed: Speed) -> Iterator[Row]:
    """Move one service again and again, by relman, then by helm."""
    ours: list[Cost] = []
    for number in range(1, RUNS + 1):
        speed.publish(f"1.0.{number}", changed=CHANGED if number % 2 else None)
        ours.append(speed.relman("upgrade", f"service-{CHANGED}", "--to", f"1.0.{number}", "--yes"))
    theirs: list[Cost] = []
    for number in range(RUNS):
        write_platform(
            speed.folder, SERVICES, host=speed.registry, version=f"1.1.{number}", inside=INSIDE, chain=CHAIN,
            replicas=1, changed=None if number % 2 else CHANGED - 1,
        )  # fmt: skip
        run([BIN / "chartgen", "build"], cwd=speed.folder, environ=speed.environ)
        theirs.append(speed.plain.upgrade(f"service-{CHANGED - 1}", wait=True))
    quickest = min(theirs, key=lambda cost: cost.seconds)
    mine = min(ours, key=lambda cost: cost.seconds)
    yield Row("one service changed", mine, quickest, "helm: upgrade --wait", quickest.seconds + 1.5, _MEMORY)


def _install_by_helm(speed: Speed, count: int) -> Cost:
    """Install everything with so many helms side by side, and take it away again."""
    entries = dict(speed.plain.services())
    for namespace in sorted({entry.namespace for entry in entries.values()}):
        speed.kubectl("create", "namespace", namespace)
    began = time.perf_counter()
    with ThreadPoolExecutor(count) as helms:
        costs = list(helms.map(lambda key: speed.plain.upgrade(key, wait=False), entries))
    cost = Cost(time.perf_counter() - began, max(one.megabytes for one in costs), sum(one.cpu for one in costs))
    _clean(speed, entries)
    return cost


def _readiness(speed: Speed) -> float:
    """Return how many seconds one service takes from applied to ready."""
    first = next(key for key, _ in speed.plain.services())
    entry = dict(speed.plain.services())[first]
    speed.kubectl("create", "namespace", entry.namespace)
    plain = speed.plain.upgrade(first, wait=False)
    _clean(speed, {first: entry})
    speed.kubectl("create", "namespace", entry.namespace)
    waited = speed.plain.upgrade(first, wait=True)
    _clean(speed, {first: entry})
    return max(waited.seconds - plain.seconds, 0.0)


def _clean(speed: Speed, entries: Mapping[str, ServiceEntry]) -> None:
    namespaces = sorted({entry.namespace for entry in entries.values()})
    speed.kubectl("delete", "namespace", "--wait=true", *namespaces)


def _many(speed: Speed) -> Iterator[Row]:
    size = Size()
    chart = speed.folder / "charts" / "synthetic" / "charts" / "service-1"
    fill(speed.helm, chart, {**os.environ, **speed.environ}, size)
    work = f"status of {size.releases} releases with {size.revisions} revisions"
    yield Row(work, best(RUNS, lambda: speed.relman("status", "-o", "json")), speed.plain.list_all(),
              "helm: list -A", 1.0, 120.0)  # fmt: skip
