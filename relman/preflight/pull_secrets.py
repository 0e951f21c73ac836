"""Credentials in pull secrets, as kubelets read them. Nothing here is ever shown."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from helmkit.names import DOCKER_HUB
from helmkit.oci import Credentials

_KINDS = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}
_HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})


def find_credentials(secret: Mapping[str, Any], registry: str, repository: str) -> tuple[Credentials, ...]:
    """Return the credentials a pull secret has for an image, the most specific first; empty when it has none.

    Args:
        secret: The Secret.
        registry: Of the image, with its port if it has one.
        repository: Of the image.
    """
    found = []
    for key, entry in _entries(secret):
        host, path = _place(key)
        same = host == registry or (host in _HUB and registry == DOCKER_HUB)
        inside = not path or repository == path or repository.startswith(f"{path}/")
        credentials = _credentials(entry) if same and inside else None
        if credentials is not None:
            found.append((len(path), credentials))
    return tuple(credentials for _, credentials in sorted(found, key=lambda pair: -pair[0]))


def _entries(secret: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    kind = str(secret.get("type", ""))
    packed = (secret.get("data") or {}).get(_KINDS.get(kind, ""))
    try:
        config = msgspec.json.decode(base64.b64decode(packed)) if packed else {}
    except (msgspec.DecodeError, binascii.Error):
        # What does not decode gives kubelets nothing either; its text is not for people.
        return
    auths = config.get("auths", {}) if kind.endswith("dockerconfigjson") and isinstance(config, dict) else config
    for key, entry in auths.items() if isinstance(auths, dict) else ():
        if isinstance(entry, dict):
            yield str(key), entry


def _place(key: str) -> tuple[str, str]:
    rest = key.partition("://")[2] or key
    host, _, path = rest.partition("/")
    path = path.strip("/")
    # Docker's login writes the API's version behind the host.
    return host, "" if path in ("v1", "v2") else path


def _credentials(entry: Mapping[str, Any]) -> Credentials | None:
    if entry.get("identitytoken"):
        return Credentials(identity_token=str(entry["identitytoken"]))
    if entry.get("username") and entry.get("password"):
        return Credentials(str(entry["username"]), str(entry["password"]))
    try:
        username, colon, password = base64.b64decode(str(entry.get("auth", ""))).decode().partition(":")
    except ValueError:
        return None
    return Credentials(username, password) if colon else None
