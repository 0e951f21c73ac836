"""Where a third party's chart is. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from chartgen.manifest.attached import VENDOR
from chartgen.objects.files import stays_inside
from helmkit.errors import UsageError

_ARCHIVE = ".tgz"


@dataclass(frozen=True)
class Address:
    """Where a chart is, and what it is called there."""

    kind: Literal["oci", "repository", "archive", "file", "folder"]
    """`repository` has an index.yaml, `archive` is a URL of one .tgz."""
    place: str
    """URL of the chart (`oci`, `archive`) or of the repository; path inside the platform's folder for the others."""
    name: str
    """Of the chart, as far as the address tells; empty for files."""

    @property
    def remote(self) -> bool:
        """Whether it must be fetched."""
        return self.kind in ("oci", "repository", "archive")

    def kept_as(self, version: str) -> str:
        """Return the name of the file that holds it, inside the platform's folder; a folder's own name for a folder.

        The version's `+` is legal in a file's name, and stays.
        """
        return f"{VENDOR}/{self.name}-{version}{_ARCHIVE}" if self.remote else self.place


def parse_address(text: str) -> Address:
    """Return where a chart is.

    >>> parse_address("https://helm.goharbor.io/harbor")
    Address(kind='repository', place='https://helm.goharbor.io', name='harbor')

    Raises:
        ValueError: It is no address; the message says why.
    """
    if text.startswith("oci://"):
        return Address("oci", text, _oci_name(text))
    if text.startswith(("https://", "http://")):
        return _web_address(text)
    if "://" in text:
        msg = f"{text!r} is not an address of a chart: oci://, https:// or a path beside releases.toml"
        raise ValueError(msg)
    if not stays_inside(text):
        msg = f"{text!r} does not stay inside the platform's folder"
        raise ValueError(msg)
    return Address("file" if text.endswith(_ARCHIVE) else "folder", text, "")


def check_address(text: str) -> str:
    """Return `text` if it says where a chart is.

    Raises:
        ValueError: It does not.
    """
    parse_address(text)
    return text


def _web_address(text: str) -> Address:
    parts = urlsplit(text)
    if parts.username or parts.password:
        msg = "a chart's URL holds a user or a password; public repositories need none, private charts go to a registry"
        raise ValueError(msg)
    place, _, last = text.rstrip("/").rpartition("/")
    if not parts.hostname or not parts.path.strip("/") or parts.query or parts.fragment:
        msg = f"{text!r} names no chart; write https://host/repository/chart"
        raise ValueError(msg)
    if last.endswith(_ARCHIVE):
        return Address("archive", text, last.removesuffix(_ARCHIVE))
    return Address("repository", place, last)


def _oci_name(text: str) -> str:
    from helmkit.oci.reference import parse_oci_url

    try:
        found = parse_oci_url(text)
    except UsageError as error:
        raise ValueError(error.message) from None
    if found.tag or found.digest:
        msg = f"{text!r} names a version; say it in version and digest"
        raise ValueError(msg)
    return found.repository.rpartition("/")[2]
