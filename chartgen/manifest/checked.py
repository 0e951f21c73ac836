"""Services and environments after validation: what rules look at and what resolution works from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from pydantic import ValidationError

from chartgen.archetypes.raw_objects.model import RawObjects
from chartgen.archetypes.service import ServiceModel
from chartgen.manifest.archetype_models import MODELS
from chartgen.manifest.findings import Finding, Part, Place
from chartgen.manifest.keypath import KeyPath, did_you_mean, dotted
from chartgen.manifest.merge import without
from chartgen.manifest.sections import EnvironmentSection, NamespaceSection
from chartgen.manifest.stated import CONSUMED, Stack, Stated
from chartgen.manifest.wording import Complaint, describe
from chartgen.vocabulary.chart_tests import TestsSection
from chartgen.vocabulary.env import EndpointReference, Env, PeersReference, ReplicasReference
from chartgen.vocabulary.image import Image, Registry
from chartgen.vocabulary.network import NetworkSection
from chartgen.vocabulary.workload import Workload, stated_images

Reference = PeersReference | EndpointReference | ReplicasReference
"""A reference to a service, possibly to the own one."""
_WORDS: Mapping[type, str] = {PeersReference: "peers", EndpointReference: "endpoint", ReplicasReference: "replicas"}
_DECIDING = frozenset(
    {
        *("name", "namespace", "ports", "image", "depends_on"),
        *("env", "env_from", "volumes", "claims", "config", "init_containers", "sidecars", "skywalking"),
        *("headless", "client", "service", "expose"),
    }
)
"""What other checks look at: a service without one of these would show faults that nobody made."""


@dataclass(frozen=True)
class Checked:
    """A valid service, shared by all environments in which it is the same."""

    stated: Stated
    archetype: str
    model: ServiceModel

    @property
    def key(self) -> str:
        """Return its key."""
        return self.stated.key

    @cached_property
    def env_tables(self) -> list[tuple[KeyPath, Env]]:
        """Return the env of each container, and what else may refer to services, with where it stands."""
        if not isinstance(self.model, Workload):
            return []
        inner = [(("init_containers", name, "env"), c.env) for name, c in self.model.init_containers.items()]
        beside = [(("sidecars", name, "env"), c.env) for name, c in self.model.sidecars.items()]
        agent = self.model.skywalking
        collector: list[tuple[KeyPath, Env]] = [(("skywalking",), {"collector": agent.collector})] if agent else []
        return [(("env",), self.model.env), *inner, *beside, *collector]

    @cached_property
    def references(self) -> list[tuple[KeyPath, Reference]]:
        """Return every env value that names a service, with its path."""
        return [
            ((*path, name), value)
            for path, env in self.env_tables
            for name, value in env.items()
            if isinstance(value, PeersReference | EndpointReference | ReplicasReference)
        ]

    @cached_property
    def canaries(self) -> list[tuple[str, KeyPath]]:
        """Return the keys of the services that get a part of its requests, with where that is said."""
        return [
            (entry.canary.service, (part, name, "canary", "service"))
            for part in ("ingress", "routes")
            for name, entry in getattr(self.model, part, {}).items()
            if entry.canary
        ]

    @cached_property
    def edges(self) -> list[tuple[str, KeyPath]]:
        """Return the keys of the services it depends on, with where that is said; itself left out for references."""
        stated = [(key, ("depends_on", number)) for number, key in enumerate(self.model.depends_on)]
        named = [
            (target_of(value), (*path, _WORDS[type(value)]))
            for path, value in self.references
            if target_of(value) != self.key
        ]
        # A share of the requests must not go where nobody answers yet.
        tracks = [(target, path) for target, path in self.canaries if target != self.key]
        return stated + named + tracks

    @cached_property
    def images(self) -> list[tuple[KeyPath, Image, str]]:
        """Return every image with its path and its tag."""
        if isinstance(self.model, RawObjects):
            return [(("images", name), image, image.version) for name, image in self.model.images.items()]
        return list(stated_images(self.model)) if isinstance(self.model, Workload) else []

    def finding(self, path: KeyPath, message: str, hint: str | None = None, *, part: Part = "value") -> Finding:
        """Return a finding about `path` of this service (see Stack.finding)."""
        return self.stated.finding(path, message, hint, part=part)


@dataclass(frozen=True)
class View:
    """One environment with everything in it that is valid."""

    name: str
    section: EnvironmentSection
    namespaces: Mapping[str, NamespaceSection]
    registries: Mapping[str, Registry]
    services: Mapping[str, Checked]
    declared: Mapping[str, frozenset[str]]
    """All keys of `services`, `namespaces` and `registries`, the invalid ones included."""
    added: Mapping[str, frozenset[str]]
    """Of `namespaces` and `registries`, the keys that only this environment's layer has."""
    repository: str = ""
    plain_http: bool = False
    network: NetworkSection | None = None
    tests: TestsSection | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Attached files by name: all that services of any environment name."""
    disabled: frozenset[str] = frozenset()
    """Keys of services that this environment goes without."""

    def here(self, findings: Iterator[Finding]) -> Iterator[Finding]:
        """Yield findings that hold in this environment, whatever their service says."""
        for f in findings:
            yield replace(f, environments=(self.name,))


def target_of(reference: Reference) -> str:
    """Return the key of the service that a reference names."""
    if isinstance(reference, PeersReference):
        return reference.peers
    if isinstance(reference, EndpointReference):
        return reference.endpoint
    return reference.replicas


def check_service(stated: Stated) -> tuple[Checked | None, list[Finding]]:
    """Return the service as its archetype's model, and everything that is wrong with it alone.

    A service with faults that nothing else depends on comes back without them; with others it is None.
    """
    archetype = stated.archetype
    model = MODELS.get(archetype or "")
    if archetype is None or model is None:
        return None, [_no_archetype(stated)]
    try:
        valid = model.model_validate(stated.table)
    except ValidationError as error:
        complaints = describe(error.errors(include_url=False), model, stated.table)
        findings = [_to_finding(stated, complaint, archetype) for complaint in complaints]
        return _without_faults(stated, archetype, complaints), findings
    return Checked(stated, archetype, valid), []


def _without_faults(stated: Stated, archetype: str, complaints: list[Complaint]) -> Checked | None:
    """Return the service without what is wrong with it, so that other checks can go on; None where they would err."""
    table = stated.table
    for complaint in complaints:
        if not complaint.path or (complaint.path[0] in _DECIDING and not complaint.unknown):
            return None
        table = dict(without(table, complaint.path if complaint.unknown else complaint.path[:1]))
    try:
        return Checked(stated, archetype, MODELS[archetype].model_validate(table))
    except ValidationError:
        return None


def _no_archetype(stated: Stated) -> Finding:
    listed = ", ".join(f'"{word}"' for word in sorted(MODELS))
    if stated.archetype is None:
        return stated.finding((), 'needs "archetype"', f"one of {listed}, here or in its preset", part="table")
    layer = next(layer for layer in reversed(stated.layers) if layer.archetype)
    place = Place(layer.source, (*layer.path, "archetype"))
    message = f'{dotted((*layer.path, "archetype"))}: unknown archetype "{stated.archetype}"'
    hint = did_you_mean(stated.archetype, MODELS, f"one of {listed}")
    return Finding(message, place, hint, stated.key, stated.environments)


def _to_finding(stated: Stated, complaint: Complaint, archetype: str) -> Finding:
    hint = complaint.hint
    if complaint.unknown and len(complaint.path) == 1:
        key = str(complaint.path[0])
        others = [name for name, model in MODELS.items() if key in model.model_fields]
        if others:
            hint = f"it belongs to {' and '.join(others)}; this is {archetype}"
        else:
            known = {*MODELS[archetype].model_fields, *CONSUMED}
            hint = did_you_mean(key, known, "`chartgen schema` lists all keys")
    return to_finding(stated, replace(complaint, hint=hint))


def to_finding(stack: Stack, complaint: Complaint) -> Finding:
    """Return a complaint about merged tables as a finding in the file that said it."""
    about = complaint.path[:-1] if complaint.unknown else None
    found = stack.finding(complaint.path, complaint.message, complaint.hint, part=complaint.part, about=about)
    return replace(found, quote_value=complaint.quote_value)
