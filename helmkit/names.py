"""Names and references as Kubernetes, Helm and OCI registries accept them: pure checks and one image parser."""

from __future__ import annotations

import re
from dataclasses import dataclass

LABEL_LIMIT = 63
"""Longest DNS label, so the longest name of a Service or a namespace."""
RELEASE_LIMIT = 53
"""Longest Helm release name."""
PORT_NAME_LIMIT = 15
"""Longest container port name (an IANA service name)."""

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_HOST = re.compile(r"(\[[0-9a-fA-F:]+\]|[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?)(:[0-9]{1,5})?")
_REPOSITORY = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

DOCKER_HUB = "docker.io"


def is_dns_label(text: str) -> bool:
    """Tell whether `text` may name a Service, a namespace or a container (RFC 1123, 63 characters)."""
    return len(text) <= LABEL_LIMIT and _LABEL.fullmatch(text) is not None


def is_service_name(text: str) -> bool:
    """Tell whether `text` may name a Service: a DNS label that starts with a letter (RFC 1035)."""
    return is_dns_label(text) and text[0].isalpha()


def is_dns_name(text: str) -> bool:
    """Tell whether `text` is a DNS name (RFC 1123 subdomain, 253 characters)."""
    return len(text) <= 253 and _SUBDOMAIN.fullmatch(text) is not None


def is_release_name(text: str) -> bool:
    """Tell whether `text` may name a Helm release (T147: 53 characters)."""
    return len(text) <= RELEASE_LIMIT and is_dns_label(text)


def is_port_name(text: str) -> bool:
    """Tell whether `text` may name a container port (T038: 15 characters, a letter among them)."""
    return len(text) <= PORT_NAME_LIMIT and "--" not in text and _PORT_NAME.fullmatch(text) is not None


def is_registry_host(text: str) -> bool:
    """Tell whether `text` is a host with an optional port, as it stands before the repository in an image."""
    return _HOST.fullmatch(text) is not None


def is_repository(text: str) -> bool:
    """Tell whether `text` is an OCI repository name, without host and tag."""
    return _REPOSITORY.fullmatch(text) is not None


def is_tag(text: str) -> bool:
    """Tell whether `text` is an OCI tag."""
    return _TAG.fullmatch(text) is not None


def is_digest(text: str) -> bool:
    """Tell whether `text` is a sha256 digest with its algorithm."""
    return _DIGEST.fullmatch(text) is not None


@dataclass(frozen=True)
class ImageReference:
    """An image, taken apart. `str()` puts it together again.

    A registry with a port is not cut at its colon (T086); what has no registry comes from Docker Hub.
    """

    registry: str
    repository: str
    tag: str | None = None
    digest: str | None = None

    def __str__(self) -> str:
        """Return `registry/repository:tag@digest`, leaving out what is not known."""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.registry}/{self.repository}{tag}{digest}"


def parse_image(text: str) -> ImageReference:
    """Take an image reference apart.

    >>> parse_image("192.168.88.159:5000/gateway-k8s:1")
    ImageReference(registry='192.168.88.159:5000', repository='gateway-k8s', tag='1', digest=None)
    >>> str(parse_image("nginx"))
    'docker.io/library/nginx'

    Raises:
        ValueError: It is not a valid image reference; the message says which part.
    """
    rest, _, digest = text.partition("@")
    head, slash, tail = rest.rpartition("/")
    name, colon, tag = tail.partition(":")
    path = f"{head}{slash}{name}"
    first, _, remainder = path.partition("/")
    if remainder and ("." in first or ":" in first or first == "localhost"):
        registry, repository = first, remainder
    else:
        registry, repository = DOCKER_HUB, path if "/" in path else f"library/{path}"
    checks = {
        "registry": is_registry_host(registry),
        "repository": is_repository(repository),
        "tag": is_tag(tag) if colon else True,
        "digest": is_digest(digest) if "@" in text else True,
    }
    for part, fine in checks.items():
        if not fine:
            msg = f"the {part} of image {text!r} is not valid"
            raise ValueError(msg)
    return ImageReference(registry, repository, tag or None, digest or None)
