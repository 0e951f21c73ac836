"""What a person names on the command line, and where that is. Pure but for reading one file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helmkit.errors import UsageError
from helmkit.names import is_digest, is_registry_host, is_repository

SCHEME = "oci://"
MANIFEST = "releases.toml"


@dataclass(frozen=True)
class Base:
    """Where charts are published: `[charts]` of the release manifest, or `--registry`."""

    host: str
    path: str
    """The project, and what else comes before a chart's name; may be empty."""
    plain_http: bool = False


@dataclass(frozen=True)
class Place:
    """A registry, a project, a chart or one version of it."""

    host: str
    path: str = ""
    """Project and repository; empty: the whole registry."""
    version: str = ""
    """A version, a tag or a digest; empty: all."""
    plain_http: bool = False

    def __str__(self) -> str:
        """Return it as people name it, without the scheme."""
        joint = "@" if is_digest(self.version) else ":"
        return "/".join(filter(None, (self.host, self.path))) + (f"{joint}{self.version}" if self.version else "")

    @property
    def project(self) -> str:
        """The first part of the path."""
        return self.path.partition("/")[0]

    @property
    def repository(self) -> str:
        """The path inside the project."""
        return self.path.partition("/")[2]


def load_base(folder: Path) -> Base | None:
    """Return where the platform in `folder` publishes its charts; None when it does not say.

    Only `[charts]` is looked at: a release manifest with mistakes elsewhere is no reason not to browse.
    """
    charts = _load_table(folder, "charts")
    repository = charts.get("repository")
    if not isinstance(repository, str) or not repository.startswith(SCHEME):
        return None
    return parse_base(repository, plain_http=charts.get("plain_http") is True)


def load_version(folder: Path) -> str | None:
    """Return the version that the release manifest in `folder` states; None when it states none that can be read."""
    version = _load_table(folder, "platform").get("version")
    return version if isinstance(version, str) else None


def _load_table(folder: Path, name: str) -> dict[str, Any]:
    try:
        table = tomllib.loads((folder / MANIFEST).read_text(encoding="utf-8")).get(name)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
    return table if isinstance(table, dict) else {}


def parse_base(text: str, *, plain_http: bool = False) -> Base:
    """Read `oci://host/project`, with or without the scheme and the project.

    Raises:
        UsageError: It is none.
    """
    host, _, path = text.removeprefix(SCHEME).rstrip("/").partition("/")
    if not is_registry_host(host) or (path and not is_repository(path)):
        message = f"{text!r} is not a registry"
        raise UsageError(message, hint="Write it as oci://harbor.example/charts.")
    return Base(host, path, plain_http)


def find_place(name: str, base: Base | None) -> Place:
    """Return the place a name stands for: `oci://…` as it is, anything else below where charts are published.

    >>> str(find_place("shop/gateway:1.4.2", Base("harbor.example", "charts")))
    'harbor.example/charts/shop/gateway:1.4.2'

    Raises:
        UsageError: It is not a name, or it is unknown where charts are published.
    """
    rest, at, digest = name.removeprefix(SCHEME).rstrip("/").partition("@")
    if at and not is_digest(digest):
        message = f"what follows the @ in {name!r} is no digest"
        raise UsageError(message, hint="A digest is sha256: and 64 hexadecimal digits.")
    if name.startswith(SCHEME):
        place = _absolute(rest, digest, base)
    elif base is None:
        message = f"there is no {MANIFEST} with [charts] repository here, so it is unknown where {name or 'it'!r} is"
        raise UsageError(message, hint="Name the registry: --registry oci://harbor.example/charts, or oci://… whole.")
    else:
        path, tag = _split(rest)
        place = Place(base.host, "/".join(filter(None, (base.path, path))), digest or tag, base.plain_http)
    if not is_registry_host(place.host) or (place.path and not is_repository(place.path)):
        message = f"{name!r} names no chart"
        raise UsageError(message, hint="Write CHART or CHART:VERSION, such as spring-platform/gateway:1.4.2.")
    return place


def _absolute(rest: str, digest: str, base: Base | None) -> Place:
    host, _, below = rest.partition("/")
    path, tag = _split(below)
    plain = base is not None and base.host == host and base.plain_http
    return Place(host, path, digest or tag, plain)


def _split(path: str) -> tuple[str, str]:
    """Return a path and what follows the colon of its last part."""
    folder, slash, last = path.rpartition("/")
    leaf, _, tag = last.partition(":")
    return f"{folder}{slash}{leaf}", tag
