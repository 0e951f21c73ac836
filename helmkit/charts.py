"""Chart archives: read, written deterministically, and digested.

A chart is a mapping of paths inside the chart (`Chart.yaml`, `templates/deployment.yaml`, `charts/x/values.yaml`)
to bytes. The same mapping always gives the same archive, whatever the umask, clock or folder (gzip bytes hold per
zlib implementation), which `helm package` does not promise (helm/helm#3612).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from helmkit.errors import HelmkitError

ChartFiles = Mapping[str, bytes]

_VERSION_LINE = re.compile(rb"^version:.*$", re.MULTILINE)
_IN_SUBCHART = re.compile(r"^(?:charts/[^/]+/)+")
_EPOCH = 0
_PIECE = 1024 * 1024
"""How much of an archive is compressed at once (bytes)."""
_COMPRESSION = 6
"""zlib's own default: 2 % larger than the best, in half the time."""
_MODE_OWNER = b"0000644\0" + b"0000000\0" * 2
_TIME = b"%011o\0" % _EPOCH
_AFTER_CHECKSUM = (tarfile.REGTYPE + b"\0" * 100 + b"ustar\x0000" + b"\0" * 64).ljust(356, b"\0")
_AFTER_SUM = sum(_AFTER_CHECKSUM) + 8 * ord(" ")
"""The checksum counts its own eight bytes as blanks."""
_UNPACKED_LIMIT = 100 * 1024 * 1024
"""Helm refuses charts that unpack to more (bytes)."""


def build_archive(name: str, files: ChartFiles) -> bytes:
    """Return the chart `name` as a .tgz whose bytes depend on `name` and `files` alone."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=_EPOCH, filename="", compresslevel=_COMPRESSION) as stream:
        for piece in _tar_pieces(name, files):
            stream.write(piece)
    return packed.getvalue()


def is_archive_of(archive: bytes, name: str, files: ChartFiles) -> bool:
    """Tell whether `archive` unpacks to exactly what `build_archive` packs; in a fraction of the time it takes."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(archive)) as stream:
            return all(stream.read(len(piece)) == piece for piece in _tar_pieces(name, files)) and not stream.read(1)
    except (OSError, EOFError, zlib.error):
        return False


def _tar_pieces(name: str, files: ChartFiles) -> Iterator[bytes]:
    """Yield a tar archive in large pieces: each call into gzip costs as much as compressing a header."""
    waiting: list[bytes] = []
    size = 0
    for block in _tar_blocks(name, files):
        waiting.append(block)
        size += len(block)
        if size >= _PIECE:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


def _tar_blocks(name: str, files: ChartFiles) -> Iterator[bytes]:
    """Yield a tar archive piece by piece: an umbrella of a thousand charts is 40 MB of it."""
    length = 0
    for path in sorted(files, key=_archive_order):
        content = files[path]
        for block in (
            _tar_header(f"{name}/{path}", len(content)),
            content,
            b"\0" * (-len(content) % tarfile.BLOCKSIZE),
        ):
            length += len(block)
            yield block
    end = 2 * tarfile.BLOCKSIZE
    yield b"\0" * (end + -(length + end) % tarfile.RECORDSIZE)


def _archive_order(path: str) -> tuple[bool, str, str]:
    """Return the sort key of a file in an archive.

    Chart.yaml first: registries and tools that stream the archive find it without reading on. The same file of all
    subcharts together: gzip looks back 32 KiB, and an umbrella of a thousand charts shrinks to a tenth.
    """
    inner = _IN_SUBCHART.sub("", path)
    return (path != "Chart.yaml", inner, path)


def _tar_header(path: str, size: int) -> bytes:
    """Return what `tarfile` writes for a plain file; by hand for short names, because that is ten times as fast.

    A thousand charts have 25,000 members, and digests and archives are made of all of them.
    """
    if not path.isascii() or len(path) >= tarfile.LENGTH_NAME:
        member = tarfile.TarInfo(path)
        member.size, member.mode, member.mtime = size, 0o644, _EPOCH
        return member.tobuf(tarfile.PAX_FORMAT)
    before = path.encode().ljust(tarfile.LENGTH_NAME, b"\0") + _MODE_OWNER + b"%011o\0" % size + _TIME
    return before + b"%06o\0 " % (sum(before) + _AFTER_SUM) + _AFTER_CHECKSUM


def content_digest(files: ChartFiles) -> str:
    """Return the sha256 of a chart's content, leaving out its own version.

    Two charts that differ in nothing but `version` in their Chart.yaml have the same content digest, so a service
    that did not change keeps its version.
    """
    neutral = dict(files)
    if "Chart.yaml" in neutral:
        neutral["Chart.yaml"] = _VERSION_LINE.sub(b"version: 0.0.0", neutral["Chart.yaml"], count=1)
    digest = hashlib.sha256()
    for block in _tar_blocks("chart", neutral):
        digest.update(block)
    return "sha256:" + digest.hexdigest()


def bytes_digest(content: bytes) -> str:
    """Return the sha256 of `content` with its algorithm, as OCI writes it."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def values_digest(values: Mapping[str, Any]) -> str:
    """Return the sha256 of Helm values: equal for equal data, whatever the key order."""
    canonical = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return bytes_digest(canonical.encode())


def subchart_values(environment: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return what an umbrella's `environments/<environment>.yaml` gives the subchart `name`, `global` included.

    These are the values to install the subchart alone with, and what its values digest is over.
    """
    return {"global": environment.get("global", {}), **environment.get(name, {})}


def subchart(files: ChartFiles, name: str) -> dict[str, bytes]:
    """Return the vendored subchart `name` of an umbrella as a chart of its own; empty if there is none."""
    prefix = f"charts/{name}/"
    return {path.removeprefix(prefix): content for path, content in files.items() if path.startswith(prefix)}


def subcharts(files: ChartFiles) -> dict[str, dict[str, bytes]]:
    """Return all vendored subcharts of an umbrella by name, each as a chart of its own, in one pass."""
    found: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        top, _, rest = path.partition("/")
        name, _, inner = rest.partition("/")
        if top == "charts" and inner:
            found.setdefault(name, {})[inner] = content
    return found


def parse_archive(archive: bytes, source: str) -> tuple[str, dict[str, bytes]]:
    """Return the chart's folder name and its files.

    Args:
        archive: A .tgz as helm or this project writes it.
        source: Where it came from, for errors.

    Raises:
        HelmkitError: It is not a chart archive, is too large, or holds a path that leaves its folder.
    """
    names: set[str] = set()
    files: dict[str, bytes] = {}
    total = 0
    try:
        # Unpacked in one go, with room for headers: reading member by member through gzip takes twice as long.
        with gzip.GzipFile(fileobj=io.BytesIO(archive)) as packed:
            unpacked = packed.read(2 * _UNPACKED_LIMIT)
        with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as tar:
            for member in tar:
                if not member.isfile():
                    continue
                path = PurePosixPath(member.name)
                total += member.size
                if path.is_absolute() or ".." in path.parts or len(path.parts) < 2 or total > _UNPACKED_LIMIT:
                    message = f"the chart archive {source} is refused at {member.name!r}: unsafe path or too large"
                    raise HelmkitError(message, hint="Build and push it again with chartgen.")
                names.add(path.parts[0])
                stream = tar.extractfile(member)
                files["/".join(path.parts[1:])] = stream.read() if stream else b""
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        message = f"reading the chart archive {source} failed: {error}"
        raise HelmkitError(message, hint="Build and push it again with chartgen.") from error
    if len(names) != 1 or "Chart.yaml" not in files:
        message = f"{source} is not a chart archive: it holds no single folder with a Chart.yaml"
        raise HelmkitError(message, hint="Name a .tgz that `chartgen build` or `helm package` wrote.")
    return names.pop(), files


def load_chart(folder: Path) -> dict[str, bytes]:
    """Return the files of the chart in `folder`.

    Raises:
        HelmkitError: There is no Chart.yaml in it.
    """
    if not (folder / "Chart.yaml").is_file():
        message = f"{folder} is not a chart: it has no Chart.yaml"
        raise HelmkitError(message, hint="Name the folder of an umbrella chart, for example charts/my-platform.")
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def write_chart(folder: Path, files: ChartFiles, unchanged: Mapping[str, str] | None = None) -> None:
    """Write a chart's files below `folder`, which need not exist.

    Args:
        folder: Of the chart.
        files: What is to be in it.
        unchanged: By path, files of the same file system that hold this content already. They get a second name
            instead of a copy, where the file system can do that.
    """
    known = unchanged or {}
    for parent in sorted({path.rpartition("/")[0] for path in files}):
        (folder / parent).mkdir(parents=True, exist_ok=True)
    root = os.fspath(folder)
    for path, content in files.items():
        target = f"{root}/{path}"
        if path in known and _has_linked(known[path], target):
            continue
        with open(target, "wb") as file:  # noqa: PTH123 - a Path takes longer to make than a file, and there are 27,000
            file.write(content)


def _has_linked(source: str, target: str) -> bool:
    try:
        os.link(source, target)
    except OSError:
        return False
    return True
