"""The words of `chartgen add`: `NAME=PORT`, `NAME=/path:5Gi`, `NAME=IMAGE`, images as docker names them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from helmkit.errors import UsageError
from helmkit.names import ImageReference, is_port_name, parse_image

_DEFAULT_PORT = {"spring-service": "http"}


@dataclass(frozen=True)
class NewPort:
    """One port."""

    name: str
    number: int
    node_port: int | None = None


@dataclass(frozen=True)
class NewClaim:
    """One volume claim of every replica."""

    name: str
    mount: str
    size: str


def parse_port(word: str, archetype: str) -> NewPort:
    """Understand `8080`, `http=8080` and `http=8080:31333`, the last of which opens a node port.

    Raises:
        UsageError: It is none of them, or has no name where the archetype gives none.
    """
    name, separator, numbers = word.rpartition("=")
    number, colon, node = numbers.partition(":")
    name = name if separator else _DEFAULT_PORT.get(archetype, "")
    if not number.isdecimal() or (colon and not node.isdecimal()):
        message = f"--port {word!r} is not a port"
        raise UsageError(message, hint="Write it like 8080, http=8080 or, with a node port, http=8080:31333.")
    if not is_port_name(name):
        message = f"--port {word!r} has no valid name"
        raise UsageError(message, hint=f"Write it like mysql={number}: 15 lower case letters, digits and hyphens.")
    return NewPort(name, int(number), int(node) if colon else None)


def parse_claim(word: str) -> NewClaim:
    """Understand `data=/var/lib/mysql:5Gi`.

    Raises:
        UsageError: It is no such thing.
    """
    name, separator, rest = word.partition("=")
    mount, colon, size = rest.rpartition(":")
    if not (separator and colon and name and size and mount.startswith("/")):
        message = f"--claim {word!r} is not a claim"
        raise UsageError(message, hint="Write it like data=/var/lib/mysql:5Gi (name, where it is mounted, size).")
    return NewClaim(name, mount, size)


def parse_container(word: str) -> tuple[str, ImageReference]:
    """Understand `agent=harbor.example.com/shop/agent:1.0`: a container's name and its image.

    Raises:
        UsageError: It is no such thing.
    """
    name, separator, image = word.partition("=")
    if not (separator and name):
        message = f"--container {word!r} names no container"
        raise UsageError(message, hint="Write it like agent=harbor.example.com/shop/agent:1.0.")
    return name, parse_tagged_image(image, "--container")


def parse_tagged_image(word: str, option: str = "--image") -> ImageReference:
    """Take an image apart that names its tag; an image without a registry comes from Docker Hub.

    Args:
        word: The image.
        option: Where it was given, for messages.

    Raises:
        UsageError: It is no image, or names no tag.
    """
    try:
        image = parse_image(word)
    except ValueError as error:
        message = f"{option}: {error}"
        raise UsageError(message, hint="Write it like harbor.example.com/shop/web:1.0.") from error
    if not image.tag:
        message = f"{option} {word!r} names no tag"
        raise UsageError(message, hint=f"A service has a version: {word.partition('@')[0]}:1.0.")
    return image


def registry_key(host: str) -> str:
    """Return a key for a registry that has none yet.

    >>> registry_key("harbor.example.com:8443"), registry_key("192.168.88.159:5000"), registry_key("docker.io")
    ('harbor-example-com-8443', 'registry-192-168-88-159-5000', 'docker-hub')
    """
    if host == "docker.io":
        return "docker-hub"
    key = "".join(char if char.isalnum() else "-" for char in host.lower()).strip("-")
    return (key if key[:1].isalpha() else f"registry-{key}")[:63].rstrip("-")
