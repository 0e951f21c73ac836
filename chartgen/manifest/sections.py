"""The platform's own words: every section of the release manifest and of a layer except services and presets."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from semver import Version

from chartgen.vocabulary.about import AboutEntry
from chartgen.vocabulary.acceptance import Acceptances
from chartgen.vocabulary.namespace import ContainerLimits, ObjectQuantity, check_annotation_key
from chartgen.vocabulary.scalars import DnsName, Entry, Key, ObjectName, Text
from helmkit import names
from helmkit.freeze import FreezeWindow, check_window

_OCI = re.compile(r"oci://(?P<host>[^/]+)/(?P<path>.+)")
_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LABEL_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")

ENFORCE_LABEL = "pod-security.kubernetes.io/enforce"


def check_version(text: str) -> str:
    """Return `text` if it may be a platform version: SemVer, without a leading v and without build metadata (T084).

    Raises:
        ValueError: It is not; the message says why.
    """
    if not Version.is_valid(text):
        msg = f'{text!r} is not a SemVer version; write it like "1.4.2" or "1.5.0-rc.1", without a leading v'
        raise ValueError(msg)
    if "+" in text:
        msg = f"{text!r} has build metadata; an OCI tag cannot hold the +, so leave out what follows it"
        raise ValueError(msg)
    return text


def _check_repository(text: str) -> str:
    match = _OCI.fullmatch(text)
    if not match:
        msg = f'{text!r} is not a chart repository; write it like "oci://harbor.example.com/charts"'
        raise ValueError(msg)
    if not names.is_registry_host(match["host"]) or not names.is_repository(match["path"]):
        msg = f"{text!r} has no valid host and project after oci://"
        raise ValueError(msg)
    return text


def _check_uid(text: str) -> str:
    if not _UID.fullmatch(text):
        command = "kubectl get namespace kube-system -o jsonpath={.metadata.uid}"
        msg = f"{text!r} is not the UID of a namespace; `{command}` prints it"
        raise ValueError(msg)
    return text


def _check_label_key(text: str) -> str:
    prefix, slash, name = text.rpartition("/")
    if not _LABEL_NAME.fullmatch(name) or (slash and not names.is_dns_name(prefix)):
        msg = f"{text!r} is not a valid label key"
        raise ValueError(msg)
    if text == ENFORCE_LABEL:
        msg = f"{ENFORCE_LABEL} follows from pod_security; say it there"
        raise ValueError(msg)
    return text


def _check_label_value(text: str) -> str:
    if text and not _LABEL_NAME.fullmatch(text):
        msg = f"{text!r} is not a valid label value (63 letters, digits, hyphens, underscores and dots)"
        raise ValueError(msg)
    return text


class PlatformSection(AboutEntry):
    """`[platform]`: what the umbrella chart is called and which version it has."""

    name: Annotated[Key, Field(max_length=53)]
    """Name of the umbrella chart."""
    version: Annotated[str, AfterValidator(check_version)]
    """Version of the umbrella chart: SemVer, `1.4.2` or `1.5.0-rc.1`."""
    description: Text = ""
    default_environment: Key | None = None
    """Which environment commands mean when none is named. Default: the only one."""
    cluster_domain: DnsName = "cluster.local"
    """Domain that ends the full names of Services inside the cluster."""
    accept: Acceptances = {}
    """Findings of `chartgen check` that are meant to be so everywhere: the reason, by rule."""


class ChartsSection(Entry):
    """`[charts]`: where charts are published."""

    repository: Annotated[str, AfterValidator(_check_repository)] | None = None
    """`oci://host/project`. A project of its own: charts and images of one name would overwrite each other (T092)."""
    plain_http: bool = False
    """It speaks HTTP without TLS (T094)."""


class NamespaceSection(Entry):
    """`[namespaces.<name>]`: a namespace that services may name (T001)."""

    before: Text = ""
    """What a person must have done before the first service moves here, shown and asked for by relman."""
    pod_security: Literal["restricted", "baseline", "privileged"] = "baseline"
    """The Pod Security level that the API server enforces (T156). Every archetype's defaults pass `baseline`;
    spring-service's pass `restricted` as well."""
    labels: dict[
        Annotated[str, AfterValidator(_check_label_key)], Annotated[str, AfterValidator(_check_label_value)]
    ] = {}
    """Labels to set on the namespace."""
    annotations: dict[Annotated[str, AfterValidator(check_annotation_key)], Text] = {}
    """Annotations to set on the namespace."""
    pull_secrets: list[ObjectName] = []
    """Secrets that all pods here pull images with, besides their registry's own (S75)."""
    quota: dict[Text, ObjectQuantity] = {}
    """A ResourceQuota: what all pods here may ask for together, by Kubernetes' words: `"requests.memory" = "8Gi"`."""
    limits: ContainerLimits | None = None
    """A LimitRange: what containers get that say nothing, and how much one may ask for."""
    network: Literal["open", "deny", "deny-in", "namespace"] = "open"
    """NetworkPolicies for all pods here. `deny`: nothing goes in or out but questions to DNS; `deny-in`:
    nothing goes in; `namespace`: among each other, and to DNS. What another policy allows is allowed all the same."""


class FreezeSection(Entry):
    """One freeze: from and to, or days with hours."""

    reason: Annotated[Text, Field(min_length=1)]
    """Why; relman says it to whom it refuses."""
    from_: Annotated[str, Field(alias="from")] = ""
    """A time with its offset, `2026-12-18T18:00:00+01:00`."""
    to: str = ""
    """The first moment after it."""
    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = []
    """It comes back every week and begins on these days."""
    hours: str = ""
    """`16:00-24:00`, or over midnight `22:00-06:00`. Default: the whole day."""
    time_zone: str = "UTC"
    """Whose clock the days and hours are of: an IANA name such as `Europe/Berlin`."""

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        check_window(self.window)
        return self

    @property
    def window(self) -> FreezeWindow:
        """The same as relman reads it."""
        return FreezeWindow(self.reason, self.from_, self.to, tuple(self.days), self.hours, self.time_zone)


class EnvironmentSection(Entry):
    """`[environment]` of a layer."""

    cluster: Annotated[str, AfterValidator(_check_uid)] | None = None
    """UID of the cluster's kube-system namespace; relman then refuses any other cluster."""
    protected: bool = False
    """relman asks before it changes anything here."""
    accept: Acceptances = {}
    """Findings of `chartgen check` that are meant to be so in this environment: the reason, by rule."""
    freeze: list[FreezeSection] = []
    """When relman upgrades nothing here, unless it is told a reason. Rolling back is always possible."""
