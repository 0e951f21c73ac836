"""OCI registries: charts pushed and pulled over the distribution API.

    push_chart, pull_chart (charts)  ->  RegistryClient (client)  ->  session (proof, errors)  ->  http (httpx2)

httpx2 takes a sixth of a second to import, so the first `RegistryClient` does it. Why helm itself does not push: see
`charts`.
"""

from helmkit.oci.charts import PushResult, pull_chart, push_chart
from helmkit.oci.client import RegistryClient
from helmkit.oci.credentials import Credentials, load_credentials
from helmkit.oci.errors import AlreadyPublishedError, ArtifactNotFoundError, DigestMismatchError, RegistryError
from helmkit.oci.manifest import Descriptor, Manifest
from helmkit.oci.reference import ChartReference, parse_oci_url, tag_for

__all__ = [
    "AlreadyPublishedError",
    "ArtifactNotFoundError",
    "ChartReference",
    "Credentials",
    "Descriptor",
    "DigestMismatchError",
    "Manifest",
    "PushResult",
    "RegistryClient",
    "RegistryError",
    "load_credentials",
    "parse_oci_url",
    "pull_chart",
    "push_chart",
    "tag_for",
]
