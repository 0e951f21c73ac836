"""Where an image comes from. It is never derived from the service's name (T010)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from chartgen.vocabulary.scalars import Entry, Key
from helmkit import names


def _check_repository(text: str) -> str:
    if not names.is_repository(text):
        msg = f"{text!r} is not an image repository; registry and tag are said apart (registry = …, version = …)"
        raise ValueError(msg)
    return text


def _check_tag(text: str) -> str:
    if not names.is_tag(text):
        msg = f"{text!r} is not an image tag"
        raise ValueError(msg)
    return text


def _check_host(text: str) -> str:
    if not names.is_registry_host(text):
        msg = f"{text!r} is not a registry host; write host or host:port, without http:// and path"
        raise ValueError(msg)
    return text


def _check_pull_secret(text: str) -> str:
    if text and not names.is_dns_name(text):
        msg = f"{text!r} is not a valid object name (RFC 1123)"
        raise ValueError(msg)
    return text


ImageTag = Annotated[str, AfterValidator(_check_tag)]
"""Always a text: a BUILD_NUMBER written as a number would lose digits on its way (T083)."""


class Image(Entry):
    """Registry and repository of an image; its tag is the service's `version`."""

    registry: Key
    """Key of an entry in `[registries]`."""
    repository: Annotated[str, AfterValidator(_check_repository)]
    """Without host and tag: `team/gateway`."""
    digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None
    """Pins the content; the tag stays as information."""
    pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    """When a node asks the registry again."""


class Registry(Entry):
    """A registry that images come from: swapping `host` moves all of them (W26)."""

    host: Annotated[str, AfterValidator(_check_host)]
    """Host with an optional port, for example `192.168.88.159:5000`."""
    plain_http: bool = False
    """It speaks HTTP without TLS (T094)."""
    pull_secret: Annotated[str, AfterValidator(_check_pull_secret)] = ""
    """Name of the dockerconfigjson Secret that each namespace which pulls from here has (T091); `""` in a
    layer for none."""
