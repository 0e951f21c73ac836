"""Building the parts into the cache. Does nothing twice, and never leaves half a part where others look.

A part is built in a folder beside its place and then renamed into it, so a folder that is there is complete. One lock
per part lets two builds at once share the work instead of doing it twice.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from helmkit.errors import HelmkitError
from sandbox.locks import exclusive
from sandbox.parts import PARTS, Part, link_flags, part_folder, wrapper_module
from sandbox.progress import Progress, clock_time
from sandbox.toolchain import find_go

_LOG_TAIL_LINES = 15


@dataclass(frozen=True)
class _Bench:
    """What every build of this run shares."""

    cache: Path
    environ: Mapping[str, str]
    progress: Progress


def built_parts(cache: Path, parts: Sequence[Part] = PARTS) -> dict[str, Path]:
    """Return the folders of those of the parts that are built already, by name."""
    folders = {part.name: cache / part_folder(part) for part in parts}
    return {name: folder for name, folder in folders.items() if folder.is_dir()}


def is_built(cache: Path, parts: Sequence[Part] = PARTS) -> bool:
    """Tell whether none of the parts needs building."""
    return len(built_parts(cache, parts)) == len(parts)


def build_parts(
    cache: Path, environ: Mapping[str, str], progress: Progress, parts: Sequence[Part] = PARTS
) -> dict[str, Path]:
    """Build every part that is not in the cache yet, and return the folders of all, by name.

    Idempotent; Go is looked for only if something is missing.

    Args:
        cache: The folder the parts' folders lie in.
        environ: The process environment: PATH to find Go, and Go's own settings.
        progress: Told about each part that is built.
        parts: Which; by default what a sandbox is made of.

    Raises:
        UsageError: Go is needed, and missing or too old.
        HelmkitError: A build failed; the message ends with what Go said last.
    """
    there = built_parts(cache, parts)
    missing = [part for part in parts if part.name not in there]
    if missing:
        go = find_go(environ)
        minutes = sum(part.minutes for part in missing)
        progress.line(f"building {len(missing)} of {len(parts)} programs into {cache}")
        progress.line(f"once; about {minutes:.0f} min on two cores, seconds if Go's own cache has them")
        for number, part in enumerate(missing, start=1):
            label = f"[{number}/{len(missing)}] {part.name} {part.version}"
            _build_locked(part, go, label, _Bench(cache, environ, progress))
    return built_parts(cache, parts)


def _build_locked(part: Part, go: Path, label: str, bench: _Bench) -> None:
    def say_waiting() -> None:
        bench.progress.line(f"{label}: another process builds it; waiting")

    with exclusive(bench.cache / f"{part.name}.lock", on_wait=say_waiting):
        place = bench.cache / part_folder(part)
        if place.is_dir():
            bench.progress.line(f"{label}: built meanwhile")
            return
        for leftover in bench.cache.glob(f".{part.name}-*"):
            # Whoever made it is gone: it would hold the lock.
            shutil.rmtree(leftover, ignore_errors=True)
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f".{part.name}-", dir=bench.cache) as folder:
            scratch = Path(folder) / "parts"
            scratch.mkdir()
            _run_go(part, go, scratch, label, bench)
            scratch.rename(place)
        bench.progress.line(f"{label}: built in {clock_time(time.monotonic() - began)}")


def _run_go(part: Part, go: Path, target: Path, label: str, bench: _Bench) -> None:
    log = bench.cache / "logs" / f"{part_folder(part)}.log"
    log.parent.mkdir(exist_ok=True)
    began = time.monotonic()
    bench.progress.line(f"{label}: building, about {part.minutes:g} min")
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(go), *go_arguments(part, target)],
            cwd=wrapper_module(part) if part.wrapped else target,
            env=go_environ(bench.environ, target),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            while process.poll() is None:
                spent = clock_time(time.monotonic() - began)
                bench.progress.tick(f"{label}: {spent} of about {clock_time(part.minutes * 60)}")
                _wait_a_second(process)
        finally:
            # An interrupted build must not write on into a folder that is being removed.
            process.terminate()
            process.wait()
    if process.returncode != 0 or not all((target / program).is_file() for program in part.programs):
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:])
        message = f"building {part.name} {part.version} failed: go ended with code {process.returncode}\n{tail}"
        raise HelmkitError(
            message,
            hint=f"the whole output is in {log}; if the network failed, just run `python -m sandbox build` again",
        )


def _wait_a_second(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        return


def go_arguments(part: Part, target: Path) -> list[str]:
    """Return the arguments of `go` that build the part into the folder `target`."""
    flags = ["-trimpath", f"-ldflags={link_flags(part)}"]
    if not part.wrapped:
        return ["install", *flags, *(f"{package}@{part.version}" for package in part.packages)]
    # A single program is named by us (etcd's package is called `server/v3`), several by Go.
    output = f"{target}/{part.programs[0]}" if len(part.programs) == 1 else f"{target}/"
    return ["build", "-mod=readonly", *flags, "-o", output, *part.packages]


def go_environ(environ: Mapping[str, str], target: Path) -> dict[str, str]:
    """Return the environment `go` builds in: the user's, without what would build something else.

    Static programs run on any libc; GOOS and GOARCH would make programs this machine cannot run.
    """
    kept = {name: value for name, value in environ.items() if name not in {"GOOS", "GOARCH", "GOWORK", "GO111MODULE"}}
    return {**kept, "CGO_ENABLED": "0", "GOWORK": "off", "GOBIN": str(target)}
