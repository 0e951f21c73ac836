"""Which helm to run, and whether it will do."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from helmkit.errors import UsageError
from helmkit.helm.release import HelmVersion, parse_version

MINIMUM_VERSION = HelmVersion(3, 18, 0)
"""Oldest helm this project works with; 4 is what it is made for."""

_HINT = "Install helm 4 (https://helm.sh/docs/intro/install), or set HELM_BINARY."


def find_helm(environ: Mapping[str, str]) -> Path:
    """Return the helm to run: `HELM_BINARY` of `environ`, else the first on its `PATH`.

    Its age is checked by `Helm.version`, which every upgrade asks first.

    Raises:
        UsageError: There is none.
    """
    named = environ.get("HELM_BINARY")
    found = shutil.which(named or "helm", path=environ.get("PATH", ""))
    if found is None:
        what = f"HELM_BINARY={named} is not a program" if named else "helm is not on the PATH"
        message = f"looking for helm failed: {what}"
        raise UsageError(message, hint=_HINT)
    return Path(found)


def check_version(text: str) -> HelmVersion:
    """Return the version that helm printed.

    Raises:
        UsageError: It is older than `MINIMUM_VERSION`, or no helm's.
    """
    try:
        version = parse_version(text)
    except ValueError as error:
        message = f"asking helm for its version failed: {error}"
        raise UsageError(message, hint=_HINT) from error
    if version < MINIMUM_VERSION:
        message = f"helm {version} is too old: {MINIMUM_VERSION} or newer is needed"
        raise UsageError(message, hint=_HINT)
    return version
