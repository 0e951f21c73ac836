"""One side of a comparison: a platform as charts, wherever it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chartgen.lockfile import FILE_NAME as LOCK_FILE
from chartgen.lockfile import parse_lock
from chartgen.manifest.load import load_platform
from chartgen.manifest.sources import MAIN
from chartgen.vendoring.build import build_whole_platform
from helmkit.bom import BillOfMaterials, EnvironmentEntry
from helmkit.charts import ChartFiles
from helmkit.errors import InputError
from helmkit.yaml import parse_yaml

if TYPE_CHECKING:
    from chartgen.umbrella import Umbrella


@dataclass(frozen=True)
class Side:
    """A platform's umbrella chart, and what to call it."""

    label: str
    files: ChartFiles
    bom: BillOfMaterials
    values: Mapping[str, Mapping[str, Any]]
    """Content of `environments/<name>.yaml` by environment."""
    refusal: str = ""
    """Why `chartgen build` would not write this; empty when it would."""

    def environment(self, name: str) -> EnvironmentEntry:
        """Return an environment; an empty one where there is none of that name."""
        return self.bom.environments.get(name) or EnvironmentEntry(services={})


def build_side(folder: Path, label: str) -> Side:
    """Build the platform of `folder` in memory.

    A change that Kubernetes does not let an upgrade make stops a build; here it is what people want to see, so it is
    noted and compared all the same.

    Raises:
        InputError: The release manifest is wrong.
        HelmkitError: releases.lock cannot be read.
    """
    platform = load_platform(folder)
    path = folder / LOCK_FILE
    lock = parse_lock(path.read_text("utf-8"), LOCK_FILE) if path.is_file() else None
    refusal = ""
    try:
        built = build_whole_platform(platform, lock)
    except InputError as error:
        refusal = error.message
        built = build_whole_platform(platform)
    return Side(label, built.files, built.bom, built.environments, refusal)


def load_side(path: Path) -> Side:
    """Return the platform in a folder, or the umbrella chart in a folder or an archive.

    Raises:
        InputError: It is a platform, and its release manifest is wrong.
        UsageError: There is nothing of the kind.
        HelmkitError: It is not an umbrella that chartgen made.
    """
    if path.name == MAIN:
        path = path.parent
    if (path / MAIN).is_file():
        return build_side(path, str(path))
    from chartgen.umbrella import load_umbrella

    return umbrella_side(load_umbrella(path))


def umbrella_side(umbrella: Umbrella) -> Side:
    """Return an umbrella chart as one side."""
    values = {name: parse_yaml(umbrella.files[f"environments/{name}.yaml"]) or {} for name in umbrella.bom.environments}
    return Side(f"{umbrella.bom.version} ({umbrella.source})", umbrella.files, umbrella.bom, values)
