"""Templates for what goes beyond the vocabulary, only in charts that need them.

Patches are laid over objects when helm renders them, so that `--set` works on. The templates that make objects stay as
they are but for their names, which begin with `_`; one more template renders them all and lays the patches over.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping

from chartgen.archetypes.archetype import Values
from chartgen.build.templates import render_template
from chartgen.objects.merging import MERGE_KEYS

_PACKAGE = "chartgen.archetypes.objects"
_FOLDER = "templates/"
_OBJECTS = ("objects", "clusterObjects")


def add_escapes(templates: Mapping[str, bytes], chart: str, full: Iterable[Values]) -> dict[str, bytes]:
    """Return a chart's templates with those that its values need for objects and patches.

    Args:
        templates: What the archetype has, by path.
        chart: The chart's name, which its defines begin with.
        full: The chart's values in every environment.
    """
    values = list(full)
    result = dict(templates)
    if any(values_of.get("patches") for values_of in values):
        result = _wrapped(result, chart)
    if any(values_of.get(part) for values_of in values for part in _OBJECTS):
        for name in ("_objects.tpl", "objects.yaml"):
            result[_FOLDER + name] = render_escape(name, chart)
    return dict(sorted(result.items()))


def _wrapped(templates: Mapping[str, bytes], chart: str) -> dict[str, bytes]:
    result = {}
    parts = []
    for path, text in templates.items():
        if path.endswith(".yaml"):
            # Helm knows every template by its path, and renders none whose name begins so.
            parts.append("_" + path.removeprefix(_FOLDER))
            path = _FOLDER + parts[-1]
        result[path] = text
    result[f"{_FOLDER}_patches.tpl"] = render_escape("_patches.tpl", chart)
    result[f"{_FOLDER}patched.yaml"] = render_escape("patched.yaml", chart, tuple(sorted(parts)))
    return result


@functools.lru_cache(maxsize=512)
def render_escape(name: str, chart: str, parts: tuple[str, ...] = ()) -> bytes:
    """Return one of the templates for objects and patches as it stands in a chart.

    Args:
        name: Its file name.
        chart: The chart's name, which its defines begin with.
        parts: File names of the templates whose objects are patched.
    """
    keys = json.dumps(MERGE_KEYS)
    return render_template(_PACKAGE, name, prefix=chart, parts=parts, merge_keys=keys)
