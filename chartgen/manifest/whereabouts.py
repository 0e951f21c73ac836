"""Where in the files a service says something: for what is found after the release manifest was resolved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chartgen.manifest.document import build_document
from chartgen.manifest.keypath import KeyPath
from chartgen.manifest.layering import layer_services
from chartgen.manifest.positions import PositionIndex
from chartgen.manifest.sources import MAIN, parse_source
from helmkit.errors import Position


@dataclass(frozen=True)
class Spot:
    """What to find: a path inside a service, as one environment sees it."""

    environment: str
    service: str
    path: KeyPath = ()


def find_positions(
    contents: Mapping[str, str | bytes], spots: Iterable[Spot], shown_in: str = ""
) -> dict[Spot, Position]:
    """Return where each spot was said last, or the nearest table above it. Pure; reads every file once.

    Args:
        contents: All files of the platform by name, valid.
        spots: What to find; those of services that are not there are left out.
        shown_in: What to put before file names so that people can click them.
    """
    wanted = list(dict.fromkeys(spots))
    if not wanted:
        return {}
    sources = [parse_source(name, content)[0] for name, content in contents.items()]
    document = build_document(sources)
    environments = tuple(sorted({spot.environment for spot in wanted}))
    layered = layer_services(document, environments, [])
    content_of = {source.name: source.content for source in sources}
    indexes: dict[str, PositionIndex] = {}
    found = {}
    for spot in wanted:
        stated = layered.changed.get(spot.environment, {}).get(spot.service) or layered.base.get(spot.service)
        if stated is None:
            continue
        place = stated.place(spot.path)
        if place.source not in indexes:
            indexes[place.source] = PositionIndex(content_of.get(place.source, b""))
        line, column = indexes[place.source].find(place.path, place.part)
        found[spot] = Position(shown_in + place.source, line, column)
    return found


def find_section(contents: Mapping[str, str | bytes], source: str, path: KeyPath, shown_in: str = "") -> Position:
    """Return where a path outside services stands in one file; the file's name alone when it is not there."""
    content = contents.get(source, b"")
    line, column = PositionIndex(content.encode() if isinstance(content, str) else content).find(path)
    return Position(shown_in + source, line, column)


def layer_of(environment: str, contents: Mapping[str, str | bytes]) -> str:
    """Return the name of an environment's layer, or of the release manifest when it has none."""
    name = f"values/{environment}.toml"
    return name if name in contents else MAIN
