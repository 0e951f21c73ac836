"""Which Secrets the images of an environment are pulled with, and what must stand in them (core, pure).

Every namespace needs its own (T091): kubelets read them when they pull, so a changed one holds from the next pull on
and restarts nothing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from helmkit.bom import EnvironmentEntry
from helmkit.errors import UsageError
from helmkit.names import DOCKER_HUB, parse_image
from relman.core.record_codec import PREFIX

TYPE = "kubernetes.io/dockerconfigjson"
KEY = ".dockerconfigjson"
_OLD_TYPE, _OLD_KEY = "kubernetes.io/dockercfg", ".dockercfg"
_KEYS = {TYPE: KEY, _OLD_TYPE: _OLD_KEY}
HUB_HOSTS = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
_HUB_ENTRY = "https://index.docker.io/v1/"
"""What kubelets look for when they pull from Docker Hub."""


@dataclass(frozen=True)
class PullNeed:
    """One Secret that a namespace needs for one registry."""

    namespace: str
    secret: str
    registry: str
    """Its host, with the port if it has one."""
    image: str
    """One of the images that are pulled with it."""
    services: tuple[str, ...]
    """Keys of the services that need it, sorted."""


def pull_needs(entry: EnvironmentEntry, namespace: str | None = None) -> list[PullNeed]:
    """Return the Secrets an environment needs, by namespace and registry.

    Args:
        entry: The environment, as the bill of materials has it.
        namespace: Only those of this one.
    """
    names = {registry_of(host): secret for host, secret in entry.pull_secrets.items()}
    found: dict[tuple[str, str], dict[str, str]] = {}
    for key, service in sorted(entry.services.items()):
        for image in service.images if namespace in (None, service.namespace) else ():
            host = parse_image(image).registry
            if host in names:
                found.setdefault((service.namespace, host), {}).setdefault(key, image)
    return [
        PullNeed(place, names[host], host, next(iter(images.values())), tuple(images))
        for (place, host), images in sorted(found.items())
    ]


def pulled_with(entry: EnvironmentEntry, needs: Sequence[PullNeed]) -> list[str]:
    """Return what is pulled with some Secrets, one image for each repository, sorted: an account may not see all."""
    wanted = {(need.namespace, need.registry) for need in needs}
    found: dict[str, str] = {}
    for service in entry.services.values():
        for image in service.images:
            reference = parse_image(image)
            if (service.namespace, reference.registry) in wanted:
                found.setdefault(reference.repository, image)
    return sorted(found.values())


def registry_of(host: str) -> str:
    """Return a registry's host as images name it; all names of Docker Hub are one."""
    return DOCKER_HUB if host in HUB_HOSTS else host


def entries_of(secret: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return what a pull Secret holds, by registry as it is written there; nothing of what kubelets cannot read."""
    kind = str(secret.get("type", ""))
    packed = (secret.get("data") or {}).get(_KEYS.get(kind, ""))
    try:
        config = msgspec.json.decode(base64.b64decode(packed)) if packed else {}
    except (msgspec.DecodeError, binascii.Error):
        # What does not decode gives kubelets nothing either; its text is not for people.
        return {}
    auths = config.get("auths", {}) if kind == TYPE and isinstance(config, dict) else config
    return {str(key): entry for key, entry in (auths if isinstance(auths, dict) else {}).items() if _is_map(entry)}


def place_of(key: str) -> tuple[str, str]:
    """Return host and path that an entry of a pull Secret is for; an empty path is the whole registry."""
    rest = key.partition("://")[2] or key
    host, _, path = rest.partition("/")
    path = path.strip("/")
    # Docker's login writes the API's version behind the host.
    return host, "" if path in ("v1", "v2") else path


def build_pull_secret(
    need: PullNeed, existing: Mapping[str, Any] | None, username: str, password: str, platform: str
) -> dict[str, Any] | None:
    """Return the Secret as it should be, or None when it is so already. Entries of other registries stay.

    Args:
        need: Which one, and for which registry.
        existing: What is there now.
        username: Of the account that pulls.
        password: Its secret.
        platform: Whose Secret it is; only said of new ones.

    Raises:
        UsageError: There is a Secret of that name that is no pull Secret; its type can never be changed.
    """
    if existing is not None and existing.get("type") != TYPE:
        named = f"Secret {need.secret} in namespace {need.namespace}"
        message = f"{named} has the type {existing.get('type')}, and pulling takes {TYPE}"
        raise UsageError(
            message, hint=f"If nothing else uses it: kubectl -n {need.namespace} delete secret {need.secret}"
        )
    held = entries_of(existing or {})
    kept = {key: entry for key, entry in held.items() if not _is_for(key, need.registry)}
    entry = {
        "username": username,
        "password": password,
        "auth": base64.b64encode(f"{username}:{password}".encode()).decode(),
    }
    auths = {**kept, (_HUB_ENTRY if need.registry == DOCKER_HUB else need.registry): entry}
    if held == auths:
        return None
    packed = base64.b64encode(msgspec.json.encode({"auths": auths}, order="sorted")).decode()
    if existing is not None:
        return {**existing, "data": {**(existing.get("data") or {}), KEY: packed}}
    labels = {"app.kubernetes.io/managed-by": "relman", f"{PREFIX}platform": platform}
    metadata = {"name": need.secret, "namespace": need.namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "Secret", "type": TYPE, "metadata": metadata, "data": {KEY: packed}}


def covers(secret: Mapping[str, Any], registry: str) -> bool:
    """Tell whether a pull Secret says anything about a registry."""
    return any(_is_for(key, registry) for key in entries_of(secret))


def other_registries(needs: list[PullNeed], registry: str) -> Iterator[str]:
    """Yield the registries that Secrets are declared for, besides one, each once."""
    yield from sorted({need.registry for need in needs} - {registry})


def _is_for(key: str, registry: str) -> bool:
    host, path = place_of(key)
    return not path and registry_of(host) == registry


def _is_map(entry: object) -> bool:
    return isinstance(entry, dict)
