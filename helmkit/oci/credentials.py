"""Credentials for registries, from the files that `helm registry login` and `docker login` write.

Nothing here is ever logged, shown or put into a command line.
"""

from __future__ import annotations

import base64
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from helmkit.errors import UsageError
from helmkit.process import LimitReachedError, run_process

_HELPER_LIMIT = 30.0
"""Seconds a credential helper may take."""
_HUB_KEY = "https://index.docker.io/v1/"
_NOT_FOUND = b"credentials not found"
"""What every helper says when it has none (docker-credential-helpers)."""
_DOCKER_HUB = ("docker.io", "registry-1.docker.io", "index.docker.io")


@dataclass(frozen=True)
class Credentials:
    """A user name and a password, or an identity token that stands for both."""

    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """Return the value of an `Authorization` header."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


def config_files(environ: Mapping[str, str], registry_config: Path | None = None) -> list[Path]:
    """Return the files to look into: Helm's own first, then Docker's, as helm does."""
    home = Path(environ.get("HOME", "/"))
    helm_home = Path(
        environ.get("HELM_CONFIG_HOME") or Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "helm"
    )
    helm_file = registry_config or Path(environ.get("HELM_REGISTRY_CONFIG") or helm_home / "registry" / "config.json")
    docker_home = Path(environ.get("DOCKER_CONFIG") or home / ".docker")
    return [helm_file, docker_home / "config.json"]


async def load_credentials(
    host: str, environ: Mapping[str, str], *, registry_config: Path | None = None
) -> Credentials | None:
    """Return the credentials for a registry; None when there are none.

    Args:
        host: With its port, if it has one.
        environ: Where HOME, HELM_REGISTRY_CONFIG, DOCKER_CONFIG and PATH (for credential helpers) come from.
        registry_config: Helm's file, where it is not the usual one.

    Raises:
        UsageError: A file cannot be read.
    """
    for path in config_files(environ, registry_config):
        config = _load(path)
        for key in _keys(host):
            entry = _table(config, "auths").get(key)
            found = _parse_entry(entry, path, host) if entry else None
            if found is not None:
                return found
            found = await _ask(config, key, environ, known=entry is not None)
            if found is not None:
                return found
    return None


def _load(path: Path) -> dict[str, Any]:
    try:
        config = msgspec.json.decode(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        # A decoding error may quote what stands there.
        reason = error.strerror if isinstance(error, OSError) else "it is not JSON"
        message = f"reading the registry credentials in {path} failed: {reason}"
        raise UsageError(message, hint="Correct or remove it, then log in again: `helm registry login`.") from None
    return config if isinstance(config, dict) else {}


def _keys(host: str) -> list[str]:
    keys = [host, f"https://{host}", f"https://{host}/", f"http://{host}", f"https://{host}/v1/", f"https://{host}/v2/"]
    return [*keys, _HUB_KEY] if host in _DOCKER_HUB else keys


def _parse_entry(entry: Mapping[str, Any], path: Path, host: str) -> Credentials | None:
    if entry.get("identitytoken"):
        return Credentials(identity_token=str(entry["identitytoken"]))
    if entry.get("username") and entry.get("password"):
        return Credentials(str(entry["username"]), str(entry["password"]))
    if not entry.get("auth"):
        return None
    try:
        username, colon, password = base64.b64decode(str(entry["auth"])).decode().partition(":")
    except ValueError:
        colon = username = password = ""
    if not colon:
        message = f"the credentials for {host} in {path} are damaged"
        raise UsageError(message, hint=f"Log in again: `helm registry login {host}`.")
    return Credentials(username, password)


async def _ask(config: Mapping[str, Any], key: str, environ: Mapping[str, str], *, known: bool) -> Credentials | None:
    """Ask the credential helper that a configuration names for a registry, if any.

    Args:
        config: Docker's or Helm's.
        key: The registry, as the configuration spells it.
        environ: Where PATH comes from.
        known: Whether the file has an entry for it, as a login leaves it behind; then its store must know it.
    """
    own = _table(config, "credHelpers").get(key)
    if own is not None:
        return await _ask_helper(str(own), key, environ, needed=True)
    store = config.get("credsStore")
    # Helpers of clouds (ecr-login) know registries that nobody logged in to; asked once, under the usual spelling.
    if not store or not (known or key == _HUB_KEY or "://" not in key):
        return None
    return await _ask_helper(str(store), key, environ, needed=known)


async def _ask_helper(helper: str, key: str, environ: Mapping[str, str], *, needed: bool) -> Credentials | None:
    """Ask one of Docker's credential helpers; None when it has none."""
    program = f"docker-credential-{helper}"
    path = shutil.which(program, path=environ.get("PATH", ""))
    if path is None:
        if not needed:
            return None
        message = f"the registry credentials for {key} are in {program}, which is not on the PATH"
        raise UsageError(message, hint="Install it, or log in without it: `helm registry login`.")
    try:
        result = await run_process([path, "get"], environ=environ, stdin=key.encode(), limit=_HELPER_LIMIT)
    except (OSError, LimitReachedError):
        result = None
    if result is not None and _NOT_FOUND in result.stdout.lower():
        return None
    answer = _parse_answer(result.stdout) if result is not None and result.returncode == 0 else None
    if answer is None:
        if not needed:
            return None
        # What it says is not shown: a helper may name what it holds.
        message = f"{program} was asked for the credentials for {key}, and failed"
        raise UsageError(message, hint=f"Try it: echo {key} | {program} get; or log in: `helm registry login {key}`.")
    username, secret = str(answer.get("Username") or ""), str(answer.get("Secret") or "")
    if not secret:
        return None
    # Docker's marker for a secret that is a token.
    return Credentials(identity_token=secret) if username == "<token>" else Credentials(username, secret)


def _parse_answer(text: bytes) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError:
        return None


def _table(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = config.get(name)
    return found if isinstance(found, dict) else {}
