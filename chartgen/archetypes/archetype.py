"""What an archetype is to the rest of chartgen: its chart values, their rules and docs, and its templates.

The values of a chart are described once, as `ValueField`s. The comments in values.yaml, values.schema.json and the
README's table all come from them, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chartgen.manifest.resolved import ResolvedEnvironment, ResolvedService
from chartgen.vocabulary.image import Registry
from helmkit.charts import ChartFiles

Values = dict[str, Any]
"""Helm values: maps, lists, texts, whole numbers and booleans; never None."""
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class ValueField:
    """One top-level key of a chart's values."""

    key: str
    doc: str
    """One or more sentences for values.yaml, the schema and the README."""
    schema: Schema
    """JSON schema (draft 7) of what may stand there."""
    required: bool = True
    """It stands in the values of every service of the archetype."""


@dataclass(frozen=True)
class Surroundings:
    """What a service's chart values need to know besides the service itself."""

    platform: str
    cluster_domain: str
    registries: Mapping[str, Registry]
    place: ResolvedEnvironment
    """The environment, with all its services."""


@dataclass(frozen=True)
class Archetype:
    """One kind of chart."""

    name: str
    suffix: str
    """Ends the chart's name when a service has another archetype in the default environment (`mongodb-external`)."""
    summary: str
    """What it is for, for the chart's README."""
    package: str
    """Python package whose `templates/` folder holds its own Go templates."""
    shared_templates: tuple[str, ...]
    """Names of those it takes from `chartgen.archetypes.workload`."""
    fields: tuple[ValueField, ...]
    build_values: Callable[[ResolvedService, Surroundings], Values]
    """Return the complete values of one service in one environment, keys in the order of `fields`."""
    immutable_fields: Callable[[Values], dict[str, str]]
    """Return what Kubernetes will not let an upgrade change (T041, T075), as `Kind/name field` to text."""
    extra_files: Callable[[ResolvedService, Surroundings], dict[str, bytes]] | None = None
    """Return files of the chart besides templates, by path; the same in every environment."""
    whole_chart: Callable[[ResolvedService, Surroundings], ChartFiles] | None = None
    """Return all files of a chart that somebody else wrote; nothing else of the archetype is used then."""
    definitions: Mapping[str, Schema] = field(default_factory=dict)
    """Parts that the fields' schemas refer to as `#/definitions/<name>`."""
