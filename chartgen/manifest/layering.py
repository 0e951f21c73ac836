"""From the document to services and sections per environment: presets, base and layer laid over each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from chartgen.manifest.archetype_models import MODELS
from chartgen.manifest.checked import to_finding
from chartgen.manifest.document import Document, Sections
from chartgen.manifest.findings import Finding, Place
from chartgen.manifest.keypath import did_you_mean
from chartgen.manifest.stated import Layer, Stack, Stated, add_layer, take_away
from chartgen.manifest.wording import describe

M = TypeVar("M", bound=BaseModel)


@dataclass
class Layered:
    """All services before validation."""

    base: dict[str, Stated]
    """Services as the release manifest alone states them; `environments` says where that holds."""
    changed: dict[str, dict[str, Stated]]
    """By environment, those that its layer touches."""


def layer_services(document: Document, environments: tuple[str, ...], findings: list[Finding]) -> Layered:
    """Return every service, each layer laid on; problems are appended to `findings`."""
    stated = {key: _with_presets(key, document.base, findings) for key in document.base.maps["services"]}
    changed: dict[str, dict[str, Stated]] = {}
    for name in environments:
        sections = document.environments.get(name, Sections())
        changed[name] = {}
        for key, layer in sections.maps["services"].items():
            if key not in stated:
                findings.append(_unknown_service(key, layer, stated))
                continue
            base = replace(stated[key], environments=(name,))
            changed[name][key], problems = add_layer(base, layer, sections.raw["services", key].get("unset"))
            findings += [replace(problem, environments=(name,)) for problem in problems]
    findings += _check_unused_presets(document.base)
    for key, base in stated.items():
        stated[key] = replace(base, environments=tuple(n for n in environments if key not in changed[n]))
    return Layered(stated, changed)


def _with_presets(key: str, sections: Sections, findings: list[Finding]) -> Stated:
    own, raw = sections.maps["services"][key], sections.raw["services", key]
    presets = tuple(_presets(key, raw.get("preset"), own, sections.maps["presets"], findings))
    # Also a service may take away, from its presets: nothing else could.
    below, problems = take_away(presets, raw.get("unset"), own, key)
    findings += problems
    return Stated((*below, own), key)


def _presets(
    key: str, named: object, own: Layer, presets: Mapping[str, Layer], findings: list[Finding]
) -> Iterator[Layer]:
    if named is None:
        return
    wanted = named if isinstance(named, list) else [named]
    for number, name in enumerate(wanted):
        place = Place(own.source, (*own.path, "preset", *([number] if isinstance(named, list) else [])))
        if not isinstance(name, str):
            findings.append(Finding(f"services.{key}.preset: must be a text or a list of texts", place, None, key))
        elif name not in presets:
            hint = did_you_mean(name, presets, "presets are declared as [presets.<name>]")
            findings.append(Finding(f'services.{key}.preset: unknown preset "{name}"', place, hint, key))
        else:
            yield presets[name]


def _check_unused_presets(sections: Sections) -> Iterator[Finding]:
    """A preset is checked as part of the services that use it; of one that nobody uses, at least the keys."""
    named: set[object] = set()
    for (section, _), raw in sections.raw.items():
        if section == "services":
            preset = raw.get("preset")
            named |= {name for name in (preset if isinstance(preset, list) else [preset]) if isinstance(name, str)}
    known = {name for model in MODELS.values() for name in model.model_fields}
    for name, layer in sections.maps["presets"].items():
        for key in layer.table.keys() - known if name not in named else ():
            place = Place(layer.source, (*layer.path, key), "key")
            yield Finding(f'presets.{name}: unknown key "{key}"', place, did_you_mean(key, known))


def _unknown_service(key: str, layer: Layer, known: Mapping[str, Stated]) -> Finding:
    hint = did_you_mean(key, known, "a layer changes services of the release manifest; it cannot add one")
    return Finding(f'services.{key}: unknown service "{key}"', Place(layer.source, layer.path, "key"), hint)


def check_section(model: type[M], layers: tuple[Layer, ...]) -> tuple[M | None, list[Finding]]:
    """Return a section's tables, laid over each other, as its model; None and what is wrong otherwise."""
    stack = Stack(layers)
    try:
        return model.model_validate(stack.table), []
    except ValidationError as error:
        complaints = describe(error.errors(include_url=False), model, stack.table)
        return None, [to_finding(stack, complaint) for complaint in complaints]
