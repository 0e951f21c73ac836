"""Environment variables: text, or a reference to something that knows better."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag

from chartgen.vocabulary.scalars import Entry, EnvName, Key, ObjectName, PortName, ServiceName, Text


class FieldReference(Entry):
    """A field of the pod, for example `status.podIP`."""

    field: Literal[
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "spec.nodeName",
        "spec.serviceAccountName",
        "status.hostIP",
        "status.podIP",
        "status.podIPs",
    ]
    """Its path."""


class SecretReference(Entry):
    """A key of a Secret that exists in the namespace; its value never passes through here."""

    secret: ObjectName
    """Its name."""
    key: Text
    """Which of its keys."""
    optional: bool = False
    """Start without it when it is not there; `$(NAME)` in other texts then stays as it is."""


class ConfigMapReference(Entry):
    """A key of a ConfigMap that exists in the namespace."""

    configmap: ObjectName
    """Its name."""
    key: Text
    """Which of its keys."""
    optional: bool = False
    """Start without it when it is not there; `$(NAME)` in other texts then stays as it is."""


HostForm = Literal["fqdn", "namespace", "name"]
"""How a host is written: `zk-cs.test-zookeeper.svc.cluster.local`, `zk-cs.test-zookeeper` or `zk-cs` (T046)."""


class PeersReference(Entry):
    """Every replica of a statefulset-infra service, by its stable DNS name; follows the replicas (T078)."""

    peers: Key
    """Key of the service; may be the service itself, then the list is computed where the replicas are known."""
    port: PortName
    format: Text = "{host}:{port}"
    """What stands for each replica; `{host}`, `{port}` and `{index}` are replaced."""
    join: Text = ","
    form: HostForm = "fqdn"


class EndpointReference(Entry):
    """The client address of another service."""

    endpoint: Key
    """Key of the service."""
    service: ServiceName | None = None
    """Which of its Services, a key of `expose`. Default: the one for clients."""
    port: PortName
    format: Text = "{host}:{port}"
    form: HostForm = "fqdn"


class ReplicasReference(Entry):
    """The number of replicas of a service, which may be the service itself."""

    replicas: Key
    """Key of the service."""


_KINDS = {
    "field": FieldReference,
    "secret": SecretReference,
    "configmap": ConfigMapReference,
    "peers": PeersReference,
    "endpoint": EndpointReference,
    "replicas": ReplicasReference,
}


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, dict):
        return next((name for name in _KINDS if name in value), "unknown")
    for name, kind in _KINDS.items():
        if isinstance(value, kind):
            return name
    return "text"


EnvValue = Annotated[
    Annotated[Text, Tag("text")]
    | Annotated[FieldReference, Tag("field")]
    | Annotated[SecretReference, Tag("secret")]
    | Annotated[ConfigMapReference, Tag("configmap")]
    | Annotated[PeersReference, Tag("peers")]
    | Annotated[EndpointReference, Tag("endpoint")]
    | Annotated[ReplicasReference, Tag("replicas")],
    Discriminator(
        _kind,
        custom_error_type="env_value",
        custom_error_message="is neither a text nor a reference (field, secret, configmap, peers, endpoint, replicas)",
    ),
]
"""`$(NAME)` in a text is another variable of the same container; `$$(NAME)` is the text itself."""

Env = dict[EnvName, EnvValue]


class EnvFromSecret(Entry):
    """Every key of a Secret as a variable; what `env` says wins."""

    secret: ObjectName
    """Its name."""
    optional: bool = False
    """Start without it when it is not there."""
    prefix: EnvName | None = None
    """Stands before each key: `DB_` and `user` make `DB_user`."""


class EnvFromConfigMap(Entry):
    """Every key of a ConfigMap as a variable; what `env` says wins."""

    configmap: ObjectName
    """Its name."""
    optional: bool = False
    """Start without it when it is not there."""
    prefix: EnvName | None = None
    """Stands before each key: `DB_` and `user` make `DB_user`."""


def _source_kind(value: Any) -> str:
    if isinstance(value, EnvFromSecret) or (isinstance(value, dict) and "secret" in value):
        return "secret"
    return "configmap"


EnvFrom = dict[
    Key,
    Annotated[
        Annotated[EnvFromSecret, Tag("secret")] | Annotated[EnvFromConfigMap, Tag("configmap")],
        Discriminator(_source_kind),
    ],
]
"""By a free key, so that layers can replace and remove them; applied in key order."""
