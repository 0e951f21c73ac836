"""Credentials in pull secrets, as kubelets read them. Nothing here is ever shown."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from helmkit.oci import Credentials
from relman.core.pull_secrets import entries_of, place_of, registry_of


def find_credentials(secret: Mapping[str, Any], registry: str, repository: str) -> tuple[Credentials, ...]:
    """Return the credentials a pull secret has for an image, the most specific first; empty when it has none.

    Args:
        secret: The Secret.
        registry: Of the image, with its port if it has one.
        repository: Of the image.
    """
    found = []
    for key, entry in entries_of(secret).items():
        host, path = place_of(key)
        same = registry_of(host) == registry_of(registry)
        inside = not path or repository == path or repository.startswith(f"{path}/")
        credentials = _credentials(entry) if same and inside else None
        if credentials is not None:
            found.append((len(path), credentials))
    return tuple(credentials for _, credentials in sorted(found, key=lambda pair: -pair[0]))


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
