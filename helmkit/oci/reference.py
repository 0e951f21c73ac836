"""References to charts in registries, as helm writes them: `oci://host:port/project/repository:tag`."""

from __future__ import annotations

from dataclasses import dataclass

from helmkit.errors import UsageError
from helmkit.names import is_digest, is_registry_host, is_repository, is_tag

SCHEME = "oci://"


@dataclass(frozen=True)
class ChartReference:
    """Where a chart is, or a folder of charts. `str()` puts it together again."""

    host: str
    """With its port, if it has one."""
    repository: str
    tag: str | None = None
    digest: str | None = None

    def __str__(self) -> str:
        """Return `oci://host/repository:tag@digest`, leaving out what is not known."""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{SCHEME}{self.host}/{self.repository}{tag}{digest}"

    def child(self, name: str) -> ChartReference:
        """Return the repository `name` below this one, without tag and digest."""
        return ChartReference(self.host, f"{self.repository}/{name}")


def parse_oci_url(url: str) -> ChartReference:
    """Take a chart's URL apart.

    >>> parse_oci_url("oci://localhost:5000/charts/shop:1.4.2")
    ChartReference(host='localhost:5000', repository='charts/shop', tag='1.4.2', digest=None)

    Raises:
        UsageError: It is none; the message says which part. A version with `+` is a tag with `_` in a registry.
    """
    hint = "Write it as oci://host/project/repository, with :tag or @sha256:… behind it where one chart is meant."
    if not url.startswith(SCHEME):
        message = f"{_redacted(url)!r} is not a chart's URL: it does not begin with {SCHEME}"
        raise UsageError(message, hint=hint)
    rest, at, digest = url.removeprefix(SCHEME).rstrip("/").partition("@")
    if at and not is_digest(digest):
        # A user name would stand there too; whatever it is, it is not shown.
        message = "a chart's URL has something behind an @ that is no sha256 digest (names and passwords go elsewhere)"
        raise UsageError(message, hint="Log in with `helm registry login` instead. " + hint)
    host, _, path = rest.partition("/")
    folder, slash, last = path.rpartition("/")
    name, colon, tag = last.partition(":")
    repository = f"{folder}{slash}{name}"
    checks = {
        "host": is_registry_host(host),
        "repository": is_repository(repository),
        "tag": is_tag(tag) if colon else True,
    }
    for part, fine in checks.items():
        if not fine:
            message = f"the {part} of {url!r} is not valid"
            raise UsageError(message, hint=hint)
    return ChartReference(host, repository, tag or None, digest or None)


def tag_for(version: str) -> str:
    """Return the tag of a chart's version: registries know no `+`, so helm writes `_`.

    >>> tag_for("1.2.0+build.7")
    '1.2.0_build.7'
    """
    return version.replace("+", "_")


def _redacted(url: str) -> str:
    before, at, after = url.rpartition("@")
    return f"***@{after}" if at and not is_digest(after) else before + at + after


def api_host(host: str) -> str:
    """Return where a registry's API is: Docker Hub's is not where its name says."""
    return "registry-1.docker.io" if host == "docker.io" else host


def registry_path(repository: str, what: str, last: str) -> str:
    """Return the path of something in a repository, below the registry's address.

    Raises:
        UsageError: The repository's name is not valid.
    """
    if not is_repository(repository):
        message = f"{repository!r} is not the name of a repository"
        raise UsageError(message, hint="Use lower-case letters, digits and dashes, parted by slashes.")
    return f"/v2/{repository}/{what}/{last}"
