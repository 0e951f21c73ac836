"""Helm, through its own binary: a typed facade, and every way it can fail as an error of ours.

    Helm (client)  ->  HelmCommand (command, a pyhelm3.Command)  ->  helmkit.process

pyhelm3 brings pydantic with it, so it is imported with the first command that runs, never with this package.
"""

from helmkit.helm.client import DryRun, Helm, hard_limit
from helmkit.helm.errors import (
    FieldConflictError,
    HelmFailedError,
    ImmutableFieldError,
    OwnershipError,
    ReleaseBusyError,
    ReleaseNotFoundError,
    RenderError,
)
from helmkit.helm.finder import MINIMUM_VERSION, find_helm
from helmkit.helm.offline import OfflineHelm
from helmkit.helm.release import HelmRelease, HelmVersion

__all__ = [
    "MINIMUM_VERSION",
    "DryRun",
    "FieldConflictError",
    "Helm",
    "HelmFailedError",
    "HelmRelease",
    "HelmVersion",
    "ImmutableFieldError",
    "OfflineHelm",
    "OwnershipError",
    "ReleaseBusyError",
    "ReleaseNotFoundError",
    "RenderError",
    "find_helm",
    "hard_limit",
]
