"""Configuration files as they are taken along with the platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ConfigContent:
    """What a `config` names."""

    files: Mapping[str, bytes]
    """By name, sorted."""
    is_file: bool = False
    """It names one file, not a directory."""
