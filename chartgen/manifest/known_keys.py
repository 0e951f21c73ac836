"""Which keys the vocabulary knows at a place, read from the models themselves."""

from __future__ import annotations

from collections.abc import Iterable
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from chartgen.manifest.keypath import KeyPath


def models_at(annotation: Any, path: KeyPath) -> list[type[BaseModel]]:
    """Return the models that a table at `path` below `annotation` may be; empty when it is no table of ours."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return models_at(get_args(annotation)[0], path)
    if origin in (Union, UnionType):
        return [model for member in get_args(annotation) for model in models_at(member, path)]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not path:
            return [annotation]
        found = [f for name, f in annotation.model_fields.items() if path[0] in (name, f.alias)]
        return models_at(found[0].annotation, path[1:]) if found else []
    if origin in (dict, list) and path:
        return models_at(get_args(annotation)[-1], path[1:])
    return []


def names_of(models: Iterable[type[BaseModel]], holder: Any) -> set[str]:
    """Return the keys of those models as TOML writes them.

    Args:
        models: What the table may be.
        holder: The table itself. Of several models those count whose first key it has, as env references do.
    """
    candidates = list(models)
    if len(candidates) > 1 and isinstance(holder, dict):
        candidates = [m for m in candidates if next(iter(m.model_fields), None) in holder] or candidates
    return {field.alias or name for model in candidates for name, field in model.model_fields.items()}
