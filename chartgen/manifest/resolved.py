"""A release manifest after layering: every service of every environment, checked, with all references resolved.

This is what archetypes, checks and the umbrella work from. Nothing here knows of files or TOML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chartgen.archetypes.service import ServiceModel
from chartgen.vocabulary.env import ConfigMapReference, FieldReference, SecretReference
from chartgen.vocabulary.image import Registry


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
