"""OCI image layouts in one archive: what crosses an air gap. Any tool that reads `oci-archive` can read it.

`oci-layout`, `blobs/sha256/…` and, at the end, `index.json`, which names every artifact by its reference: an archive
that broke off while it was written has no index, and is no layout.
"""

from __future__ import annotations

import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import msgspec

from chartgen.promote.artifacts import Blob, Item, Kind, RawManifest, parse_manifest
from helmkit.errors import HelmkitError, UsageError
from helmkit.oci.manifest import INDEX
from helmkit.oci.referrers import fallback_tag, subject_of

REFERENCE = "org.opencontainers.image.ref.name"
KIND = "relman.internal/kind"
_PIECE = 256 * 1024
_LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'


class LayoutWriter:
    """Writes an archive; every blob once. The same artifacts give the same bytes.

    Args:
        path: Of the archive; it appears under this name when it is complete.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f".{path.name}.part")
        self._file: IO[bytes] | None = None
        self._held: set[str] = set()
        self._index: list[dict[str, Any]] = []

    @property
    def place(self) -> str:
        """Return the archive's path."""
        return str(self._path)

    def __enter__(self) -> Self:
        """Begin to write."""
        try:
            self._file = self._part.open("wb")
        except OSError as error:
            message = f"the archive {self._path} cannot be written: {error.strerror}"
            raise UsageError(message, hint="Name a file in a folder you may write to.") from error
        self._add("oci-layout", _LAYOUT)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; after a failure nothing stays."""
        file, self._file = self._stream, None
        if kind is not None:
            file.close()
            self._part.unlink(missing_ok=True)
            return
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": self._index}
        self._file = file
        self._add("index.json", msgspec.json.format(msgspec.json.encode(index), indent=2) + b"\n")
        file.write(b"\0" * 1024)
        file.close()
        self._part.replace(self._path)

    @property
    def _stream(self) -> IO[bytes]:
        if self._file is None:
            raise RuntimeError("the archive is not open")
        return self._file

    async def resolve(self, repository: str, reference: str) -> str | None:
        """Return the digest of an artifact written under this name, or None."""
        name = _join(repository, reference)
        found = [one["digest"] for one in self._index if one["annotations"][REFERENCE] == name]
        return str(found[0]) if found else None

    async def has_blob(self, repository: str, digest: str) -> bool:  # noqa: ARG002 - blobs are shared by all
        """Tell whether a blob is written."""
        return digest in self._held

    async def write_blob(self, repository: str, blob: Blob, content: AsyncIterator[bytes]) -> None:  # noqa: ARG002
        """Write a blob that passed its verification."""
        start = self._stream.tell()
        try:
            self._stream.write(_header(_path(blob.digest), blob.size))
            async for piece in content:
                self._stream.write(piece)
        except BaseException:
            # It may be sent again: what came of it so far must not stay in between.
            self._stream.seek(start)
            self._stream.truncate()
            raise
        self._stream.write(b"\0" * (-blob.size % 512))
        self._held.add(blob.digest)

    async def write_manifest(self, repository: str, reference: str, manifest: RawManifest) -> None:
        """Write a manifest; one with a name of its own is put into the index."""
        if manifest.digest not in self._held:
            self._add(_path(manifest.digest), manifest.content)
            self._held.add(manifest.digest)
        entry = {"mediaType": manifest.media_type, "digest": manifest.digest, "size": len(manifest.content)}
        if await self.resolve(repository, reference) is None:
            self._index.append({**entry, "annotations": {REFERENCE: _join(repository, reference)}})

    def label(self, item: Item) -> None:
        """Note of what kind the last artifact of that name is."""
        for entry in self._index:
            if entry["annotations"][REFERENCE] == _join(item.target, item.reference):
                entry["annotations"][KIND] = item.kind

    def _add(self, name: str, content: bytes) -> None:
        self._stream.write(_header(name, len(content)) + content + b"\0" * (-len(content) % 512))


class LayoutReader:
    """Reads an archive.

    Args:
        path: Of the archive.

    Raises:
        HelmkitError: It is no OCI layout, or not a complete one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tar: tarfile.TarFile | None = None
        try:
            self._tar = tarfile.open(path, mode="r:")  # noqa: SIM115 - closed by close()
            self._members = {member.name.removeprefix("./"): member for member in self._tar if member.isfile()}
            index = msgspec.json.decode(self._read("index.json"), type=dict[str, Any])
        except (OSError, tarfile.TarError, KeyError, msgspec.MsgspecError) as error:
            self.close()
            message = f"{path} is not a complete OCI layout archive: {error}"
            raise HelmkitError(message, hint="Make it again with `chartgen bundle`.") from error
        self._entries = [one for one in index.get("manifests") or () if one.get("annotations", {}).get(REFERENCE)]
        self._named = {one["annotations"][REFERENCE]: one for one in self._entries}

    @property
    def place(self) -> str:
        """Return the archive's path."""
        return str(self._path)

    def items(self, target: str) -> list[Item]:
        """Return what is in it as items below `target`, in the order in which they must be published."""
        found = []
        for entry in self._entries:
            name = entry["annotations"][REFERENCE]
            kind: Kind = entry["annotations"].get(KIND, "")
            if not kind:
                continue  # A part of an index, or something attached: it comes with its owner.
            repository, reference = _split(name)
            found.append(Item(kind, repository, reference, f"{target}/{repository}" if target else repository))
        return found

    async def manifest(self, repository: str, reference: str) -> RawManifest:
        """Return a manifest; see `Source`."""
        digest = reference
        if not reference.startswith("sha256:"):
            entry = self._named.get(_join(repository, reference))
            if entry is None:
                message = f"{self._path} holds no {repository}:{reference}"
                raise HelmkitError(message, hint="Make the bundle again.")
            digest = str(entry["digest"])
        entry = next((one for one in self._entries if one["digest"] == digest), dict[str, Any]())
        raw = parse_manifest(self._read(_path(digest)), str(entry.get("mediaType", "")), f"{self._path}@{digest}")
        if raw.digest != digest:
            message = f"{self._path} is damaged: {digest} is {raw.digest}"
            raise HelmkitError(message, hint="Copy it again, or make it again.")
        return raw

    async def attachments(self, repository: str, digest: str) -> list[str]:
        """Return what is attached to a manifest in this archive; see `Source`."""
        found = []
        for entry in self._entries:
            held, reference = _split(entry["annotations"][REFERENCE])
            if entry["annotations"].get(KIND) or held != repository:
                continue
            attached = await self.manifest(repository, str(entry["digest"]))
            if subject_of(attached.content) == digest or reference.startswith(f"{fallback_tag(digest)}."):
                found.append(reference)
        return found

    @asynccontextmanager
    async def read_blob(self, repository: str, blob: Blob) -> AsyncIterator[AsyncIterator[bytes]]:  # noqa: ARG002
        """Give a blob in pieces; see `Source`."""
        member = self._members.get(_path(blob.digest))
        if member is None:
            message = f"{self._path} is damaged: it lacks the blob {blob.digest}"
            raise HelmkitError(message, hint="Copy it again, or make it again.")
        # With a file position of its own: several blobs are read at once from one archive.
        with self._path.open("rb") as file:
            file.seek(member.offset_data)
            yield _pieces(file, member.size)

    def close(self) -> None:
        """Close the archive."""
        if self._tar is not None:
            self._tar.close()

    def _read(self, name: str) -> bytes:
        member = self._members.get(name)
        stream = self._tar.extractfile(member) if self._tar and member else None
        if stream is None:
            raise KeyError(name)
        return stream.read()


async def _pieces(file: IO[bytes], size: int) -> AsyncIterator[bytes]:
    while size > 0 and (piece := file.read(min(_PIECE, size))):
        size -= len(piece)
        yield piece


def _path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/', 1)}"


def _join(repository: str, reference: str) -> str:
    return f"{repository}{'@' if reference.startswith('sha256:') else ':'}{reference}"


def _split(name: str) -> tuple[str, str]:
    if "@" in name:
        repository, _, reference = name.partition("@")
    else:
        repository, _, reference = name.rpartition(":")
    return repository, reference


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o644, 0
    return member.tobuf(tarfile.PAX_FORMAT)
