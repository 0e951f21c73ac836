"""Add a service to a release manifest: the block, and the declarations it needs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chartgen.editing.place import append_block, place_value, toml_text
from chartgen.manifest.findings import Finding, Place, to_problems
from chartgen.manifest.load import parse_platform
from chartgen.manifest.sources import MAIN, Source, parse_source
from chartgen.manifest.wording import value_at
from chartgen.scaffold.block import NewService, render_block
from chartgen.scaffold.words import registry_key
from helmkit.errors import InputError, Position, Problem

_BLOCK = "the new block"
"""Stands for a file where an error is in text that was never written."""


Resolve = Callable[[Mapping[str, bytes]], object]
"""Resolves a platform from its TOML files, and raises InputError when something is wrong."""


@dataclass(frozen=True)
class Addition:
    """A release manifest with one more service."""

    content: bytes
    """Of releases.toml."""
    block: str
    """What was appended."""
    declared: tuple[str, ...]
    """What else was added, in words."""


def add_service(
    contents: Mapping[str, bytes],
    service: NewService,
    *,
    plain_http: bool = False,
    shown_in: str = "",
    resolve: Resolve = parse_platform,
) -> Addition:
    """Return the release manifest with the service, a namespace and a registry that were not declared with it.

    Args:
        contents: All files of the platform by name.
        service: What was said.
        plain_http: A registry that is not declared yet speaks HTTP without TLS.
        shown_in: What stands before file names in errors (see load.display_prefix).
        resolve: Tells what is wrong with a platform; knows the files that its services name.

    Raises:
        InputError: The platform is wrong as it is, has the service already, or would be wrong with it.
    """
    _check_before(contents, service.key, shown_in, resolve)
    sources = [parse_source(name, content)[0] for name, content in contents.items()]
    content, declared = contents[MAIN], []
    if service.namespace and service.namespace not in _declared(sources, "namespaces"):
        content = place_value(MAIN, content, ("namespaces", service.namespace), "{}", shown_in=shown_in)
        declared.append(f"namespace {service.namespace}")
    registries: dict[str, str] = {}
    for host in dict.fromkeys(image.registry for image in service.images):
        known = _declared(sources, "registries") | dict.fromkeys(registries.values())
        registries[host], new = _choose_registry(known, host)
        if new:
            value = f"{{ host = {toml_text(host)}{', plain_http = true' if plain_http else ''} }}"
            content = place_value(MAIN, content, ("registries", registries[host]), value, shown_in=shown_in)
            declared.append(f"registry {registries[host]} ({host})")
    block = render_block(service, registries)
    start = append_block(content, "").count(b"\n") + 1
    changed = append_block(content, block)
    _check_after({**contents, MAIN: changed}, start, block, shown_in, resolve)
    return Addition(changed, block, tuple(declared))


def _declared(sources: Sequence[Source], section: str) -> dict[str, Any]:
    """Return what the release manifest and its included files declare; layers do not count."""
    found: dict[str, Any] = {}
    for source in sources:
        table = value_at(source.table, (section,))
        if not source.environment and isinstance(table, dict):
            found |= table
    return found


def _choose_registry(declared: Mapping[str, Any], host: str) -> tuple[str, bool]:
    """Return the key of the registry at `host`, and whether it has to be declared."""
    for key, table in sorted(declared.items()):
        if isinstance(table, dict) and table.get("host") == host:
            return key, False
    key = base = registry_key(host)
    number = 2
    while key in declared:
        key, number = f"{base}-{number}", number + 1
    return key, True


def _check_before(contents: Mapping[str, bytes], key: str, shown_in: str, resolve: Resolve) -> None:
    """Make sure that what is found wrong afterwards is the new service's fault."""
    for name, content in contents.items():
        source = parse_source(name, content)[0]
        if not source.environment and value_at(source.table, ("services", key)) is not None:
            finding = Finding(f"services.{key}: is there already", Place(name, ("services", key), "key"))
            raise InputError("nothing is added", to_problems([finding], contents, shown_in))
    try:
        resolve(contents)
    except InputError as error:
        hint = "Correct this first; nothing is added."
        problems = [_shown(problem, shown_in) for problem in error.problems]
        raise InputError("the release manifest is wrong as it is", problems, hint=hint) from error


def _check_after(contents: Mapping[str, bytes], start: int, block: str, shown_in: str, resolve: Resolve) -> None:
    try:
        resolve(contents)
    except InputError as error:
        problems = [_relabelled(problem, start, shown_in) for problem in error.problems]
        hint = "\n".join(["Nothing is written. The new block would have been:", *_numbered(block)])
        raise InputError("the service cannot be added like this", problems, hint=hint) from error


def _relabelled(problem: Problem, start: int, shown_in: str) -> Problem:
    """Return a problem in text that was never written as one in the block, which is shown; lines count from 1."""
    where = problem.where
    if where is not None and where.file == MAIN and where.line >= start:
        return replace(problem, where=Position(_BLOCK, where.line - start + 1, where.column))
    return _shown(problem, shown_in)


def _shown(problem: Problem, shown_in: str) -> Problem:
    where = problem.where
    if where is None:
        return problem
    return replace(problem, where=Position(shown_in + where.file, where.line, where.column))


def _numbered(block: str) -> Iterator[str]:
    yield from (f"{number:>7}  {line}" for number, line in enumerate(block.splitlines(), 1))
