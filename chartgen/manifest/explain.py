"""Where a value comes from: every layer that says something about a path, strongest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from chartgen.manifest.checked import check_service
from chartgen.manifest.document import Document, build_document
from chartgen.manifest.keypath import KeyPath, did_you_mean, dotted, parse_dotted
from chartgen.manifest.layering import layer_services
from chartgen.manifest.merge import has
from chartgen.manifest.positions import PositionIndex
from chartgen.manifest.sources import parse_source
from chartgen.manifest.stated import Layer, Stack, Stated
from chartgen.manifest.wording import value_at
from helmkit.errors import Position, UsageError


@dataclass(frozen=True)
class Origin:
    """One place that says something about a path."""

    value: Any
    """What it says: TOML's own types."""
    said_by: str
    """`values/prod.toml`, `services.gateway`, `presets.spring` or `default of spring-service`."""
    where: Position | None
    """None for a default."""


def explain(contents: Mapping[str, str | bytes], path: str, environment: str) -> list[Origin]:
    """Return everything that is said about `path` in an environment, the value in effect first.

    Args:
        contents: All files of the platform by name.
        path: Dotted, from the root: `services.gateway.replicas`, `registries.company.host`.
        environment: Its name.

    Raises:
        UsageError: There is no such path or environment.
    """
    sources = [parse_source(name, content)[0] for name, content in contents.items()]
    document = build_document(sources)
    if document.environments and environment not in document.environments:
        msg = f'unknown environment "{environment}"'
        raise UsageError(msg, hint=did_you_mean(environment, document.environments))
    try:
        keys = parse_dotted(path)
    except ValueError as error:
        raise UsageError(str(error)) from error
    stack, inner = _stack(document, keys, environment)
    indexes = {source.name: PositionIndex(source.content) for source in sources}
    origins = [_origin(layer, inner, indexes) for layer in reversed(stack.layers) if has(layer.table, inner)]
    origins += _default(stack, inner)
    if not origins:
        msg = f"nothing says {path}"
        raise UsageError(msg, hint=did_you_mean(keys[-1], _siblings(stack, inner)))
    return origins


def _stack(document: Document, keys: tuple[str, ...], environment: str) -> tuple[Stack, KeyPath]:
    upper = document.environments.get(environment)
    section, rest = keys[0], keys[1:]
    if section == "services" and rest:
        layered = layer_services(document, (environment,), [])
        found = layered.changed[environment].get(rest[0]) or layered.base.get(rest[0])
        if found is None:
            msg = f'unknown service "{rest[0]}"'
            raise UsageError(msg, hint=did_you_mean(rest[0], layered.base))
        return found, rest[1:]
    parts = [sections for sections in (document.base, upper) if sections]
    if section in ("registries", "namespaces") and rest:
        layers = [s.maps[section][rest[0]] for s in parts if rest[0] in s.maps[section]]
        inner: KeyPath = rest[1:]
    else:
        layers = [s.single[section] for s in parts if section in s.single]
        inner = rest
    if not layers:
        msg = f"nothing says {dotted(keys)}"
        raise UsageError(msg, hint="for example services.gateway.replicas, registries.company.host, platform.version")
    return Stack(tuple(layers)), inner


def _origin(layer: Layer, inner: KeyPath, indexes: Mapping[str, PositionIndex]) -> Origin:
    line, column = indexes[layer.source].find(layer.path + inner)
    said_by = layer.source if layer.source.startswith("values/") else dotted(layer.path)
    return Origin(value_at(layer.table, inner), said_by, Position(layer.source, line, column))


def _default(stack: Stack, inner: KeyPath) -> Iterator[Origin]:
    checked = check_service(stack)[0] if isinstance(stack, Stated) else None
    if checked is None or has(stack.table, inner):
        return
    value: Any = checked.model
    for part in inner:
        value = getattr(value, str(part), None) if isinstance(value, BaseModel) else None
    if value is not None:
        yield Origin(value, f"default of {checked.archetype}", None)


def _siblings(stack: Stack, inner: KeyPath) -> set[str]:
    found = value_at(stack.table, inner[:-1])
    return set(found) if isinstance(found, dict) else set()
