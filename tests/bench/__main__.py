"""`python -m tests.bench`: builds, publishes, installs, upgrades and asks, and prints what each took."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from sandbox.cluster import Sandbox
from tests.bench import building, registries, speed
from tests.bench.measure import Cost, Row, report, run
from tests.bench.plain_helm import PlainHelm

PROJECT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PLATFORM = "spring-platform"
CHANGED = "test-id-generator"


def main() -> None:
    """Run the benchmarks on a sandbox of their own and print the table; `speed` alone runs relman's bars."""
    sandbox = Sandbox.up(name="bench", free_ports=True)
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            environ = {**os.environ, **sandbox.environ}
            bars = speed.rows(Path(name) / "speed", sandbox.helm, environ, sandbox.registry)
            others = iter(()) if sys.argv[1:] == ["speed"] else _rows(Path(name), sandbox)
            found: list[Row] = []
            for row in chain(others, bars):
                found.append(row)
                sys.stderr.write(f"{row.work}: {row.ours.seconds:.2f} s ({row.ours.cpu:.2f} s of CPU)\n")
            sys.stdout.write(report(found) + "\n")
    finally:
        sandbox.down()


def _rows(folder: Path, sandbox: Sandbox) -> Iterator[Row]:
    environ = {**os.environ, **sandbox.environ}
    shutil.copy(PROJECT / "releases.toml", folder)
    shutil.copytree(PROJECT / "values", folder / "values")
    shutil.copytree(PROJECT / "objects", folder / "objects")
    layer = folder / "values" / "sandbox.toml"
    layer.write_text(layer.read_text().replace("127.0.0.1:5055", sandbox.registry))
    repository = f"oci://{sandbox.registry}/charts"
    helm = PlainHelm(sandbox.helm, folder / "charts" / PLATFORM, "sandbox", folder / "helm", environ)
    helm.work.mkdir()
    yield from _build(folder, environ, helm)
    yield from _publish(folder, environ, helm, repository)
    yield from registries.rows(folder / "registries", sandbox.helm, environ, sandbox.registry)
    yield from _release(folder, environ, helm, f"{repository}/{PLATFORM}")


def _build(folder: Path, environ: dict[str, str], helm: PlainHelm) -> Iterator[Row]:
    ours = run([BIN / "chartgen", "build"], cwd=folder, environ=environ)
    packaged, _ = helm.package_all()
    yield Row("build this platform", ours, packaged, "helm: package each subchart")
    yield from building.rows(folder / "building", helm.helm, environ)


def _publish(folder: Path, environ: dict[str, str], helm: PlainHelm, repository: str) -> Iterator[Row]:
    push: list[str | Path] = [BIN / "chartgen", "push", "--to", repository, "--plain-http"]
    first = run(push, cwd=folder, environ=environ)
    yield Row("push", first, helm.push_all(f"{repository}-by-helm"), "helm: push each subchart")
    yield Row("push again, nothing new", run(push, cwd=folder, environ=environ), None)


def _release(folder: Path, environ: dict[str, str], helm: PlainHelm, source: str) -> Iterator[Row]:
    def upgrade(target: str, version: str) -> Cost:
        options = ["--to", version, "--from", source, "--plain-http", "-e", "sandbox", "-m", "benchmark", "--yes"]
        return run([BIN / "relman", "upgrade", target, *options], cwd=folder, environ=environ)

    _prepare_cluster(folder, environ)
    install = upgrade("--all", "1.4.0")
    no_op = upgrade("--all", "1.4.0")
    status = run([BIN / "relman", "status", "-o", "json"], cwd=folder, environ=environ)
    listed = helm.list_all()
    _next_version(folder, environ, source.rsplit("/", 1)[0])
    changed = upgrade(CHANGED, "1.4.1")
    helm.uninstall_all()
    yield Row("install all, ready", install, helm.upgrade_all(wait=True), "helm: upgrade --install --wait, one by one")
    yield Row("no-op upgrade of all", no_op, helm.upgrade_all(wait=False), "helm: upgrade each, no waiting")
    yield Row("status of all", status, listed, "helm: list -A")
    run([BIN / "chartgen", "set", f"{CHANGED}=9"], cwd=folder, environ=environ)
    run([BIN / "chartgen", "build"], cwd=folder, environ=environ)
    yield Row("one service changed", changed, helm.upgrade(CHANGED, wait=True), "helm: upgrade --wait of it")


def _prepare_cluster(folder: Path, environ: dict[str, str]) -> None:
    """Put there what preflight asks for: the images, and the Secret that nacos refers to."""
    run([sys.executable, "-m", "sandbox", "images", "charts/spring-platform"], cwd=folder, environ=environ)
    secret = folder / "nacos-db.env"
    secret.write_text("user=nacos\npassword=bench\nroot-password=bench\n")
    run(["kubectl", "create", "namespace", "test-basic-nacos"], cwd=folder, environ=environ)
    create = f"kubectl -n test-basic-nacos create secret generic nacos-db --from-env-file={secret}"
    run(create.split(), cwd=folder, environ=environ)


def _next_version(folder: Path, environ: dict[str, str], repository: str) -> None:
    for line in (f"set {CHANGED}=8", "bump patch", "build", f"push --to {repository} --plain-http"):
        run([BIN / "chartgen", *line.split()], cwd=folder, environ=environ)
    run([sys.executable, "-m", "sandbox", "images", "charts/spring-platform"], cwd=folder, environ=environ)


if __name__ == "__main__":
    main()
