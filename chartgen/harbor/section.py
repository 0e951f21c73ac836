"""Read `[harbor]` and where it applies from a release manifest; everything wrong at once, with its place."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from chartgen.harbor.model import HarborSection
from chartgen.harbor.place import MANIFEST, Base, parse_base
from chartgen.manifest.positions import PositionIndex
from chartgen.manifest.wording import describe
from helmkit.errors import InputError, Position, Problem, UsageError


@dataclass(frozen=True)
class Declared:
    """What a release manifest says of Harbor."""

    base: Base
    """Where the charts are published."""
    section: HarborSection

    @property
    def project(self) -> str:
        """The project it is about."""
        return self.section.project or self.base.path.partition("/")[0]


def load_declared(folder: Path, registry: str = "") -> Declared:
    """Return what `releases.toml` in `folder` declares; without `[harbor]` the defaults hold.

    Args:
        folder: Of the platform.
        registry: `oci://host/project` instead of `[charts] repository`.

    Raises:
        InputError: `[harbor]` is wrong.
        UsageError: There is no release manifest, or it is unknown where its charts are published.
    """
    path = folder / MANIFEST
    try:
        content = path.read_bytes()
        tables: dict[str, Any] = tomllib.loads(content.decode())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        if registry and isinstance(error, FileNotFoundError):
            return Declared(parse_base(registry), HarborSection())
        message = f"{path} cannot be read: {error}"
        raise UsageError(
            message, hint="Name the platform's folder with -C; `chartgen check` looks at the rest."
        ) from error
    section = _parse(tables.get("harbor", {}), content, str(path))
    charts = tables.get("charts", {})
    where = registry or str(charts.get("repository") or "")
    if not where:
        message = f"{path} does not say where its charts are published"
        raise UsageError(message, hint='Write [charts] repository = "oci://harbor.example/charts".')
    return Declared(parse_base(where, plain_http=charts.get("plain_http") is True), section)


def _parse(table: object, content: bytes, file: str) -> HarborSection:
    held = table if isinstance(table, dict) else {"[harbor]": table}
    try:
        return HarborSection.model_validate(held)
    except ValidationError as error:
        index = PositionIndex(content)
        problems = []
        for complaint in describe(error.errors(), HarborSection, held):
            line, column = index.find(("harbor", *complaint.path), complaint.part)
            message = f"{'.'.join(str(part) for part in ('harbor', *complaint.path))}: {complaint.message}"
            problems.append(Problem(message, Position(file, line, column), complaint.hint))
        raise InputError(file, problems) from error
