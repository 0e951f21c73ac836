"""Namespaces and registries: declared once, used as declared, and charts kept apart from images."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.manifest.checked import View
from chartgen.manifest.findings import Finding, Place
from chartgen.manifest.keypath import did_you_mean
from helmkit.names import parse_image


def check(view: View) -> Iterator[Finding]:
    """Find undeclared namespaces and registries, declarations nobody uses, and images that cannot be named."""
    yield from _undeclared(view)
    yield from _unused(view)
    yield from _images(view)


def _undeclared(view: View) -> Iterator[Finding]:
    for service in view.services.values():
        namespace = service.model.namespace
        if namespace not in view.declared["namespaces"]:
            hint = did_you_mean(namespace, view.declared["namespaces"], f"declare it: [namespaces.{namespace}]")
            yield service.finding(("namespace",), f'namespace "{namespace}" is not declared', hint)
        for path, image, _ in service.images:
            if image.registry not in view.declared["registries"]:
                known = view.declared["registries"]
                hint = did_you_mean(image.registry, known, f"declare it: [registries.{image.registry}]")
                yield service.finding((*path, "registry"), f'registry "{image.registry}" is not declared', hint)


def _unused(view: View) -> Iterator[Finding]:
    """What only a layer declares must be used there: a misspelt key would silently change nothing."""
    if view.services.keys() | view.disabled != view.declared["services"]:
        return  # one that is not valid may be the one that uses it
    used = {
        "namespaces": {service.model.namespace for service in view.services.values()},
        "registries": {image.registry for service in view.services.values() for _, image, _ in service.images},
    }
    for section, keys in view.added.items():
        for key in sorted(keys - used[section]):
            known = view.declared[section] - {key}
            hint = did_you_mean(key, known, f"known: {', '.join(sorted(known)) or 'none'}")
            place = Place(f"values/{view.name}.toml", (section, key), "key")
            yield Finding(
                f"{section}.{key}: the release manifest does not declare it, and no service here uses it", place, hint
            )


def _images(view: View) -> Iterator[Finding]:
    """An image whose name would be read differently, or that shares the charts' repository (T086, T092)."""
    charts = view.repository.removeprefix("oci://")
    for service in view.services.values():
        for path, image, tag in service.images:
            registry = view.registries.get(image.registry)
            if registry is None:
                continue
            if parse_image(f"{registry.host}/{image.repository}:{tag}").registry != registry.host:
                message = f'registry host "{registry.host}" would be taken for a folder of Docker Hub'
                yield service.finding((*path, "registry"), message, "add its port, for example :443")
            if charts and f"{registry.host}/{image.repository}".startswith(f"{charts}/"):
                message = f"{image.repository} lies in the charts' own repository {view.repository}"
                hint = "a chart and an image of one name and version would overwrite each other"
                yield service.finding((*path, "repository"), message, hint)
