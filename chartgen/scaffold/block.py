"""A new service as a block of TOML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

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
    files: tuple[str, ...] = ()
    containers: Mapping[str, ImageReference] = field(default_factory=dict)
    """The image of each container of the files."""
    chart: str | None = None
    version: str | None = None
    """Of the chart."""

    @property
    def images(self) -> list[ImageReference]:
        """Return all images that are named."""
        return [*([self.image] if self.image else []), *self.containers.values()]


def render_block(service: NewService, registries: Mapping[str, str]) -> str:
    """Return the service's table as people write it, its lines in the order of the vocabulary.

    Args:
        service: What was said.
        registries: Keys of the images' registries by their hosts.
    """
    lines = [f"[services.{quote_key(service.key)}]", *_lines(service, registries)]
    return "".join(f"{line}\n" for line in lines)


def _lines(service: NewService, registries: Mapping[str, str]) -> Iterator[str]:
    yield from _texts({"description": service.description, "archetype": service.archetype})
    if service.presets:
        yield f"preset = {_listed(service.presets) if len(service.presets) > 1 else toml_text(service.presets[0])}"
    yield from _texts({"namespace": service.namespace})
    yield from _sources(service, registries)
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


def _sources(service: NewService, registries: Mapping[str, str]) -> Iterator[str]:
    """Yield what it is made of: an image, a chart, or files."""
    if service.image:
        yield f"image = {{ {_image(service.image, registries)} }}"
        yield from _texts({"version": service.image.tag})
    yield from _texts({"chart": service.chart, "version": service.version})
    if service.files:
        yield f"files = {_listed(service.files)}"
    for name, image in service.containers.items():
        yield f"images.{quote_key(name)} = {{ {_image(image, registries)}, version = {toml_text(image.tag or '')} }}"


def _image(image: ImageReference, registries: Mapping[str, str]) -> str:
    parts = {"registry": registries[image.registry], "repository": image.repository, "digest": image.digest or None}
    return ", ".join(_texts(parts))


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
