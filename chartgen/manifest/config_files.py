"""Configuration files that services name (`config.NAME.from`): found, checked, and taken along with the platform.

Reading is the caller's: `read_folder` for a platform on disk, `read_mapping` for one in memory. Both leave out files
whose name begins with a dot: they belong to editors, git and the file manager.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from chartgen.manifest.checked import Checked, View
from chartgen.manifest.config_content import ConfigContent
from chartgen.manifest.findings import Finding
from chartgen.vocabulary.workload import Workload

LIMIT = 1024 * 1024
"""Bytes that a ConfigMap may hold (etcd's limit, checked by the API server)."""
_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")


class UnreadableError(Exception):
    """What a `config` names cannot be taken along; the message says why, `hint` what to do."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


Reader = Callable[[str], ConfigContent]
"""Returns what is at a path inside the platform's folder; raises UnreadableError."""


def load_contents(views: Iterable[View], read: Reader) -> tuple[dict[str, ConfigContent], list[Finding]]:
    """Return what every `config` of every environment names, by its path, and what is wrong.

    Args:
        views: All environments.
        read: Called once for each path.
    """
    found: dict[str, ConfigContent] = {}
    faults: dict[str, tuple[str, str | None]] = {}
    findings: list[Finding] = []
    for view in views:
        for service, key, path in _named(view.services.values()):
            if path not in found and path not in faults:
                try:
                    found[path] = _checked(read(path), path)
                except UnreadableError as error:
                    faults[path] = (str(error), error.hint)
            if path in faults:
                message, hint = faults[path]
                findings += view.here(iter([service.finding(("config", key, "from"), message, hint)]))
    return found, findings


def _named(services: Iterable[Checked]) -> Iterator[tuple[Checked, str, str]]:
    for service in services:
        if isinstance(service.model, Workload):
            for key, stated in service.model.config.items():
                yield service, key, stated.from_


def _checked(content: ConfigContent, path: str) -> ConfigContent:
    for name in content.files:
        if not _KEY.fullmatch(name):
            message = f"{path} has a file {name!r}, which no ConfigMap can hold"
            raise UnreadableError(message, "names are letters, digits, hyphens, underscores and dots, 253 at most")
    if sum(map(len, content.files.values())) > LIMIT:
        message = f"{path} has more than {LIMIT // 1024} KiB, which is all that a ConfigMap holds"
        raise UnreadableError(message, "split it into several, or put large files into the image")
    if not content.files:
        message = f"{path} holds no file"
        raise UnreadableError(message, "files whose name begins with a dot do not count")
    return ConfigContent(dict(sorted(content.files.items())), content.is_file)


def read_folder(folder: Path) -> Reader:
    """Return a reader of files on disk that never leaves `folder`, whatever links say."""

    def read(path: str) -> ConfigContent:
        try:
            place = _inside(folder, folder / path, path)
            if place.is_dir():
                return ConfigContent(dict(_entries(folder, folder / path, path)))
            return ConfigContent({Path(path).name: _read_limited(place, path)}, is_file=True)
        except (OSError, RuntimeError) as error:
            # A RuntimeError is a loop of links.
            message = f"{path} cannot be read: {getattr(error, 'strerror', None) or 'its links lead in a circle'}"
            raise UnreadableError(message, "paths begin at the folder of releases.toml") from error

    return read


def _inside(folder: Path, place: Path, path: str) -> Path:
    found = place.resolve(strict=True)
    if not found.is_relative_to(folder.resolve()):
        message = f"{path} leads out of the release manifest's folder"
        raise UnreadableError(message, "copy the files into it")
    return found


def _entries(folder: Path, directory: Path, path: str) -> Iterator[tuple[str, bytes]]:
    with os.scandir(directory) as listing:
        names = sorted(entry.name for entry in listing if not entry.name.startswith("."))
    size = 0
    for name in names:
        place = _inside(folder, directory / name, f"{path}/{name}")
        if place.is_dir():
            raise _nested(path, name)
        content = _read_limited(place, f"{path}/{name}")
        yield name, content
        size += len(content)
        if size > LIMIT:
            return  # enough to know that it is too much


def _read_limited(place: Path, path: str) -> bytes:
    if not place.is_file():
        message = f"{path} is neither a file nor a directory"
        raise UnreadableError(message)
    with place.open("rb") as file:
        # One byte more than allowed is enough to know.
        return file.read(LIMIT + 1)


def read_mapping(files: Mapping[str, bytes]) -> Reader:
    """Return a reader of files in memory, by their paths inside the platform's folder."""

    def read(path: str) -> ConfigContent:
        if path in files:
            return ConfigContent({path.rpartition("/")[2]: files[path]}, is_file=True)
        below = {name.removeprefix(f"{path}/"): data for name, data in files.items() if name.startswith(f"{path}/")}
        if not below:
            message = f"{path} cannot be read: No such file or directory"
            raise UnreadableError(message, "paths begin at the folder of releases.toml")
        visible = {name: data for name, data in below.items() if not name.startswith(".")}
        nested = sorted(name.partition("/")[0] for name in visible if "/" in name)
        if nested:
            raise _nested(path, nested[0])
        return ConfigContent(visible)

    return read


def _nested(path: str, name: str) -> UnreadableError:
    message = f"{path} has a directory {name!r}; a ConfigMap holds files only"
    return UnreadableError(message, f'give it a config of its own: from = "{path}/{name}"')
