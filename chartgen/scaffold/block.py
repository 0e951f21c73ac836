"""A new service as a block of TOML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chartgen.editing.place import toml_text
from chartgen.manifest.keypath import quote_key
from chartgen.scaffold.words import NewClaim, NewPort
from helmkit.names import ImageReference


@dataclass(frozen=True)
class NewService:
    """What the user said of a new service; what is None or empty is left to presets and defaults."""

    key: str
    archetype: str | None
    namespace: str | None
    presets: tuple[str, ...] = ()
    description: str | None = None
    image: ImageReference | None = None
    replicas: int | None = None
    memory: str | None = None
    cpu: str | None = None
    ports: tuple[NewPort, ...] = ()
    host: str | None = None
    ingress_class: str | None = None
    addresses: tuple[str, ...] = ()
    dns_name: str | None = None
    claims: tuple[NewClaim, ...] = ()
    not_persistent: bool = False
    depends_on: tuple[str, ...] = ()


def render_block(service: NewService, registry: str | None) -> str:
    """Return the service's table as people write it, its lines in the order of the vocabulary.

    Args:
        service: What was said.
        registry: Key of the image's registry.
    """
    lines = [f"[services.{quote_key(service.key)}]", *_lines(service, registry)]
    return "".join(f"{line}\n" for line in lines)


def _lines(service: NewService, registry: str | None) -> Iterator[str]:
    yield from _texts({"description": service.description, "archetype": service.archetype})
    if service.presets:
        yield f"preset = {_listed(service.presets) if len(service.presets) > 1 else toml_text(service.presets[0])}"
    yield from _texts({"namespace": service.namespace})
    if service.image:
        digest = f", digest = {toml_text(service.image.digest)}" if service.image.digest else ""
        place = f"registry = {toml_text(registry or '')}, repository = {toml_text(service.image.repository)}"
        yield f"image = {{ {place}{digest} }}"
        yield from _texts({"version": service.image.tag})
    if service.replicas is not None:
        yield f"replicas = {service.replicas}"
    if service.addresses:
        yield f"addresses = {_listed(service.addresses)}"
    yield from _texts({"dns_name": service.dns_name})
    yield from (_port(port) for port in service.ports)
    sizes = ", ".join(_texts({"memory": service.memory, "cpu": service.cpu}))
    if sizes:
        yield f"resources = {{ {sizes} }}"
    for claim in service.claims:
        where = f"mount = {toml_text(claim.mount)}, size = {toml_text(claim.size)}"
        yield f"claims.{quote_key(claim.name)} = {{ {where} }}"
    if service.not_persistent:
        yield "persistent = false"
    if service.depends_on:
        yield f"depends_on = {_listed(service.depends_on)}"
    if service.host:
        yield _ingress(service)


def _port(port: NewPort) -> str:
    number = str(port.number)
    if port.node_port:
        number = f"{{ port = {port.number}, node_port = {port.node_port} }}"
    return f"ports.{quote_key(port.name)} = {number}"


def _ingress(service: NewService) -> str:
    # The first port is the one that clients mean; a preset's is called http.
    port = service.ports[0].name if service.ports else "http"
    parts = _texts({"host": service.host, "class": service.ingress_class, "port": port})
    return f"ingress.{quote_key(service.key)} = {{ {', '.join(parts)} }}"


def _texts(values: dict[str, str | None]) -> Iterator[str]:
    for key, value in values.items():
        if value is not None:
            yield f"{key} = {toml_text(value)}"


def _listed(words: Sequence[str]) -> str:
    return f"[{', '.join(map(toml_text, words))}]"
