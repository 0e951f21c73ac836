"""All files of a release manifest as one document: sections put together, keys checked, nothing merged yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chartgen.manifest.findings import Finding, Place
from chartgen.manifest.keypath import did_you_mean, quote_key
from chartgen.manifest.sources import MAIN, Source
from chartgen.manifest.stated import Layer, make_layer
from helmkit import names

_MAPS = ("registries", "namespaces", "presets", "services")
_SINGLE = ("platform", "charts", "harbor", "environment", "network", "tests")
_MAIN_SECTIONS = ("platform", "charts", "harbor", "network", "tests", *_MAPS, "include")
_LAYER_SECTIONS = ("environment", "charts", "network", "tests", "registries", "namespaces", "services")


@dataclass
class Sections:
    """What one or several files say, by section."""

    single: dict[str, Layer] = field(default_factory=dict)
    """By its name: `platform`, `charts`, `harbor` and the like."""
    maps: dict[str, dict[str, Layer]] = field(default_factory=lambda: {name: {} for name in _MAPS})
    """`registries`, `namespaces`, `presets` and `services` by key."""
    raw: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    """Tables of services and presets as written, by section and key, for `preset` and `unset`."""


@dataclass
class Document:
    """Everything the files say."""

    base: Sections
    environments: dict[str, Sections]
    """By name, sorted; empty when there are no layers."""
    unreadable: frozenset[str]
    """Environments whose layer is not TOML; they are left out."""
    findings: list[Finding]


def build_document(sources: Iterable[Source]) -> Document:
    """Put the sections of all files together.

    The main file, files below `values/` (layers), and all others, which count as included: they may hold registries,
    namespaces, presets and services, and no key twice.
    """
    base = Sections()
    findings: list[Finding] = []
    environments: dict[str, Sections] = {}
    unreadable = set()
    for source in sorted(sources, key=lambda s: (s.name != MAIN, s.name)):
        if source.environment and source.broken:
            unreadable.add(source.environment)
        elif source.environment:
            sections = environments[source.environment] = Sections()
            findings += _check_environment_name(source)
            findings += _collect(source, sections, _LAYER_SECTIONS)
        else:
            findings += _collect(source, base, _MAIN_SECTIONS if source.name == MAIN else _MAPS)
    return Document(base, dict(sorted(environments.items())), frozenset(unreadable), findings)


def _check_environment_name(source: Source) -> Iterator[Finding]:
    if not names.is_service_name(source.environment):
        message = f"{source.environment!r} is not a valid name of an environment"
        hint = "file names in values/ are lower case letters, digits and hyphens, starting with a letter"
        yield Finding(message, Place(source.name), hint)


def _collect(source: Source, sections: Sections, known: tuple[str, ...]) -> Iterator[Finding]:
    for section, table in source.table.items():
        if section not in known:
            yield _unknown_section(source, section, known)
        elif section == "include":
            yield from _check_include(source, table)
        elif not isinstance(table, dict):
            yield Finding(f"{section}: must be a table", Place(source.name, (section,)), f"write [{section}]")
        elif section in _SINGLE:
            sections.single[section] = Layer(source.name, (section,), table)
        else:
            yield from _collect_entries(source, sections, section, table)


def _unknown_section(source: Source, section: str, known: tuple[str, ...]) -> Finding:
    here = source.environment or source.name == MAIN
    kind = "a layer" if source.environment else "the release manifest" if here else "an included file"
    if section in (*_MAIN_SECTIONS, *_LAYER_SECTIONS):
        message, hint = f"[{section}] has no place in {kind}", f"known here: {', '.join(known)}"
    else:
        message = f"unknown section [{quote_key(section)}]"
        hint = did_you_mean(section, known, f"known here: {', '.join(known)}") or ""
    return Finding(message, Place(source.name, (section,), "key"), hint)


def _check_include(source: Source, patterns: object) -> Iterator[Finding]:
    place = Place(source.name, ("include",))
    if not isinstance(patterns, list) or not all(isinstance(p, str) for p in patterns):
        yield Finding("include: must be a list of texts", place, 'for example include = ["services/*.toml"]')
        return
    for number, pattern in enumerate(patterns):
        fault = fault_of_pattern(pattern)
        if fault:
            yield Finding(f"include[{number}]: {fault}", Place(source.name, ("include", number)))


def fault_of_pattern(pattern: str) -> str:
    """Return what is wrong with an include pattern; empty when it is fine.

    Patterns stay inside the folder and name TOML files other than the main one and the layers.
    """
    parts = pattern.split("/")
    if not pattern or pattern.startswith("/") or "\\" in pattern or ".." in parts or "\0" in pattern:
        return f"{pattern!r} does not stay inside the platform's folder"
    if not pattern.endswith(".toml"):
        return f"{pattern!r} does not end in .toml"
    if parts[0] == "values" or pattern == MAIN:
        return f"{pattern!r} is read anyway; only services, presets, namespaces and registries are included"
    return ""


def _collect_entries(source: Source, sections: Sections, section: str, table: Mapping[str, Any]) -> Iterator[Finding]:
    entries = sections.maps[section]
    for key, value in table.items():
        place = Place(source.name, (section, key), "key")
        subject = f"{section}.{quote_key(key)}"
        if not names.is_service_name(key):
            hint = "lower case letters, digits and hyphens, starting with a letter, 63 at most"
            yield Finding(f"{subject}: is not a valid key", place, hint)
        elif not isinstance(value, dict):
            yield Finding(f"{subject}: must be a table", place, f"write [{subject}]")
        elif key in entries:
            yield Finding(
                f"{subject}: is declared in {entries[key].source} already", place, "keys are unique over all files"
            )
        elif section in ("services", "presets"):
            entries[key] = make_layer(source.name, (section, key), value)
            sections.raw[section, key] = value
            yield from _check_composition(source.name, section, key, value)
        else:
            entries[key] = Layer(source.name, (section, key), value)


def _check_composition(source: str, section: str, key: str, table: Mapping[str, Any]) -> Iterator[Finding]:
    subject = f"{section}.{key}"
    if not isinstance(table.get("archetype", ""), str):
        yield Finding(f"{subject}.archetype: must be a text", Place(source, (section, key, "archetype")))
    if section == "presets":
        hints = {
            "preset": "a service may name several presets, in order",
            "unset": "a service can take away what it says",
        }
        for word, hint in hints.items():
            if word in table:
                yield Finding(
                    f"{subject}.{word}: has no place in a preset", Place(source, (section, key, word), "key"), hint
                )
    elif "preset" in table and source.startswith("values/"):
        place = Place(source, (section, key, "preset"), "key")
        yield Finding(f"{subject}.preset: a layer cannot change the preset", place, "write out what differs here")
