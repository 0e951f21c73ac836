"""How Harbor wants things spelled: paths, references and filters. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

BASE = "/api/v2.0"


def segment(text: str) -> str:
    """Return `text` as one segment of a path."""
    return quote(text, safe="")


def repository_path(project: str, repository: str) -> str:
    """Return the path of a repository below the API's base.

    A slash in its name is encoded twice: a proxy in front of Harbor decodes once, and Harbor itself once more.

    >>> repository_path("charts", "platform/gateway")
    '/projects/charts/repositories/platform%252Fgateway'
    """
    return f"/projects/{segment(project)}/repositories/{segment(segment(repository))}"


def artifact_path(project: str, repository: str, reference: str) -> str:
    """Return the path of one artifact, by tag, version or digest."""
    return f"{repository_path(project, repository)}/artifacts/{quote(tag_of(reference), safe=':')}"


def tag_of(version: str) -> str:
    """Return the tag a version is published under: tags have no plus sign (Helm's own convention).

    >>> tag_of("1.2.0+build.7")
    '1.2.0_build.7'
    """
    return version.replace("+", "_")


def version_of(tag: str) -> str:
    """Return the version a tag stands for."""
    return tag.replace("_", "+")


def split_name(full_name: str) -> tuple[str, str]:
    """Return project and repository of `project/repository/…`; the repository is empty when there is none."""
    project, _, repository = full_name.partition("/")
    return project, repository


def filter_query(filters: Mapping[str, str]) -> str:
    """Return the value of `q`.

    Harbor decodes it once more after the query itself, so a plus sign must survive two decodings; it ignores keys
    it does not know without a word, so only known ones belong here.

    >>> filter_query({"type": "CHART", "tags": "1.0_b+c"})
    'type=CHART,tags=1.0_b%2Bc'
    """
    # A comma cannot be escaped: Harbor splits after its second decoding.
    return ",".join(f"{key}={quote(value, safe='/:~*(){}[] =')}" for key, value in filters.items())
