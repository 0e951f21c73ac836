"""What helm says about itself and about a release, as values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, order=True)
class HelmVersion:
    """The version of a helm binary, without pre-release and build."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        """Return `major.minor.patch`."""
        return f"{self.major}.{self.minor}.{self.patch}"


@dataclass(frozen=True)
class HelmRelease:
    """A release as an upgrade left it."""

    name: str
    namespace: str
    revision: int
    status: str
    """Helm's word: `deployed`, `failed`, `pending-install` (of a dry run), …"""
    manifest: str
    """The rendered YAML, hooks left out. May hold Secrets: never print it unasked."""
    description: str


def parse_version(text: str) -> HelmVersion:
    """Read what `helm version --template '{{.Version}}'` prints.

    >>> parse_version("v4.3.1")
    HelmVersion(major=4, minor=3, patch=1)

    Raises:
        ValueError: It is no version.
    """
    match = _VERSION.match(text.strip())
    if match is None:
        msg = f"{text.strip()!r} is not a version"
        raise ValueError(msg)
    major, minor, patch = (int(part) for part in match.groups())
    return HelmVersion(major, minor, patch)


def parse_release(output: bytes) -> HelmRelease:
    """Read what `helm upgrade -o json` prints.

    Helm may write lines of its own before the JSON (helm/helm#32056); they are skipped.

    Raises:
        ValueError: It is not the JSON of a release.
    """
    start = output.find(b"{")
    try:
        data: dict[str, Any] = msgspec.json.decode(output[max(start, 0) :])
        info = data["info"]
        return HelmRelease(
            name=data["name"],
            namespace=data["namespace"],
            revision=data["version"],
            status=info["status"],
            manifest=data.get("manifest", ""),
            description=info.get("description", ""),
        )
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        msg = f"helm's answer is not the JSON of a release: {error!r}"
        raise ValueError(msg) from error
