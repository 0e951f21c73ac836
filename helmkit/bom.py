"""The bill of materials (`bom.json`): what an umbrella chart contains, and all that relman knows of a platform.

Schema `major.minor`. A newer major is refused, an older one stays readable; unknown fields of a newer minor are
ignored. Durations are whole seconds. Digests carry their algorithm (`sha256:…`).
"""

from __future__ import annotations

import msgspec

from helmkit.errors import HelmkitError
from helmkit.freeze import FreezeWindow

SCHEMA_MAJOR = 1
SCHEMA = f"{SCHEMA_MAJOR}.1"
"""1.1: migrations name the object and all changes."""
FILE_NAME = "bom.json"


class FieldChange(msgspec.Struct, frozen=True):
    """One immutable field that changes, as the texts of `helmkit.immutable.immutable_fields`."""

    field: str
    """`spec.serviceName`."""
    old: str = msgspec.field(name="from")
    new: str = msgspec.field(name="to")


class Migration(msgspec.Struct, frozen=True, omit_defaults=True):
    """An acknowledged change of immutable fields of one object. What it means to do: `helmkit.migrations`."""

    id: str
    """Unique within the service and environment: `1.5.0 StatefulSet/nacos`."""
    kind: str
    """One of `helmkit.migrations.KINDS`."""
    object: str
    """`StatefulSet/nacos`, in the service's namespace."""
    changes: tuple[FieldChange, ...]
    """Sorted by field; never empty."""
    from_version: str
    """The first platform version with the new form."""
    restart: bool = False
    """The pods are adopted as they are, and must be replaced one by one afterwards to notice the change."""
    reversible: bool = True
    """False: people said that going back loses something."""
    reason: str = ""
    """Why it was acknowledged, in people's words."""


class ServiceEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One service in one environment."""

    release: str
    """Name of its Helm release and of its Kubernetes objects."""
    namespace: str
    archetype: str
    chart: str
    """Name of the vendored subchart: the service's key, or `<key>-external` and the like for a variant."""
    version: str
    """The subchart's version: the platform version at which its content last changed."""
    content_digest: str
    """Over the subchart's content without its version (`helmkit.charts.content_digest`)."""
    values_digest: str
    """Over what `environments/<environment>.yaml` gives it, `global` included (`helmkit.charts.values_digest`)."""
    images: tuple[str, ...] = ()
    app_version: str = ""
    """The version of the service itself as people know it: its image's tag."""
    depends_on: tuple[str, ...] = ()
    """Keys of the services that must be ready before this one moves."""
    startup_budget: int = 0
    """Seconds one pod may take to become ready."""
    replicas: int = 0
    node_ports: tuple[int, ...] = ()
    rollback: str = ""
    """A limit people declared on rolling back, as text for the operator; empty when there is none."""
    migrations: tuple[Migration, ...] = ()
    """All that were ever acknowledged for it, in order of versions: an old installation may need several."""


class NamespaceEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One namespace in one environment."""

    labels: dict[str, str] = {}
    """Labels to set on it, Pod Security among them."""
    gate: str = ""
    """What a person must have done before the first service moves here; empty when nothing."""
    annotations: dict[str, str] = {}
    """Annotations to set on it."""


class EnvironmentEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One environment of the platform."""

    services: dict[str, ServiceEntry]
    """By service key."""
    namespaces: dict[str, NamespaceEntry] = {}
    cluster: str = ""
    """UID of the cluster's kube-system namespace, when the environment is bound to one."""
    protected: bool = False
    freeze: tuple[FreezeWindow, ...] = ()
    """When nothing is to be upgraded here, in the order people wrote it."""
    plain_http_registries: tuple[str, ...] = ()
    """Hosts of image registries declared to speak HTTP without TLS, sorted; all others are only ever asked over TLS."""
    pull_secrets: dict[str, str] = {}
    """By host of an image registry: the Secret its images are pulled with, in every namespace that needs them."""


class BillOfMaterials(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one version of a platform contains."""

    schema: str
    platform: str
    version: str
    environments: dict[str, EnvironmentEntry]
    default_environment: str = ""
    repository: str = ""
    """Where the umbrella is published, `oci://host/project`; empty when nowhere."""
    home_namespace: str = ""
    """Namespace of the records that concern the whole platform: the first of its namespaces in sorted order."""


def parse_bom(text: bytes, source: str) -> BillOfMaterials:
    """Read a bill of materials.

    Args:
        text: JSON, UTF-8.
        source: Where it came from, for errors.

    Raises:
        HelmkitError: It is not one, or its schema's major version is newer than this program knows.
    """
    try:
        schema = msgspec.json.decode(text, type=_SchemaOnly).schema
        major = int(schema.partition(".")[0])
    except (msgspec.MsgspecError, ValueError) as error:
        message = f"{source} is not a bill of materials: {error}"
        raise HelmkitError(message, hint="It must be an umbrella chart that `chartgen build` wrote.") from error
    if major > SCHEMA_MAJOR:
        message = f"{source} has schema {schema}; this program reads up to {SCHEMA_MAJOR}.x"
        raise HelmkitError(message, hint="Install a newer relman.")
    try:
        return msgspec.json.decode(text, type=BillOfMaterials)
    except msgspec.MsgspecError as error:
        message = f"{source} is not a valid bill of materials: {error}"
        raise HelmkitError(message, hint="Build the umbrella again with `chartgen build`.") from error


def render_bom(bom: BillOfMaterials) -> bytes:
    """Return `bom` as indented JSON with sorted keys, ending in a newline; equal for equal input."""
    return msgspec.json.format(msgspec.json.encode(bom, order="sorted"), indent=2) + b"\n"


class _SchemaOnly(msgspec.Struct):
    schema: str
