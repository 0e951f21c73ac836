"""OCI registries: charts pushed and pulled over the distribution API.

    charts (packages, their versions)  ->  RegistryClient (client)  ->  session (proof, errors)  ->  helmkit.http
    streams, referrers: what copying needs besides

Why helm itself does not push: see `charts`.
"""

from helmkit.oci.charts import PushResult, pull_chart, push_chart
from helmkit.oci.client import RegistryClient
from helmkit.oci.credentials import Credentials, load_credentials
from helmkit.oci.errors import (
    AlreadyPublishedError,
    ArtifactNotFoundError,
    DigestMismatchError,
    ImmutableTagError,
    MixedContentError,
    QuotaError,
    RegistryError,
)
from helmkit.oci.manifest import Descriptor, Manifest
from helmkit.oci.package import ChartPackage, build_package
from helmkit.oci.reference import ChartReference, parse_oci_url, tag_for

__all__ = [
    "AlreadyPublishedError",
    "ArtifactNotFoundError",
    "ChartPackage",
    "ChartReference",
    "Credentials",
    "Descriptor",
    "DigestMismatchError",
    "ImmutableTagError",
    "Manifest",
    "MixedContentError",
    "PushResult",
    "QuotaError",
    "RegistryClient",
    "RegistryError",
    "build_package",
    "load_credentials",
    "parse_oci_url",
    "pull_chart",
    "push_chart",
    "tag_for",
]
