"""CustomResourceDefinitions of charts: which to apply, which to leave alone (core, pure).

A definition is never taken back, because every object of its kind would go with it. So a rollback leaves it, and an
older chart does not bring its older form: what serves versions that the chart does not know is newer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import yaml

from helmkit.errors import HelmkitError
from helmkit.yaml import parse_yaml, parse_yaml_documents

KIND = "CustomResourceDefinition"
DEFINING = frozenset({"raw-objects", "vendor-chart"})
"""Archetypes whose charts may bring definitions."""
Object = Mapping[str, Any]


def parse_definitions(files: Mapping[str, bytes], source: str) -> list[dict[str, Any]]:
    """Return the definitions in the `crds/` folders of a chart and of the charts it always contains.

    Those of charts that values switch on and off are left to helm, which installs them when they are on.

    Raises:
        HelmkitError: A file is not YAML.
    """
    folders = ("crds/", *(f"charts/{name}/crds/" for name in _always(files)))
    found: list[dict[str, Any]] = []
    for path in sorted(files):
        if path.startswith(folders) and path.endswith((".yaml", ".yml", ".json")):
            try:
                found += [one for one in parse_yaml_documents(files[path]) if _is_definition(one)]
            except yaml.YAMLError as error:
                msg = f"{source}: {path} is not YAML"
                raise HelmkitError(msg, hint="Build the chart again, or ask its author.") from error
    return found


def decide_definition(live: Object | None, wanted: Object) -> Literal["apply", "keep"]:
    """Return whether to apply a definition over what is there."""
    if live is None:
        return "apply"
    stored = {str(name) for name in (live.get("status") or {}).get("storedVersions") or ()}
    return "apply" if (_versions(live) | stored) <= _versions(wanted) else "keep"


def is_established(live: Object | None) -> bool:
    """Tell whether objects of the kind can be made."""
    conditions = ((live or {}).get("status") or {}).get("conditions") or ()
    return any(one.get("type") == "Established" and one.get("status") == "True" for one in conditions)


def find_definitions(objects: Iterable[Object]) -> list[Object]:
    """Return the definitions among objects."""
    return [one for one in objects if _is_definition(one)]


def served_kind(definition: Object) -> tuple[str, str]:
    """Return the API version and kind under which objects of a definition can be listed."""
    spec = definition.get("spec") or {}
    served = [str(one.get("name")) for one in spec.get("versions") or () if one.get("served")]
    return f"{spec.get('group')}/{served[0] if served else 'v1'}", str((spec.get("names") or {}).get("kind"))


def _versions(definition: Object) -> set[str]:
    return {str(one.get("name")) for one in (definition.get("spec") or {}).get("versions") or ()}


def _is_definition(one: object) -> bool:
    return isinstance(one, Mapping) and one.get("kind") == KIND


def _always(files: Mapping[str, bytes]) -> list[str]:
    held = {path.split("/")[1] for path in files if path.startswith("charts/") and "/crds/" in path}
    try:
        chart = parse_yaml(files.get("Chart.yaml", b"")) or {}
    except yaml.YAMLError:
        return []
    listed = chart.get("dependencies") or []
    choices = {str(one.get("name")) for one in listed if one.get("condition") or one.get("tags")}
    return sorted(held - choices)
