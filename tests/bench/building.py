"""Building and packing charts beside `helm package` of the same charts, each with its bar."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from chartgen.package import write_packages
from chartgen.workspace import load_workspace
from tests.bench.measure import Cost, Row, best, run
from tests.bench.plain_helm import PlainHelm
from tests.bench.synthetic import write_platform

ROOT = Path(__file__).resolve().parents[2]
CHARTGEN = Path(sys.executable).parent / "chartgen"
RUNS = 3
SAMPLE = 50
PACKED = 55
"""Charts that packing alone is measured with."""
FASTER = 10
"""How many times faster than helm packing alone should be."""


def rows(folder: Path, helm: Path, environ: Mapping[str, str]) -> Iterator[Row]:
    """Yield what building takes; `folder` is for what is made on the way."""
    yield _platforms(folder / "all", environ)
    for services, bar, memory in ((1000, 5.0, 200.0), (2000, 10.0, None)):
        yield from _many(folder / str(services), services, helm, environ, bar, memory)
    yield _packing(folder / "packing", helm, environ)


def _platforms(folder: Path, environ: Mapping[str, str]) -> Row:
    """Build the platform of this project and all examples in one process."""
    for name in ("releases.toml", "releases.lock"):
        (folder / "root").mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / "root")
    for name in ("values", "objects"):
        shutil.copytree(ROOT / name, folder / "root" / name)
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("dist"))
    found = [folder / "root", *sorted(path.parent for path in (folder / "examples").glob("*/releases.toml"))]

    def build() -> Cost:
        for made in ("charts", "dist"):
            shutil.rmtree(folder / made, ignore_errors=True)
        argv: list[str | Path] = [CHARTGEN, "build", *found, "--charts", folder / "charts", "--dist", folder / "dist"]
        return run(argv, cwd=folder, environ=environ)

    return Row(f"build {len(found)} platforms", best(RUNS, build), None, "one process", 1.0, 120.0)


def _many(
    folder: Path, services: int, helm: Path, environ: Mapping[str, str], bar: float, memory: float | None
) -> Iterator[Row]:
    write_platform(folder, services)
    full = run([CHARTGEN, "build"], cwd=folder, environ=environ)
    packaged, count = PlainHelm(helm, folder / "charts" / "synthetic", "dev", folder, environ).package_all(SAMPLE)
    scale = services / count
    whole = Cost(packaged.seconds * scale, packaged.megabytes, packaged.cpu * scale)
    yield Row(f"build {services} services", full, whole, f"helm: {count} packaged, scaled up", bar, memory)
    write_platform(folder, services, version="1.0.1", changed=7)
    again = run([CHARTGEN, "build"], cwd=folder, environ=environ)
    yield Row(f"build {services} again, one changed", again, None, "half of a full build", full.seconds / 2)
    shutil.rmtree(folder)


def _packing(folder: Path, helm: Path, environ: Mapping[str, str]) -> Row:
    write_platform(folder, PACKED)
    run([CHARTGEN, "build", "--no-dist"], cwd=folder, environ=environ)
    built = load_workspace(folder).built
    (folder / "packed").mkdir()
    packaged, _ = PlainHelm(helm, folder / "charts" / "synthetic", "dev", folder / "packed", environ).package_all()
    began, cpu = time.perf_counter(), time.process_time()
    write_packages(built, folder / "dist")
    ours = Cost(time.perf_counter() - began, 0.0, time.process_time() - cpu)
    return Row(f"pack {PACKED} services", ours, packaged, "helm: one by one", packaged.seconds / FASTER)
