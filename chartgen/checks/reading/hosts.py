"""Host names inside texts, and which service of the platform they lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chartgen.archetypes.statefulset_infra.model import StatefulsetInfra
from chartgen.checks.finding import Subject
from chartgen.manifest.references import client_of, ports_of
from chartgen.manifest.resolved import ResolvedService

_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*"
# After a scheme, or in front of a port: only there a word is surely meant as a host.
_IN_URL = re.compile(rf"://(?:[^\s/@,]*@)?({_HOST})(?::(\d{{1,5}}))?(?=[/?#,;\s]|$)")
_WITH_PORT = re.compile(rf"(?<![\w./@:-])({_HOST}):(\d{{2,5}})(?=[/?#,;\s]|$)")
_POD = re.compile(r"(?P<name>.+)-\d+")


@dataclass(frozen=True)
class Address:
    """A host name in a text."""

    host: str
    port: int | None


@dataclass(frozen=True)
class Target:
    """A Service of the platform, in the environment looked at."""

    service: ResolvedService
    name: str
    """Of the Service object."""
    is_peer: bool = False
    """It was called by a replica's own name."""

    @property
    def ports(self) -> dict[int, str]:
        """Return the Service's ports: number to name."""
        return {port.port: name for name, port in ports_of(self.service.model).items()}


def env_texts(subject: Subject) -> Iterator[tuple[str, str]]:
    """Yield the variables that people wrote as text; what references became is left out."""
    stated = getattr(subject.service.model, "env", {})
    for name, text in subject.service.env.items():
        if isinstance(text, str) and isinstance(stated.get(name), str):
            yield name, text


def addresses_in(text: str) -> list[Address]:
    """Return the host names in a text, each once."""
    found = [*_IN_URL.finditer(text), *_WITH_PORT.finditer(text)]
    known = {match[1]: Address(match[1], int(match[2]) if match[2] else None) for match in reversed(found)}
    return [address for host, address in sorted(known.items()) if re.search("[a-z]", host)]


def find_target(subject: Subject, host: str) -> Target | None:
    """Return the Service of the platform that a host name leads to, seen from the subject's namespace."""
    labels = _shorten(host, subject.platform.cluster_domain).split(".")
    for service in subject.place.services.values():
        for name in service_names(service):
            here = service.namespace == subject.service.namespace
            if labels == [name, service.namespace] or (here and labels == [name]):
                return Target(service, name)
            pod = _POD.fullmatch(labels[0])
            if (
                pod
                and pod["name"] == service.name
                and labels[1:] in ([name, service.namespace], [name] if here else [])
            ):
                return Target(service, name, is_peer=True)
    return None


def service_names(service: ResolvedService) -> set[str]:
    """Return the names of the Services that a service has."""
    model = service.model
    names = (
        {model.name} if not isinstance(model, StatefulsetInfra) else {model.headless.name or f"{model.name}-headless"}
    )
    client = client_of(model)
    if client is not None:
        names.add(client.name or model.name)
    return names


def inside(subject: Subject, host: str) -> list[str] | None:
    """Return the labels of a host name that means this cluster, `[service]` or `[service, namespace]`; None if not."""
    short = _shorten(host, subject.platform.cluster_domain)
    labels = short.split(".")
    if len(labels) == 1 or (len(labels) == 2 and (short != host or labels[1] in subject.place.namespaces)):
        return labels
    return None


def _shorten(host: str, cluster_domain: str) -> str:
    return host.removesuffix(".").removesuffix(f".{cluster_domain}").removesuffix(".svc")
