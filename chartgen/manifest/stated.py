"""What a service states: its preset, its own table and the environment's layer, laid over each other.

A `Stated` keeps the tables it was made of, so that for any path it can tell which one said it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from chartgen.manifest.findings import Finding, Part, Place
from chartgen.manifest.keypath import KeyPath, did_you_mean, dotted, parse_dotted
from chartgen.manifest.merge import has, merge, normalise, without

CONSUMED = ("archetype", "preset", "unset")
"""Keys that say how a service is put together; they are not part of what it is."""
_KEPT = ("name", "namespace", "ports")
"""What survives a change of the archetype."""


@dataclass(frozen=True)
class Layer:
    """One table that contributes to a service."""

    source: str
    path: KeyPath
    """Where the table stands in its file."""
    table: Mapping[str, Any]
    """What of it is in effect: later layers may have taken something away."""
    archetype: str | None = None


@dataclass(frozen=True)
class Stack:
    """Tables of one thing laid over each other."""

    layers: tuple[Layer, ...]
    """Weakest first; never empty."""

    @cached_property
    def table(self) -> dict[str, Any]:
        """Return everything merged."""
        merged: dict[str, Any] = {}
        for layer in self.layers:
            merged = merge(merged, layer.table)
        return merged

    @property
    def home(self) -> Layer:
        """Return the table to point at for what is said nowhere."""
        return self.layers[0]

    def place(self, path: KeyPath, part: Part = "value") -> Place:
        """Return where `path` was said last, or the nearest path above it; the home's header for nothing at all."""
        for length in range(len(path), 0, -1):
            for layer in reversed(self.layers):
                if has(layer.table, path[:length]):
                    exact = length == len(path)
                    return Place(layer.source, layer.path + path[:length], part if exact else "table")
        return Place(self.home.source, self.home.path, "table")

    def finding(
        self,
        path: KeyPath,
        message: str,
        hint: str | None = None,
        *,
        part: Part = "value",
        about: KeyPath | None = None,
    ) -> Finding:
        """Return a finding about a path inside these tables.

        Args:
            path: What to point at; may be absent, the nearest path above is then pointed at.
            message: What is wrong, as it follows the path and a colon.
            hint: What to do.
            part: What of the place to point at.
            about: The path that the message begins with. Default: `path`.
        """
        place = self.place(path, part)
        # A preset's value is named by the preset, where it must be changed.
        owner = place.path[:2] if place.path[:1] == ("presets",) else self.home.path
        return Finding(f"{dotted((*owner, *(path if about is None else about)))}: {message}", place, hint)


@dataclass(frozen=True)
class Stated(Stack):
    """A service of one environment, or of the base, before validation."""

    key: str = ""
    environments: tuple[str, ...] = ()
    """Where exactly this holds."""

    @cached_property
    def table(self) -> dict[str, Any]:
        """Return everything merged, `name` filled in, without the keys that were consumed."""
        merged: dict[str, Any] = {"name": self.key}
        for layer in self.layers:
            merged = merge(merged, layer.table)
        return merged

    @property
    def archetype(self) -> str | None:
        """Return the archetype that the strongest layer names, or None."""
        return next((layer.archetype for layer in reversed(self.layers) if layer.archetype), None)

    @property
    def home(self) -> Layer:
        """Return the table that decides what the service is: its own, or the layer that changed its archetype."""
        named = [layer for layer in self.layers if layer.archetype]
        own = [layer for layer in self.layers if layer.path[0] == "services"]
        # A changed archetype was taken from all layers below.
        return named[0] if named and named[0] in own else own[0]

    def finding(
        self,
        path: KeyPath,
        message: str,
        hint: str | None = None,
        *,
        part: Part = "value",
        about: KeyPath | None = None,
    ) -> Finding:
        """Return a finding about a path inside the service (see Stack.finding)."""
        found = super().finding(path, message, hint, part=part, about=about)
        return replace(found, service=self.key, environments=self.environments)


def make_layer(source: str, path: KeyPath, table: Mapping[str, Any]) -> Layer:
    """Return a table of a file as a layer: short forms written out, consumed keys taken off."""
    archetype = table.get("archetype")
    rest = {key: value for key, value in normalise(table).items() if key not in CONSUMED}
    return Layer(source, path, rest, archetype if isinstance(archetype, str) else None)


def add_layer(base: Stated, layer: Layer, unset: object) -> tuple[Stated, list[Finding]]:
    """Return `base` with one more layer on top, and what is wrong with its `unset`.

    `unset` takes away first, then the layer's own values come. A layer that names another archetype keeps name,
    namespace and ports of the service; everything else below falls away.
    """
    below = base.layers
    if layer.archetype and layer.archetype != base.archetype:
        below = tuple(_reduced(lower) for lower in below)
    below, findings = take_away(below, unset, layer, base.key)
    return Stated((*below, layer), base.key, base.environments), findings


def take_away(
    layers: tuple[Layer, ...], unset: object, upper: Layer, key: str
) -> tuple[tuple[Layer, ...], list[Finding]]:
    """Return `layers` without what `unset` names, and what is wrong with it.

    Args:
        layers: The layers below `upper`.
        unset: What `upper` says there: a list of dotted paths, or None.
        upper: The layer that says it.
        key: The service.
    """
    if unset is None:
        return layers, []
    if not isinstance(unset, list):
        message = f"services.{key}.unset: must be a list of dotted paths"
        place = Place(upper.source, (*upper.path, "unset"))
        return layers, [Finding(message, place, 'for example unset = ["env.DB_URL"]', key)]
    findings: list[Finding] = []
    for number, text in enumerate(unset):
        place = Place(upper.source, (*upper.path, "unset", number))
        layers, found = _take_away_one(layers, text, place, key)
        findings += found
    return layers, findings


def _reduced(layer: Layer) -> Layer:
    kept = {key: layer.table[key] for key in _KEPT if key in layer.table}
    return Layer(layer.source, layer.path, kept)


def _take_away_one(
    layers: tuple[Layer, ...], text: object, place: Place, key: str
) -> tuple[tuple[Layer, ...], list[Finding]]:
    subject = f"services.{key}.unset"
    if not isinstance(text, str):
        return layers, [Finding(f"{subject}: must hold dotted paths as texts", place, None, key)]
    try:
        path = parse_dotted(text)
    except ValueError as error:
        return layers, [Finding(f"{subject}: {error}", place, None, key)]
    if not any(has(layer.table, path) for layer in layers):
        siblings = {name for layer in layers for name in _keys_at(layer.table, path[:-1])}
        hint = did_you_mean(path[-1], siblings, "what is not there need not be taken away; delete the entry")
        return layers, [Finding(f"{subject}: there is no {dotted(path)} below this", place, hint, key)]
    return tuple(replace(layer, table=without(layer.table, path)) for layer in layers), []


def _keys_at(table: Any, path: KeyPath) -> set[str]:
    for part in path:
        table = table.get(part) if isinstance(table, dict) else None
    return set(table) if isinstance(table, dict) else set()
