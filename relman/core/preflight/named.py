"""What rendered objects refer to by name: Secrets, ConfigMaps, service accounts, classes (core, pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from relman.core.preflight.facts import Moved, Object
from relman.core.preflight.pods import PodMaker, name_of, namespace_of, pod_makers

SECRET = "Secret"  # noqa: S105 - a kind, no secret
CONFIG_MAP = "ConfigMap"
SERVICE_ACCOUNT = "ServiceAccount"
STORAGE_CLASS = "StorageClass"
INGRESS_CLASS = "IngressClass"
_OWN_GROUPS = ("v1", "apps/v1", "batch/v1", "autoscaling/v2", "policy/v1")


@dataclass(frozen=True)
class Reference:
    """One object that another one needs."""

    kind: str
    namespace: str
    """Empty for cluster-wide kinds."""
    name: str
    service: str
    user: str
    """`Kind/name` of the object that needs it."""
    what: str
    """What for: `env DB_PASSWORD`, `volume tls`, `pull secret`."""
    key: str = ""
    """The key needed in its data; empty when any will do."""
    soft: bool = False
    """The pods start without it."""

    @property
    def target(self) -> tuple[str, str, str]:
        """Kind, namespace and name."""
        return (self.kind, self.namespace, self.name)


def references_of(moved: Iterable[Moved]) -> Iterator[Reference]:
    """Yield every reference that is not declared optional."""
    every = tuple(moved)
    for maker in pod_makers(every):
        yield from _of_pods(maker)
    for one in every:
        for item in one.objects:
            yield from _of_claims(one, item)
            yield from _of_ingress(one, item)


def provided(moved: Iterable[Moved]) -> dict[tuple[str, str, str], frozenset[str] | None]:
    """Return what the run itself brings: data keys by kind, namespace and name; None when keys cannot be told.

    Controllers of other API groups (cert-manager, External Secrets, Sealed Secrets) make Secrets named in their
    objects; those count as brought.
    """
    found: dict[tuple[str, str, str], frozenset[str] | None] = {}
    for one in moved:
        for item in one.objects:
            kind, where, name = str(item.get("kind")), namespace_of(item) or one.namespace, name_of(item)
            if kind in (STORAGE_CLASS, INGRESS_CLASS):
                found[kind, "", name] = None
            elif kind in (SECRET, CONFIG_MAP):
                keys = (item.get(part) or {} for part in ("data", "stringData", "binaryData"))
                found[kind, where, name] = frozenset(key for part in keys for key in part)
            elif str(item.get("apiVersion")) not in _OWN_GROUPS:
                found.update(dict.fromkeys(((SECRET, where, made) for made in _made_secrets(item)), None))
            if kind == SERVICE_ACCOUNT:
                found[kind, where, name] = None
    return found


def _made_secrets(item: Object) -> Iterator[str]:
    spec = item.get("spec")
    if not str(item.get("apiVersion", "")).partition("/")[0].endswith(".k8s.io"):
        yield name_of(item)
    if isinstance(spec, Mapping):
        target = spec.get("target")
        names = (spec.get("secretName"), target.get("name") if isinstance(target, Mapping) else None)
        yield from (str(name) for name in names if name)


def _of_pods(maker: PodMaker) -> Iterator[Reference]:
    user = f"{maker.kind}/{maker.name}"

    def make(kind: str, name: Any, what: str, key: str = "", *, soft: bool = False) -> Reference:
        return Reference(kind, maker.namespace, str(name), maker.service, user, what, key, soft)

    if maker.account != "default":
        yield make(SERVICE_ACCOUNT, maker.account, "service account")
    for name in maker.pull_secrets:
        yield make(SECRET, name, "pull secret", soft=True)
    for container in maker.containers:
        for kind, source, what, key in _of_container(container):
            if source.get("name") and not source.get("optional"):
                yield make(kind, source["name"], what, key)
    for volume in maker.spec.get("volumes") or ():
        what = f"volume {volume.get('name', '')}"
        for kind, name, keys in _of_volume(volume):
            for key in keys or ("",):
                yield make(kind, name, what, key)


def _of_container(container: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], str, str]]:
    for entry in container.get("env") or ():
        source = entry.get("valueFrom") or {}
        for kind, field in ((SECRET, "secretKeyRef"), (CONFIG_MAP, "configMapKeyRef")):
            if source.get(field):
                yield kind, source[field], f"env {entry.get('name', '')}", str(source[field].get("key", ""))
    for entry in container.get("envFrom") or ():
        for kind, field in ((SECRET, "secretRef"), (CONFIG_MAP, "configMapRef")):
            if entry.get(field):
                yield kind, entry[field], "its environment", ""


def _of_volume(volume: Mapping[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    sources = [(SECRET, volume.get("secret"), "secretName"), (CONFIG_MAP, volume.get("configMap"), "name")]
    for part in (volume.get("projected") or {}).get("sources") or ():
        sources += [(SECRET, part.get("secret"), "name"), (CONFIG_MAP, part.get("configMap"), "name")]
    for kind, source, field in sources:
        if source and source.get(field) and not source.get("optional"):
            keys = tuple(str(item.get("key", "")) for item in source.get("items") or ())
            yield kind, str(source[field]), keys


def _of_claims(one: Moved, item: Object) -> Iterator[Reference]:
    claims = [item] if item.get("kind") == "PersistentVolumeClaim" else []
    if item.get("kind") == "StatefulSet":
        claims = (item.get("spec") or {}).get("volumeClaimTemplates") or []
    for claim in claims:
        spec = claim.get("spec") or {}
        # An empty name asks for a volume without a class; none at all for the default class.
        if spec.get("storageClassName") == "" or spec.get("volumeName"):
            continue
        user = f"{item.get('kind')}/{name_of(item)}"
        name = str(spec.get("storageClassName") or "")
        yield Reference(STORAGE_CLASS, "", name, one.service, user, f"claim {name_of(claim)}")


def _of_ingress(one: Moved, item: Object) -> Iterator[Reference]:
    if item.get("kind") != "Ingress":
        return
    spec, user = item.get("spec") or {}, f"Ingress/{name_of(item)}"
    if spec.get("ingressClassName"):
        yield Reference(INGRESS_CLASS, "", str(spec["ingressClassName"]), one.service, user, "its class")
    for entry in spec.get("tls") or ():
        if entry.get("secretName"):
            where = namespace_of(item) or one.namespace
            yield Reference(SECRET, where, str(entry["secretName"]), one.service, user, "TLS", soft=True)
