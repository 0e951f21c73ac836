"""A release manifest after layering: every service of every environment, checked, with all references resolved.

This is what archetypes, checks and the umbrella work from. Nothing here knows of files or TOML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from chartgen.archetypes.service import ServiceModel
from chartgen.manifest.config_content import ConfigContent
from chartgen.vocabulary.about import About
from chartgen.vocabulary.chart_tests import TestsSection
from chartgen.vocabulary.env import ConfigMapReference, FieldReference, SecretReference
from chartgen.vocabulary.image import Registry
from chartgen.vocabulary.network import NetworkSection
from helmkit.freeze import FreezeWindow


@dataclass(frozen=True)
class OwnPeers:
    """The service's own replicas as a list; computed in the chart, where `replicaCount` is known."""

    port: int
    format: str
    join: str
    host_form: str
    """`fqdn`, `namespace` or `name`."""


@dataclass(frozen=True)
class OwnReplicas:
    """The service's own number of replicas; computed in the chart."""


ResolvedEnvValue = str | FieldReference | SecretReference | ConfigMapReference | OwnPeers | OwnReplicas
"""Peers, endpoints and replicas of other services have become text."""


@dataclass(frozen=True)
class ResolvedService:
    """One service in one environment."""

    key: str
    archetype: str
    """`spring-service`, `statefulset-infra` or `external-endpoint`."""
    model: ServiceModel
    """What it states, defaults filled in: an instance of the archetype's model."""
    env: Mapping[str, ResolvedEnvValue]
    """In the order they must stand in the pod: references first, then text in order of use."""
    init_env: Mapping[str, Mapping[str, ResolvedEnvValue]]
    """The same for each init container."""
    depends_on: tuple[str, ...]
    """Keys, sorted: stated ones and those that references name, without itself."""
    sidecar_env: Mapping[str, Mapping[str, ResolvedEnvValue]] = field(default_factory=dict)
    """As `init_env`, for each sidecar."""
    collector: str = ""
    """Where the tracing agent sends to."""
    config: Mapping[str, ConfigContent] = field(default_factory=dict)
    """Configuration files by the keys of `config`."""

    @property
    def name(self) -> str:
        """Return the name of its objects and of its release."""
        return self.model.name

    @property
    def namespace(self) -> str:
        """Return its namespace."""
        return self.model.namespace


@dataclass(frozen=True)
class ResolvedNamespace:
    """One namespace in one environment."""

    name: str
    pod_security: str
    """Level that Pod Security enforces: `restricted`, `baseline` or `privileged`."""
    labels: Mapping[str, str]
    """All labels to set, Pod Security's included."""
    gate: str = ""
    """What a person must have done first (`before`)."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    """All annotations to set."""
    pull_secrets: tuple[str, ...] = ()
    """Secrets that all pods there pull images with."""
    network: str = "open"
    """What its NetworkPolicy for all pods does: `open` (there is none), `deny`, `deny-in` or `namespace`."""


@dataclass(frozen=True)
class ResolvedEnvironment:
    """One environment: the base with one layer applied."""

    name: str
    cluster: str
    protected: bool
    namespaces: Mapping[str, ResolvedNamespace]
    registries: Mapping[str, Registry]
    services: Mapping[str, ResolvedService]
    """By key, in dependency order (a service after those it depends on), ties in key order."""
    repository: str = ""
    """Where this environment's charts are published: `[charts]` with the layer's overrides; empty when nowhere."""
    plain_http: bool = False
    """That repository speaks HTTP without TLS."""
    accept: Mapping[str, str] = field(default_factory=dict)
    """Why findings of `chartgen check` are meant to be so in this environment, by rule."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Attached files by name, the same in every environment."""
    rendered_images: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of charts of third parties, by service key: what helm renders with their values here."""
    freeze: tuple[FreezeWindow, ...] = ()
    """When nothing is to be upgraded there."""
    network: NetworkSection | None = None
    tests: TestsSection | None = None

    @cached_property
    def dependents(self) -> Mapping[str, tuple[str, ...]]:
        """Return for each key the keys of the services that depend on it, sorted."""
        found: dict[str, list[str]] = {}
        for key, service in sorted(self.services.items()):
            for target in service.depends_on:
                found.setdefault(target, []).append(key)
        return {key: tuple(keys) for key, keys in found.items()}

    @cached_property
    def canaries(self) -> Mapping[str, tuple[str, ...]]:
        """Return for each key the names of its ports that get a part of another service's requests."""
        found: dict[str, set[str]] = {}
        for service in self.services.values():
            for part in ("ingress", "routes"):
                for entry in getattr(service.model, part, {}).values():
                    if entry.canary:
                        found.setdefault(entry.canary.service, set()).add(entry.canary.port or entry.port)
        return {key: tuple(sorted(ports)) for key, ports in found.items()}


@dataclass(frozen=True)
class ResolvedPlatform:
    """Everything `chartgen build` needs."""

    name: str
    version: str
    description: str
    cluster_domain: str
    repository: str
    """`oci://host/project` from `[charts]`, or empty."""
    plain_http: bool
    """The chart repository speaks HTTP without TLS."""
    default_environment: str
    environments: Mapping[str, ResolvedEnvironment]
    """By name, sorted; never empty."""
    source_digest: str
    """sha256 over the release manifest's files, for the record."""
    accept: Mapping[str, str] = field(default_factory=dict)
    """Why findings of `chartgen check` are meant to be so everywhere, by rule."""
    about: About = field(default_factory=About)
    """What every chart says of itself."""
